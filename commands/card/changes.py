"""What is asked for about a card, with a second person's approval: words in, payloads out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from approvals.actions.payloads import IDENTIFIED
from approvals.actions.snapshot import SecondCard, Snapshot
from approvals.free_text import LONGEST_REASON
from commands.lists.pages import NamedValue
from commands.reading.arguments import Misread, TypedWords, misread, read_card_id, read_input_id
from commands.slash_command import ButtonValue, Choice, Reply, View, list_choices


@dataclass(frozen=True, kw_only=True)
class CardPasswordView(View, template="card_password.view"):
    """The form in which a password is asked for."""

    metadata: ButtonValue
    card: str
    card_text: str
    reason: str
    ways: Sequence[Choice]
    identified: str
    identified_text: str


@dataclass(frozen=True, kw_only=True)
class ReplacedCard:
    """One of the two cards of a replacement."""

    card_id: str
    last_four: str
    status: str
    holder: str


@dataclass(frozen=True, kw_only=True)
class CardReplaceQuestion(Reply, template="card_replace_confirm"):
    """Whether to ask for a replacement."""

    old: ReplacedCard
    new: ReplacedCard | None
    lines: Sequence[NamedValue]
    button_value: ButtonValue


def read_found(typed: TypedWords) -> dict[str, str]:
    """Return the payload of `card.found`; raises Misread."""
    card_id, rest = read_card_id(typed.words, form=typed.form)
    return {"card_id": card_id, "reason": _reason(rest, form=typed.form)}


def read_activate(typed: TypedWords) -> dict[str, str]:
    """Return the payload of `card.activate`; raises Misread."""
    card_id, rest = read_card_id(typed.words, form=typed.form)
    if not rest:
        raise misread("For which cardholder?", form=typed.form)
    holder_id, rest = read_card_id(rest, form=typed.form, of="cardholder")
    return {"card_id": card_id, "holder_id": holder_id, "reason": _reason(rest, form=typed.form)}


def read_replace(typed: TypedWords) -> dict[str, str]:
    """Return the payload of `card.replace`; raises Misread."""
    old, rest = read_card_id(typed.words, form=typed.form)
    if not rest:
        raise misread("Replaced by which card?", form=typed.form)
    new, rest = read_card_id(rest, form=typed.form)
    if old == new:
        raise misread("A card cannot replace itself.", form=typed.form)
    return {"card_id": old, "new_card_id": new, "reason": _reason(rest, form=typed.form)}


def read_password(typed: TypedWords) -> dict[str, str]:
    """Return the card of `/card password` as an input of its modal, if one is named; raises Misread."""
    if not typed.words:
        return {}
    card_id, rest = read_card_id(typed.words, form=typed.form)
    if rest:
        raise misread("Nothing else belongs behind the card: the form asks for it.", form=typed.form)
    return {"card": card_id}


def read_password_fields(fields: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the payload of the modal, and what is wrong under its inputs."""
    wrong: dict[str, str] = {}
    card_id = ""
    try:
        card_id = read_input_id(fields, "card")
    except Misread as error:
        wrong["card"] = str(error).strip()
    identified = fields.get("identified", "")
    if identified not in IDENTIFIED:
        wrong["identified"] = "Choose how you know that it is the cardholder who asks."
    reason = fields.get("reason", "").strip()
    if len(reason) > LONGEST_REASON:
        wrong["reason"] = f"At most {LONGEST_REASON} characters."
    return {"card_id": card_id, "identified": identified, "reason": reason}, wrong


def password_form(fields: Mapping[str, str], *, channel: str, card_text: str = "") -> CardPasswordView:
    """Return the form with what is known or was typed."""
    identified = fields.get("identified", "")
    return CardPasswordView(
        metadata={"channel": channel},
        card=fields.get("card", ""),
        card_text=card_text,
        reason=fields.get("reason", ""),
        ways=list_choices(IDENTIFIED),
        identified=identified,
        identified_text=IDENTIFIED.get(identified, ""),
    )


def show_replacement(button_value: ButtonValue, seen: Snapshot) -> CardReplaceQuestion:
    """Return both cards with their holders, and the question whether to ask for it."""
    second = seen.second
    return CardReplaceQuestion(
        old=_replaced(seen),
        new=_replaced(second) if second else None,
        lines=[NamedValue(name=line.label, value=line.text) for line in seen.lines],
        button_value=button_value,
    )


def _replaced(card: Snapshot | SecondCard) -> ReplacedCard:
    return ReplacedCard(
        card_id=card.card_id,
        last_four=card.last_four,
        status=card.status_text,
        holder=card.holder_name or card.holder_id or "none yet",
    )


def _reason(words: Sequence[str], *, form: str) -> str:
    reason = " ".join(words).strip()
    if len(reason) > LONGEST_REASON:
        raise misread(f"A reason has at most {LONGEST_REASON} characters.", form=form)
    return reason
