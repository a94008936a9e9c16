"""Movements on a card or on the partner account."""

from typing import Annotated

from pydantic import ValidationInfo, field_validator

from paytend.models.answer import Answer
from paytend.models.codes import TransactionSource, TransactionStatus, TransactionType
from paytend.models.fields import (
    FORGIVING,
    CardNumber,
    Id,
    JoiningId,
    JoiningText,
    Text,
    named,
    read_money,
    read_text,
)
from paytend.models.lists import AnswerWithRows
from paytend.money import PRECISION, Money, NotMoney, read_amount, read_decimal

# Types of a.4. An adjustment (200) goes either way and an inquiry (300) moves nothing, so neither has a sign.
_IN = frozenset({"100", "120"})
_OUT = frozenset({"110", "121", "150", "151", "500"})
_MOST_SHOWN = 40  # characters of what cannot be read
_BACK = frozenset({"2", "10"})  # a reversal and a refund go the other way


class TransactionKey(Answer):
    """What a transaction is known by."""

    trade_id: JoiningId = named("tradeId", "transactionId", "authId", "relatedTransactionId")
    status: Annotated[TransactionStatus | None, FORGIVING] = named(
        "tradeStatus", "transactionStatus", "authStatus"
    )
    source: Annotated[TransactionSource | None, FORGIVING] = named("tradeSrc", "transactionSrc", "dataType")


class TransactionNames(Answer):
    """The ids by which a transaction and its purchase are known."""

    trade_id: JoiningId = named("tradeId", "transactionId", "authId", "relatedTransactionId")
    related_id: JoiningId = named("relatedId", "relatedTransactionId", "originalAuthId")
    card_id: Id = named("cardId", "cardToken")
    auth_code: JoiningText = named("authCode")


class Transaction(TransactionKey):
    """A movement on a card or on the partner account; `booked` is its time as Paytend wrote it."""

    card_id: Id = named("cardId", "cardToken")
    card_number: CardNumber = named("cardNo", "cardPan")
    type: Annotated[TransactionType | None, FORGIVING] = named("tradeType", "transactionType")
    # Each currency before its amounts: `read_money` needs it, and pydantic reads in this order.
    currency: Text = named("currency", "billCurrency")
    amount: Money | None = named("amount", "billAmount")
    fee: Money | None = named("fee", "billFee")
    balance: Money | None = named("balance")
    other_currency: Text = named("currencyTxn", "txnCurrency", "transactionCurrency")
    other_amount: Money | None = named("txnAmount", "transactionAmount")
    booked: Text = named("businessDate", "tradeTime", "createTime")
    auth_code: Text = named("authCode")
    merchant: Text = named("remark", "merchantName", "merchantInfo")

    _money = field_validator("amount", "fee", "balance", mode="before")(read_money)

    @property
    def sign(self) -> int:
        """1 for money that comes in, -1 for money that goes out, 0 for neither or not known."""
        # A sibling API sends debits as negative amounts, and this one may too (`paytend-api.md` (c) 7).
        if self.amount is not None and self.amount.amount < 0:
            return -1
        if self.type is None or self.type not in _IN | _OUT:
            return 0
        sign = 1 if self.type in _IN else -1
        return -sign if self.status in _BACK else sign

    @property
    def unclear_amount(self) -> str | None:
        """The amount as it came, with its currency, where a decimal point contradicts the unit that is set."""
        if self.amount is not None or self.currency not in PRECISION:
            return None
        text = read_text(self._sent_amount())
        try:
            return f"{text} {self.currency}" if text and "." in text and read_decimal(text) is not None else None
        except NotMoney:
            return None

    @property
    def unread_amount(self) -> str | None:
        """The amount as it came, with its currency, where it is none, or in a currency that is not known here."""
        if self.amount is not None or self.unclear_amount is not None:
            return None
        text = read_text(self._sent_amount())
        return f"{text[:_MOST_SHOWN]} {(self.currency or '')[:10]}".strip() if text else None

    def _sent_amount(self) -> object:
        return self.raw.get("amount", self.raw.get("billAmount", self.raw.get("bill_amount")))

    @field_validator("other_amount", mode="before")
    @classmethod
    def _read_other_amount(cls, value: object, info: ValidationInfo) -> object:
        text, currency = read_text(value), info.data.get("other_currency")
        if text is None or currency is None or info.context is None:
            return None
        try:
            return read_amount(text, currency=currency, unit=info.context["unit"])
        except NotMoney:
            return None


class Transactions(AnswerWithRows):
    """A page of movements."""

    rows: tuple[Transaction, ...] = ()


class PartnerTransaction(Transaction):
    """A movement on the partner account, with the reference under which it was asked for, where there is one."""

    reference: Id = named("orderNo", "merchantOrderNo", "outOrderNo", "reference")


class PartnerTransactions(Transactions):
    """A page of movements on the partner account."""

    rows: tuple[PartnerTransaction, ...] = ()


class PartnerTopUps(AnswerWithRows):
    """How the partner account is funded, or was: the document does not say which."""

    rows: tuple[Transaction, ...] = ()
