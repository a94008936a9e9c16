"""Cards, what orders of cards led to, and top-ups."""

from typing import Annotated, Any

from pydantic import field_validator, model_validator

from paytend.models.answer import Answer
from paytend.models.balances import AnswerWithBalances
from paytend.models.codes import ApplyStatus, CardScheme, CardStatus, CardType, TopUpStatus
from paytend.models.fields import FORGIVING, CardNumber, Id, Number, Text, find_rows, named, read_money, with_raw
from paytend.money import Money


class CardInfo(AnswerWithBalances):
    """A card; its number only ever as first six and last four."""

    card_id: Id = named("cardId", "cardToken")
    card_number: CardNumber = named("cardNo", "cardPan", "maskedCardNo")
    status: Annotated[CardStatus | None, FORGIVING] = named("cardStatus", "status")
    type: Annotated[CardType | None, FORGIVING] = named("cardType")
    scheme: Annotated[CardScheme | None, FORGIVING] = named("cardScheme", "cardChannel")
    holder_id: Id = named("holderId")
    holder_name: Text = named("holderName", "cardHolderName")
    expires: Text = named("expiredDate", "expiryDate", "validThru")
    activated: Text = named("activeTime", "activeDate")

    @property
    def last_four(self) -> str | None:
        """The last four digits of the card number."""
        return self.card_number[-4:] if self.card_number else None


class TopUp(Answer):
    """A top-up, as answered at once and when asked for later."""

    status: Annotated[TopUpStatus | None, FORGIVING] = named("topupStatus", "topUpStatus", "status")
    message: Text = named("errMsg", "errorMsg")
    card_id: Id = named("cardId", "cardToken")
    card_number: CardNumber = named("cardNo")
    reference: Id = named("orderNo")
    trade_id: Id = named("tradeId", "transactionId")
    currency: Text = named("currency")
    amount: Money | None = named("amount")
    fee: Money | None = named("fee")

    _money = field_validator("amount", "fee", mode="before")(read_money)


class OrderedCard(Answer):
    """One card of an order."""

    card_id: Id = named("cardId", "cardToken")
    card_number: CardNumber = named("cardNo", "cardPan")
    holder_id: Id = named("holderId")


class CardOrder(Answer):
    """What became of a card order; content of webhook 3 as well."""

    reference: Id = named("orderNo")
    status: Annotated[ApplyStatus | None, FORGIVING] = named("applyStatus", "orderStatus", "status")
    message: Text = named("errMsg", "errorMsg")
    quantity: Number = named("quantity", "orderCount")
    holder_id: Id = named("holderId")
    cards: tuple[OrderedCard, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _find_cards(cls, fields: Any) -> Any:
        # The predecessor answers with one card and no list; how several cards are answered is unknown (a.2).
        rows = find_rows(fields, "cardList", "cards", "list")
        if not rows and (fields.get("cardId") or fields.get("cardNo") or fields.get("card_token")):
            rows = [fields]
        return {**fields, "cards": [with_raw(row) for row in rows]}
