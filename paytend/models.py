"""What Paytend answers, as frozen models.

The fields of the answers are not documented. Their candidate names are those of `paytend-api.md` a.2, each
accepted in camelCase and in snake_case, as number or as text; what is missing is None, what is not understood
stays in `raw` (without secrets, card numbers masked). Amounts that cannot be read exactly are None as well.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from paytend.codes import (
    ApplyStatus,
    AuditStatus,
    CardScheme,
    CardStatus,
    CardType,
    ChangeStatus,
    Gender,
    IdType,
    TopUpStatus,
    TransactionSource,
    TransactionStatus,
    TransactionType,
)
from paytend.fields import (
    FORGIVING,
    CardNumber,
    Number,
    Text,
    find_rows,
    named,
    read_money,
    read_text,
    with_raw,
)
from paytend.money import AmountUnit, Money, NotMoney, read_amount
from paytend.redaction import is_secret_name, redact


class Answer(BaseModel):
    """Any answer; `raw` is what came, redacted."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)

    raw: Mapping[str, Any] = Field(default_factory=dict, repr=False)

    @classmethod
    def decode(
        cls, raw: Mapping[str, Any], *, unit: AmountUnit, redacted: Mapping[str, Any] | None = None
    ) -> Self:
        """Return the model of an answer; `unit` says how its amounts are to be read.

        `redacted` is what `redact` made of it, where the caller has that already.
        """
        kept = redact(dict(raw)) if redacted is None else redacted
        return cls.model_validate({**raw, "raw": kept}, context={"unit": unit})


class Done(Answer):
    """The answer to a change that returns nothing but whether it worked (activate, loss, replace, upload)."""

    status: Annotated[ChangeStatus | None, FORGIVING] = named(
        "changeStatus", "activeStatus", "retrieveStatus", "uploadStatus", "replaceStatus", "status"
    )
    message: Text = named("errMsg", "errorMsg", "msg")


class RetrievedPassword(Done):
    """The answer to retrievePassword; `secret` is usually None, as the cardholder is sent it."""

    secret: SecretStr | None = Field(default=None, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _find_secret(cls, fields: Any) -> Any:
        found = [value for name, value in fields.items() if is_secret_name(name) and read_text(value)]
        return {**fields, "secret": str(found[0]) if found else None}


class Balance(Answer):
    """One currency's balance; `precision` is V1's `digital`."""

    currency: Text = named("currency", "currencyCode")
    precision: Number = named("digital", "precision")
    money: Money | None = named("balance", "amount")
    available: Money | None = named("availableBalance", "available")
    blocked: Money | None = named("blockAmount", "frozenAmount")

    _money = field_validator("money", "available", "blocked", mode="before")(read_money)


class _WithBalances(Answer):
    balances: tuple[Balance, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _find_balances(cls, fields: Any) -> Any:
        rows = find_rows(fields, "accountList", "accountlist", "account_list", "balanceList", "accounts")
        if not rows and fields.get("currency"):
            rows = [fields]
        return {**fields, "balances": [with_raw(row) for row in rows]}

    def balance(self, currency: str) -> Money | None:
        """Return the money in one currency, None when the answer does not say."""
        return next((row.money for row in self.balances if row.currency == currency), None)


class CardBalance(_WithBalances):
    """The balances of a card; the overdue monthly fee has the same shape (document)."""


class PartnerBalance(_WithBalances):
    """What can still be spent at Paytend, for each currency."""

    name: Text = named("name", "accountName")


class CardInfo(_WithBalances):
    """A card; its number only ever as first six and last four."""

    card_id: Text = named("cardId", "cardToken")
    card_number: CardNumber = named("cardNo", "cardPan", "maskedCardNo")
    status: Annotated[CardStatus | None, FORGIVING] = named("cardStatus", "status")
    type: Annotated[CardType | None, FORGIVING] = named("cardType")
    scheme: Annotated[CardScheme | None, FORGIVING] = named("cardScheme", "cardChannel")
    holder_id: Text = named("holderId")
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
    card_id: Text = named("cardId")
    card_number: CardNumber = named("cardNo")
    reference: Text = named("orderNo")
    trade_id: Text = named("tradeId", "transactionId")
    currency: Text = named("currency")
    amount: Money | None = named("amount")
    fee: Money | None = named("fee")

    _money = field_validator("amount", "fee", mode="before")(read_money)


class OrderedCard(Answer):
    """One card of an order."""

    card_id: Text = named("cardId", "cardToken")
    card_number: CardNumber = named("cardNo", "cardPan")
    holder_id: Text = named("holderId")


class CardOrder(Answer):
    """What became of a card order; content of webhook 3 as well."""

    reference: Text = named("orderNo")
    status: Annotated[ApplyStatus | None, FORGIVING] = named("applyStatus", "orderStatus", "status")
    message: Text = named("errMsg", "errorMsg")
    quantity: Number = named("quantity", "orderCount")
    cards: tuple[OrderedCard, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _find_cards(cls, fields: Any) -> Any:
        rows = find_rows(fields, "cardList", "cards", "list")
        if not rows and (fields.get("cardId") or fields.get("cardNo") or fields.get("card_token")):
            rows = [fields]
        return {**fields, "cards": [with_raw(row) for row in rows]}


class TransactionKey(Answer):
    """What a transaction is known by."""

    trade_id: Text = named("tradeId", "transactionId", "authId", "relatedTransactionId")
    status: Annotated[TransactionStatus | None, FORGIVING] = named(
        "tradeStatus", "transactionStatus", "authStatus"
    )
    source: Annotated[TransactionSource | None, FORGIVING] = named("tradeSrc", "transactionSrc", "dataType")


class Transaction(TransactionKey):
    """A movement on a card or on the partner account; `booked` is its time as Paytend wrote it."""

    card_id: Text = named("cardId", "cardToken")
    card_number: CardNumber = named("cardNo", "cardPan")
    type: Annotated[TransactionType | None, FORGIVING] = named("tradeType", "transactionType")
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


class _List(Answer):
    """An answer that lists rows, with the total where Paytend says one."""

    total: Number = named("total", "totalCount", "count")

    @model_validator(mode="before")
    @classmethod
    def _rows(cls, fields: Any) -> Any:
        rows = find_rows(
            fields,
            "tradeList",
            "transactionList",
            "list",
            "rows",
            "records",
            "skuList",
            "cityList",
            "topupList",
        )
        return {**fields, "rows": [with_raw(row) for row in rows]}


class Transactions(_List):
    """A page of movements."""

    rows: tuple[Transaction, ...] = ()


class Design(Answer):
    """A card design that can be ordered."""

    sku: Text = named("sku", "skuCode", "code")
    name: Text = named("skuName", "name", "description")
    type: Annotated[CardType | None, FORGIVING] = named("cardType")
    scheme: Annotated[CardScheme | None, FORGIVING] = named("cardScheme", "cardChannel")


class Designs(_List):
    """The card designs."""

    rows: tuple[Design, ...] = ()


class City(Answer):
    """A city that Paytend delivers to."""

    code: Text = named("cityCode", "code")
    name: Text = named("cityName", "name", "city")


class Cities(_List):
    """A page of cities."""

    rows: tuple[City, ...] = ()


class PartnerTopUps(_List):
    """How the partner account is funded, or was: the document does not say which."""

    rows: tuple[Transaction, ...] = ()


class Cardholder(Answer):
    """The person a card was issued to; content of webhook 2 as well."""

    holder_id: Text = named("holderId")
    audit_status: Annotated[AuditStatus | None, FORGIVING] = named("auditStatus", "status")
    message: Text = named("errMsg", "errorMsg", "remark")
    first_name: Text = named("firstName")
    last_name: Text = named("lastName")
    mobile: Text = named("mobile")
    email: Text = named("email")
    id_type: Annotated[IdType | None, FORGIVING] = named("idType", "idnoType")
    id_number: Text = named("idNo", "idno")
    birthday: Text = named("birthday", "dateOfBirth")
    gender: Annotated[Gender | None, FORGIVING] = named("gender", "sex")
    nationality: Text = named("nationalityCode", "nationality")

    @property
    def name(self) -> str | None:
        """First and last name, as far as they are known."""
        return " ".join(part for part in (self.first_name, self.last_name) if part) or None
