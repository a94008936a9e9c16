"""`/cardops stop` and `/cardops resume`: what is typed, and what stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from approvals.free_text import LONGEST_REASON, SHORTEST_REASON
from approvals.stops.evidence import StandingStop
from approvals.stops.scope import EVERYTHING, StopKind, StopScope
from approvals.written_ids import normalize_id
from commands.reading.arguments import TypedWords, join_sign, misread, read_card_id
from commands.slash_command import Reply

# In an emergency nobody looks up how it is written.
_KINDS: dict[str, StopKind] = {
    "all": StopKind.ALL,
    "everything": StopKind.ALL,
    "top-ups": StopKind.TOP_UPS,
    "top-up": StopKind.TOP_UPS,
    "topups": StopKind.TOP_UPS,
    "topup": StopKind.TOP_UPS,
    "card": StopKind.CARD,
    "cards": StopKind.CARD,
}
_TOP, _UPS = "top", frozenset({"up", "ups"})
_MARKS = ":,;."


@dataclass(frozen=True, kw_only=True)
class TypedStop:
    """What somebody wants to be stopped, and why."""

    scope: StopScope
    reason: str


@dataclass(frozen=True, kw_only=True)
class TypedResume:
    """What somebody wants to go on; without a scope, what is stopped."""

    scope: StopScope | None
    reason: str


def read_stop(typed: TypedWords) -> TypedStop:
    """Return what was typed behind `/cardops stop`; without a scope it is everything. Raises Misread."""
    scope, reason = _read_scope(typed)
    if len(reason) < SHORTEST_REASON:
        raise misread("Why? Everybody whose requests wait will ask.", form=typed.form)
    if len(reason) > LONGEST_REASON:
        raise misread(f"A reason has at most {LONGEST_REASON} characters.", form=typed.form)
    return TypedStop(scope=scope or EVERYTHING, reason=reason)


def read_resume(typed: TypedWords) -> TypedResume:
    """Return what was typed behind `/cardops resume`; raises Misread."""
    scope, reason = _read_scope(typed)
    words = join_sign(typed.words)
    # As a reason it would resume everything that is stopped.
    if scope is None and words and (card_id := normalize_id(words[0])).isdecimal():
        raise misread("Which?", form=typed.form, guess=f"For this card, write card {card_id[:40]}.")
    if len(reason) > LONGEST_REASON:
        raise misread(f"A reason has at most {LONGEST_REASON} characters.", form=typed.form)
    return TypedResume(scope=scope, reason=reason)


def _read_scope(typed: TypedWords) -> tuple[StopScope | None, str]:
    """Return the scope, None where none is named, and the words after it."""
    words = list(typed.words)
    plain = [word.lower().strip(_MARKS) for word in words[:2]]
    if plain[:1] == [_TOP] and _UPS.intersection(plain[1:]):
        words[:2], plain = ["top-ups"], ["top-ups"]
    kind = _KINDS.get(plain[0]) if plain else None
    match kind:
        case None:
            return None, " ".join(words)
        case StopKind.CARD:
            card_id, rest = read_card_id(words[1:], form=typed.form)
            return StopScope(kind=kind, card_id=card_id), " ".join(rest)
        case _:
            return StopScope(kind=kind), " ".join(words[1:])


@dataclass(frozen=True, kw_only=True)
class StopRow:
    """Something that is stopped; `by` is empty where the bot stopped by itself, `typed` is what resumes it."""

    what: str
    by: str
    reason: str
    since: datetime
    typed: str
    button_value: Mapping[str, str]


def show_stop(stop: StandingStop) -> StopRow:
    """Return a stop as it is shown to one person."""
    return StopRow(
        what=stop.scope.words,
        by=stop.account if stop.by_person else "",
        reason=stop.reason,
        since=stop.stopped_at,
        typed=stop.scope.typed,
        button_value={"stop": stop.id},
    )


@dataclass(frozen=True, kw_only=True)
class StopsReply(Reply, template="stops"):
    """What was done, what is stopped now, and what to do next; the buttons resume."""

    headline: str
    next: str
    rows: Sequence[StopRow]
