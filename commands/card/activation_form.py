"""The form behind *Activate* on the notice of a card order: its inputs, and what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass

from approvals.free_text import LONGEST_REASON
from commands.reading.arguments import Misread, read_input_id
from commands.slash_command import ButtonValue, View


@dataclass(frozen=True, kw_only=True)
class CardActivateView(View, template="card_activate.view"):
    """The form in which an activation is asked for."""

    metadata: ButtonValue
    card: str
    card_text: str
    holder: str
    reason: str


def read_activate_fields(fields: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the payload of `card.activate`, and what is wrong under the inputs of the form."""
    wrong: dict[str, str] = {}
    payload = {"reason": fields.get("reason", "").strip()}
    for name, key in (("card", "card_id"), ("holder", "holder_id")):
        try:
            payload[key] = read_input_id(fields, name, of="card" if name == "card" else "cardholder")
        except Misread as error:
            wrong[name] = str(error).strip()
    if len(payload["reason"]) > LONGEST_REASON:
        wrong["reason"] = f"At most {LONGEST_REASON} characters."
    return payload, wrong


def activate_form(fields: Mapping[str, str], *, channel: str, card_text: str = "") -> CardActivateView:
    """Return the form with what is known or was typed."""
    return CardActivateView(
        metadata={"channel": channel},
        card=fields.get("card", ""),
        card_text=card_text,
        holder=fields.get("holder", ""),
        reason=fields.get("reason", ""),
    )
