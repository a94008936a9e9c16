"""What Paytend answers, as frozen models.

The fields of the answers are not documented. Their candidate names are those of `paytend-api.md` a.2, each
accepted in camelCase and in snake_case, as number or as text; what is missing is None, what is not understood
stays in `raw` (without secrets, card numbers masked). Amounts that cannot be read exactly are None as well.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
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
from paytend.money import AmountUnit, Money, NotMoney, read_amount
from paytend.redaction import is_secret_name, mask_card_number, redact


def _names(*names: str) -> Any:
    """Return the field for the candidate names, in the order of preference, each also in snake_case."""
    both = dict.fromkeys(form for name in names for form in (name, re.sub(r"(?=[A-Z])", "_", name).lower()))
    return Field(default=None, validation_alias=AliasChoices(*both))


def _read_text(value: object) -> str | None:
    match value:
        case bool() | dict() | list() | None:
            return None
        case _:
            return str(value).strip() or None


def _forgive(value: object, read: ValidatorFunctionWrapHandler) -> object:
    """Turn what cannot be understood into None: it stays in `raw`."""
    if value is None or value == "":
        return None
    try:
        return read(value)
    except ValidationError:
        return None


Text = Annotated[str | None, BeforeValidator(_read_text)]
Number = Annotated[int | None, WrapValidator(_forgive)]
CardNumber = Annotated[
    str | None, BeforeValidator(lambda value: mask_card_number(text) if (text := _read_text(value)) else None)
]
_FORGIVING = WrapValidator(_forgive)


class Answer(BaseModel):
    """Any answer; `raw` is what came, redacted."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)

    raw: Mapping[str, Any] = Field(default_factory=dict, repr=False)

    @classmethod
    def decode(cls, raw: Mapping[str, Any], *, unit: AmountUnit) -> Self:
        """Return the model of an answer; `unit` says how its amounts are to be read."""
        return cls.model_validate({**raw, "raw": redact(dict(raw))}, context={"unit": unit})


def _read_money(value: object, info: ValidationInfo) -> object:
    """Return the money of an amount whose currency was read before it, or None."""
    text, currency = _read_text(value), info.data.get("currency")
    if isinstance(value, Money) or text is None or not isinstance(currency, str) or info.context is None:
        return value if isinstance(value, Money) else None
    try:
        return read_amount(
            text, currency=currency, unit=info.context["unit"], precision=info.data.get("precision")
        )
    except NotMoney:
        return None


class Done(Answer):
    """The answer to a change that returns nothing but whether it worked (activate, loss, replace, upload)."""

    status: Annotated[ChangeStatus | None, _FORGIVING] = _names(
        "changeStatus", "activeStatus", "retrieveStatus", "uploadStatus", "replaceStatus", "status"
    )
    message: Text = _names("errMsg", "errorMsg", "msg")


class RetrievedPassword(Done):
    """The answer to retrievePassword; `secret` is usually None, as the cardholder is sent it."""

    secret: SecretStr | None = Field(default=None, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _find_secret(cls, fields: Any) -> Any:
        found = [value for name, value in fields.items() if is_secret_name(name) and _read_text(value)]
        return {**fields, "secret": str(found[0]) if found else None}


class Balance(Answer):
    """One currency's balance; `precision` is V1's `digital`."""

    currency: Text = _names("currency", "currencyCode")
    precision: Number = _names("digital", "precision")
    money: Money | None = _names("balance", "amount")
    available: Money | None = _names("availableBalance", "available")
    blocked: Money | None = _names("blockAmount", "frozenAmount")

    _money = field_validator("money", "available", "blocked", mode="before")(_read_money)


class _WithBalances(Answer):
    balances: tuple[Balance, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _find_balances(cls, fields: Any) -> Any:
        rows = _find_rows(fields, "accountList", "accountlist", "account_list", "balanceList", "accounts")
        if not rows and fields.get("currency"):
            rows = [fields]
        return {**fields, "balances": [_with_raw(row) for row in rows]}

    def balance(self, currency: str) -> Money | None:
        """Return the money in one currency, None when the answer does not say."""
        return next((row.money for row in self.balances if row.currency == currency), None)


class CardBalance(_WithBalances):
    """The balances of a card; the overdue monthly fee has the same shape (document)."""


class PartnerBalance(_WithBalances):
    """What can still be spent at Paytend, for each currency."""

    name: Text = _names("name", "accountName")


class CardInfo(_WithBalances):
    """A card; its number only ever as first six and last four."""

    card_id: Text = _names("cardId", "cardToken")
    card_number: CardNumber = _names("cardNo", "cardPan", "maskedCardNo")
    status: Annotated[CardStatus | None, _FORGIVING] = _names("cardStatus", "status")
    type: Annotated[CardType | None, _FORGIVING] = _names("cardType")
    scheme: Annotated[CardScheme | None, _FORGIVING] = _names("cardScheme", "cardChannel")
    holder_id: Text = _names("holderId")
    holder_name: Text = _names("holderName", "cardHolderName")
    expires: Text = _names("expiredDate", "expiryDate", "validThru")
    activated: Text = _names("activeTime", "activeDate")

    @property
    def last_four(self) -> str | None:
        """The last four digits of the card number."""
        return self.card_number[-4:] if self.card_number else None


class TopUp(Answer):
    """A top-up, as answered at once and when asked for later."""

    status: Annotated[TopUpStatus | None, _FORGIVING] = _names("topupStatus", "topUpStatus", "status")
    message: Text = _names("errMsg", "errorMsg")
    card_id: Text = _names("cardId")
    card_number: CardNumber = _names("cardNo")
    reference: Text = _names("orderNo")
    trade_id: Text = _names("tradeId", "transactionId")
    currency: Text = _names("currency")
    amount: Money | None = _names("amount")
    fee: Money | None = _names("fee")

    _money = field_validator("amount", "fee", mode="before")(_read_money)


class OrderedCard(Answer):
    """One card of an order."""

    card_id: Text = _names("cardId", "cardToken")
    card_number: CardNumber = _names("cardNo", "cardPan")
    holder_id: Text = _names("holderId")


class CardOrder(Answer):
    """What became of a card order; content of webhook 3 as well."""

    reference: Text = _names("orderNo")
    status: Annotated[ApplyStatus | None, _FORGIVING] = _names("applyStatus", "orderStatus", "status")
    message: Text = _names("errMsg", "errorMsg")
    quantity: Number = _names("quantity", "orderCount")
    cards: tuple[OrderedCard, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _find_cards(cls, fields: Any) -> Any:
        rows = _find_rows(fields, "cardList", "cards", "list")
        if not rows and (fields.get("cardId") or fields.get("cardNo") or fields.get("card_token")):
            rows = [fields]
        return {**fields, "cards": [_with_raw(row) for row in rows]}


class Transaction(Answer):
    """A movement on a card or on the partner account; `booked` is its time as Paytend wrote it."""

    trade_id: Text = _names("tradeId", "transactionId", "authId", "relatedTransactionId")
    card_id: Text = _names("cardId", "cardToken")
    card_number: CardNumber = _names("cardNo", "cardPan")
    type: Annotated[TransactionType | None, _FORGIVING] = _names("tradeType", "transactionType")
    status: Annotated[TransactionStatus | None, _FORGIVING] = _names(
        "tradeStatus", "transactionStatus", "authStatus"
    )
    source: Annotated[TransactionSource | None, _FORGIVING] = _names("tradeSrc", "transactionSrc", "dataType")
    currency: Text = _names("currency", "billCurrency")
    amount: Money | None = _names("amount", "billAmount")
    fee: Money | None = _names("fee", "billFee")
    balance: Money | None = _names("balance")
    other_currency: Text = _names("currencyTxn", "txnCurrency", "transactionCurrency")
    other_amount: Money | None = _names("txnAmount", "transactionAmount")
    booked: Text = _names("businessDate", "tradeTime", "createTime")
    auth_code: Text = _names("authCode")
    merchant: Text = _names("remark", "merchantName", "merchantInfo")

    _money = field_validator("amount", "fee", "balance", mode="before")(_read_money)

    @field_validator("other_amount", mode="before")
    @classmethod
    def _read_other_amount(cls, value: object, info: ValidationInfo) -> object:
        text, currency = _read_text(value), info.data.get("other_currency")
        if text is None or currency is None or info.context is None:
            return None
        try:
            return read_amount(text, currency=currency, unit=info.context["unit"])
        except NotMoney:
            return None


class _List(Answer):
    """An answer that lists rows, with the total where Paytend says one."""

    total: Number = _names("total", "totalCount", "count")

    @model_validator(mode="before")
    @classmethod
    def _rows(cls, fields: Any) -> Any:
        rows = _find_rows(
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
        return {**fields, "rows": [_with_raw(row) for row in rows]}


class Transactions(_List):
    """A page of movements."""

    rows: tuple[Transaction, ...] = ()


class Design(Answer):
    """A card design that can be ordered."""

    sku: Text = _names("sku", "skuCode", "code")
    name: Text = _names("skuName", "name", "description")
    type: Annotated[CardType | None, _FORGIVING] = _names("cardType")
    scheme: Annotated[CardScheme | None, _FORGIVING] = _names("cardScheme", "cardChannel")


class Designs(_List):
    """The card designs."""

    rows: tuple[Design, ...] = ()


class City(Answer):
    """A city that Paytend delivers to."""

    code: Text = _names("cityCode", "code")
    name: Text = _names("cityName", "name", "city")


class Cities(_List):
    """A page of cities."""

    rows: tuple[City, ...] = ()


class PartnerTopUps(_List):
    """How the partner account is funded, or was: the document does not say which."""

    rows: tuple[Transaction, ...] = ()


class Cardholder(Answer):
    """The person a card was issued to; content of webhook 2 as well."""

    holder_id: Text = _names("holderId")
    audit_status: Annotated[AuditStatus | None, _FORGIVING] = _names("auditStatus", "status")
    message: Text = _names("errMsg", "errorMsg", "remark")
    first_name: Text = _names("firstName")
    last_name: Text = _names("lastName")
    mobile: Text = _names("mobile")
    email: Text = _names("email")
    id_type: Annotated[IdType | None, _FORGIVING] = _names("idType", "idnoType")
    id_number: Text = _names("idNo", "idno")
    birthday: Text = _names("birthday", "dateOfBirth")
    gender: Annotated[Gender | None, _FORGIVING] = _names("gender", "sex")
    nationality: Text = _names("nationalityCode", "nationality")

    @property
    def name(self) -> str | None:
        """First and last name, as far as they are known."""
        return " ".join(part for part in (self.first_name, self.last_name) if part) or None


def _find_rows(fields: Mapping[str, Any], *names: str) -> list[dict[str, Any]]:
    """Return the list of objects under one of these names, else under any name."""
    candidates = [fields.get(name) for name in names]
    candidates += [value for name, value in fields.items() if name != "raw"]
    for value in candidates:
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            return value
    return []


def _with_raw(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "raw": redact({name: value for name, value in row.items() if name != "raw"})}
