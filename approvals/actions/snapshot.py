"""What an approver needs to know about a card or cardholder, as it was at one moment."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from paytend.models.codes import CardStatus
from paytend.money_text import MoneyText


# Stored with every request: a new field needs a default, or older requests cannot be read.
class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EarlierTopUp(_Fact):
    """One of the last top-ups; `at` as Paytend wrote it, or as text for people."""

    at: str
    money: MoneyText
    status: str = ""


class SnapshotLine(_Fact):
    """One more fact for approvers, without personal data beyond names."""

    label: str
    text: str


class SecondCard(_Fact):
    """The second card of a replacement: the new one."""

    card_id: str
    status: str
    last_four: str = ""
    holder_id: str = ""
    holder_name: str = ""

    @property
    def status_text(self) -> str:
        """The words for the status."""
        return CardStatus(self.status).text


class Snapshot(_Fact):
    """What a request is about: card, cardholder, balances, and further facts.

    What is not known is empty or None. `subject` is that of the payload, by default the card.
    """

    subject: str
    card_id: str = ""
    status: str = ""
    last_four: str = ""
    holder_id: str = ""
    holder_name: str = ""
    kyc: str = ""
    balance: MoneyText | None = None
    partner_balance: MoneyText | None = None
    earlier: tuple[EarlierTopUp, ...] = ()
    second: SecondCard | None = None
    lines: tuple[SnapshotLine, ...] = ()

    @property
    def names_somebody(self) -> bool:
        """Whether a cardholder's name is in it, so that showing it is a read of personal data."""
        return bool(self.holder_name or (self.second is not None and self.second.holder_name) or self.lines)

    @model_validator(mode="before")
    @classmethod
    def _about_the_card(cls, fields: Any) -> Any:
        if isinstance(fields, dict) and "subject" not in fields:
            return {**fields, "subject": fields.get("card_id", "")}
        return fields

    @property
    def status_text(self) -> str:
        """The words for the status."""
        return CardStatus(self.status).text


def name_card(card: Snapshot | SecondCard, *, or_id: str = "") -> str:
    """Return whose card and which, as every text writes it: "Rūta Kazlauskaitė •••• 5097"."""
    number = f"•••• {card.last_four}" if card.last_four else f"card {card.card_id or or_id}"
    if not card.holder_name:
        return f"card {number}" if card.last_four else number
    return f"{card.holder_name} {number}" if card.last_four else f"{card.holder_name}, {number}"
