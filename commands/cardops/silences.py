"""`/cardops silence` and `/cardops silences`: what is typed, and the lists that come back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from approvals.written_ids import normalize_id
from commands.reading.arguments import TypedWords, guess, misread
from commands.slash_command import Reply
from notifier.routing.digest_lines import NoticeLine
from notifier.routing.routed_kinds import ALARMING
from notifier.routing.silence_matcher import LONGEST, NAMES, SILENCEABLE, Matcher
from storage.durations import NotADuration, parse_duration

LONGEST_REASON = 300
# Phones and Slack itself make typographic quotes of plain ones.
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})
_CONDITION = re.compile(r'([A-Za-z]+)=("[^"]*"|\S*)\s*')


@dataclass(frozen=True, kw_only=True)
class TypedSilence:
    """What somebody wants to be silenced, for how long, and why."""

    matcher: Matcher
    lasts: timedelta
    reason: str


def read_silence(typed: TypedWords) -> TypedSilence:
    """Return what was typed behind `/cardops silence`; raises Misread."""
    words = typed.words
    if not words:
        example = "`/cardops silence merchant=BOLT for 2h tested by the vendor`"
        raise misread(
            f"What shall be silenced? For example {example}; names: {', '.join(NAMES)}.", form=typed.form
        )
    matcher, rest = _read_matcher(" ".join(words).translate(_QUOTES), form=typed.form)
    duration, _, reason = rest.partition(" ")
    try:
        lasts = parse_duration(duration)
    except NotADuration as error:
        raise misread(f"“{duration[:20]}” is no duration such as 30m, 4h or 2d.", form=typed.form) from error
    if lasts > LONGEST:
        raise misread("A silence lasts a week at the most.", form=typed.form)
    if not reason.strip():
        raise misread("Add a reason at the end.", form=typed.form)
    return TypedSilence(matcher=matcher, lasts=lasts, reason=reason.strip()[:LONGEST_REASON])


def _read_matcher(text: str, *, form: str) -> tuple[Matcher, str]:
    """Return the matcher, and the text after the word "for"."""
    given = {}
    while found := _CONDITION.match(text):
        given[found[1].lower()] = found[2].strip('" ')
        text = text[found.end() :]
    word, _, rest = text.partition(" ")
    if word and word != "for":
        raise misread(f"“{word[:40]}” isn’t a filter. Filters are written name=value.", form=form)
    if not given or not all(given.values()):
        raise misread("A silence needs at least one filter with a value.", form=form)
    if not rest:
        raise misread("For how long?", form=form)
    for name in given:
        if name not in NAMES:
            known = f"There are: {', '.join(NAMES)}."
            raise misread(f"Unknown filter “{name[:20]}”.", form=form, guess=guess(name, NAMES) or known)
    kind = given.get("kind")
    # Money at risk and security can never be silenced (ADR 10).
    if kind is not None and kind not in SILENCEABLE:
        says = f"“{kind[:30]}” can’t be silenced. These can: {', '.join(SILENCEABLE)}."
        raise misread(says, form=form, guess=guess(kind, SILENCEABLE))
    status = given.get("status", "").casefold()
    if status in ALARMING:
        raise misread(f"“{status}” can’t be silenced: money is at risk.", form=form)
    # The spelling that events have (A11): a silence for another one would hold nothing back.
    for name in {"card", "cardholder"} & given.keys():
        given[name] = normalize_id(given[name])
    return Matcher(**given), rest


@dataclass(frozen=True, kw_only=True)
class SilenceRow:
    """A silence that is on, and how many notices it holds back."""

    id: str
    matcher: str
    owner: str
    reason: str
    until: datetime
    held: int


@dataclass(frozen=True, kw_only=True)
class SilencesReply(Reply, template="silences"):
    """The silences that are on."""

    rows: Sequence[SilenceRow]


@dataclass(frozen=True, kw_only=True)
class SilenceHeldReply(Reply, template="silence_held"):
    """The newest of the notices that a silence holds back; `held` counts all."""

    matcher: str
    rows: Sequence[NoticeLine]
    held: int
