"""What an approver needs to know of a card, as it was when somebody looked."""

from pydantic import BaseModel, ConfigDict

from notifier.money_text import MoneyText
from paytend.codes import CardStatus


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EarlierTopUp(_Fact):
    """One of the last top-ups; `at` as Paytend wrote it, or as text for people."""

    at: str
    money: MoneyText
    status: str = ""


class CardSnapshot(_Fact):
    """A card, its cardholder and the balances. What is not known is empty or None."""

    card_id: str
    status: str
    last_four: str = ""
    holder_id: str = ""
    holder_name: str = ""
    kyc: str = ""
    balance: MoneyText | None = None
    partner_balance: MoneyText | None = None
    earlier: tuple[EarlierTopUp, ...] = ()

    @property
    def status_text(self) -> str:
        """The words for the status."""
        return CardStatus(self.status).text
