"""Every Paytend operation, as a value; the table OPERATIONS is the whole of what can be asked.

Paths and field names are those of the vendor's demo (`paytend-api.md` a.1), the path of the overdue monthly
fee is a guess: the demo lacks it. Every value travels as a text, also numbers and enumerations.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Generic, TypeVar

from paytend.models import (
    Answer,
    CardBalance,
    Cardholder,
    CardInfo,
    CardOrder,
    Cities,
    Designs,
    Done,
    PartnerBalance,
    PartnerTopUps,
    RetrievedPassword,
    TopUp,
    Transactions,
)
from paytend.money import AmountUnit, Money, write_amount
from paytend.strictjson import Verbatim

T = TypeVar("T", bound=Answer)

LARGEST_DOCUMENT = 2 * 1024 * 1024  # bytes before Base64 (document: "Maximum upload supported is 2M")
DOCUMENT_SUFFIXES = (".jpeg", ".jpg", ".png", ".pdf")


class NotSendable(ValueError):
    """The values do not fit the operation; nothing was sent."""


class Encoding(StrEnum):
    """How a value becomes text on the wire."""

    PLAIN = "plain"
    BASE64 = "base64"
    DATE = "yyyy-MM-dd"
    MONEY = "amount and currency"
    DOCUMENT = "base64 of at most 2 MB"
    ADDRESS = "address"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One value of an operation: our name, Paytend's name, and how it travels."""

    name: str
    wire: str
    encoding: Encoding = Encoding.PLAIN
    required: bool = True


@dataclass(frozen=True, kw_only=True)
class Address:
    """An address as Paytend takes it; `city_code` is one of getCities, `country_code` ISO 3166 alpha-2."""

    line: str
    line2: str = ""
    city_code: str
    state: str = ""
    postcode: str
    country_code: str


@dataclass(frozen=True, kw_only=True)
class Call(Generic[T]):
    """One operation with its values, ready to be sent."""

    operation: "Operation[T]"
    values: Mapping[str, Any] = field(repr=False)

    def content(self, *, unit: AmountUnit) -> dict[str, Any]:
        """Return the bizData; raises NotSendable for a document that is too large or of another type."""
        content: dict[str, Any] = {}
        for parameter in self.operation.parameters:
            if (value := self.values.get(parameter.name)) is not None:
                content |= _ENCODERS[parameter.encoding](parameter.wire, value, unit)
            elif not parameter.required and self.operation.blank_optionals:
                content[parameter.wire] = ""
        return content


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[T]):
    """What can be asked of Paytend. `changes` decides everything about repeating: a change is sent once.

    `blank_optionals`: the demo sends what is not given as "", not left out.
    """

    name: str
    title: str
    path: str
    changes: bool
    answer: type[T]
    parameters: tuple[Parameter, ...] = ()
    blank_optionals: bool = False

    def __call__(self, **values: Any) -> Call[T]:
        """Return the call with these values; raises TypeError for unknown and missing ones."""
        unknown = values.keys() - {parameter.name for parameter in self.parameters}
        missing = {p.name for p in self.parameters if p.required} - {n for n, v in values.items() if v is not None}
        if unknown or missing:
            raise TypeError(f"{self.name}: unknown {sorted(unknown)}, missing {sorted(missing)}")
        return Call(operation=self, values=values)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _encode_document(wire: str, value: tuple[bytes, str], _unit: AmountUnit) -> dict[str, Any]:
    content, suffix = value
    if suffix.lower() not in DOCUMENT_SUFFIXES:
        raise NotSendable(f"A document is one of {', '.join(DOCUMENT_SUFFIXES)}.")
    if not 0 < len(content) <= LARGEST_DOCUMENT:
        raise NotSendable(f"A document has 1 to {LARGEST_DOCUMENT:,} bytes; this one has {len(content):,}.")
    return {wire: Verbatim(base64.b64encode(content).decode()), "suffix": suffix.lower()}


def _encode_address(wire: str, value: Address, _unit: AmountUnit) -> dict[str, Any]:
    return {
        wire: {
            "addressLine": _base64(value.line),
            "addressLine2": _base64(value.line2),
            "cityCode": value.city_code,
            "state": value.state,
            "postcode": value.postcode,
            "countryCode": value.country_code,
        }
    }


def _encode_money(wire: str, value: Money, unit: AmountUnit) -> dict[str, Any]:
    return {wire: write_amount(value, unit=unit), "currency": value.currency}


def _encode_date(wire: str, value: date, _unit: AmountUnit) -> dict[str, Any]:
    return {wire: value.strftime("%Y-%m-%d")}


_ENCODERS: dict[Encoding, Callable[[str, Any, AmountUnit], dict[str, Any]]] = {
    Encoding.PLAIN: lambda wire, value, _unit: {wire: str(value)},
    Encoding.BASE64: lambda wire, value, _unit: {wire: _base64(value)},
    Encoding.DATE: _encode_date,
    Encoding.MONEY: _encode_money,
    Encoding.DOCUMENT: _encode_document,
    Encoding.ADDRESS: _encode_address,
}


def _one(name: str, wire: str, encoding: Encoding = Encoding.PLAIN) -> Parameter:
    return Parameter(name=name, wire=wire, encoding=encoding)


def _maybe(name: str, wire: str, encoding: Encoding = Encoding.PLAIN) -> Parameter:
    return Parameter(name=name, wire=wire, encoding=encoding, required=False)


_CARD_ID = _one("card_id", "cardId")
_REFERENCE = _one("reference", "orderNo")
_PERIOD = (
    _maybe("currency", "currency"),
    _one("begin", "beginDate", Encoding.DATE),
    _one("end", "endDate", Encoding.DATE),
    _maybe("start", "start"),  # a row offset from 0
    _maybe("size", "maxSize"),  # default 10, at most 30
)

APPLY_CARD = Operation(
    name="applyCard",
    title="Apply card",
    path="/issuing/card/applyCard",
    changes=True,
    answer=CardOrder,
    parameters=(
        _REFERENCE,
        _maybe("holder_id", "holderId"),
        _one("card_scheme", "cardScheme"),
        _one("card_type", "cardType"),
        _one("sku", "sku"),
        _one("remarks", "remarks"),
        _one("quantity", "quantity"),
        _one("contact_name", "contactName"),
        _one("contact_mobile", "contactMobile"),
        _one("delivery_address", "deliveryAddress", Encoding.ADDRESS),
    ),
)
ACTIVATE_CARD = Operation(
    name="activeCard",
    title="Active card",
    path="/issuing/card/activeCard",
    changes=True,
    answer=Done,
    parameters=(_CARD_ID, _one("holder_id", "holderId")),
)
TOP_UP = Operation(
    name="topup",
    title="Topup",
    path="/issuing/card/topup",
    changes=True,
    answer=TopUp,
    parameters=(_CARD_ID, _REFERENCE, _one("money", "amount", Encoding.MONEY)),
)
REPLACE_CARD = Operation(
    name="replaceCard",
    title="Replace card",
    path="/issuing/card/replaceCard",
    changes=True,
    answer=Done,
    # Paytend's third field is the CVV, checked only when given: it is never asked for here.
    parameters=(_one("new_card_id", "cardId"), _one("old_card_id", "oldCardId")),
)
REPORT_LOSS = Operation(
    name="lostCard",
    title="Report loss",
    path="/issuing/card/lostCard",
    changes=True,
    answer=Done,
    parameters=(_CARD_ID,),
)
CANCEL_LOSS = Operation(
    name="cancelCardLost",
    title="Cancel report loss",
    path="/issuing/card/cancelCardLost",
    changes=True,
    answer=Done,
    parameters=(_CARD_ID,),
)
RETRIEVE_PASSWORD = Operation(
    name="retrievePassword",
    title="Retrieve password",
    path="/issuing/card/retrievePassword",
    changes=True,
    answer=RetrievedPassword,
    parameters=(_CARD_ID,),
)
GET_APPLY_RESULT = Operation(
    name="getApplyCardResult",
    title="Query apply result",
    path="/issuing/card/getApplyCardResult",
    changes=False,
    answer=CardOrder,
    parameters=(_REFERENCE, _maybe("holder_id", "holderId")),
)
GET_CARD_INFO = Operation(
    name="getCardInfo",
    title="Query card information",
    path="/issuing/card/getCardInfo",
    changes=False,
    answer=CardInfo,
    parameters=(_CARD_ID,),
)
GET_TOP_UP_RESULT = Operation(
    name="getTopupResult",
    title="Query topup result",
    path="/issuing/card/getTopupResult",
    changes=False,
    answer=TopUp,
    parameters=(_REFERENCE,),
)
GET_CARD_TRANSACTIONS = Operation(
    name="getCardTransactions",
    title="Query transaction information",
    path="/issuing/card/getCardTransactions",
    changes=False,
    answer=Transactions,
    parameters=(_CARD_ID, _maybe("status", "transactionStatus"), *_PERIOD),
    blank_optionals=True,
)
GET_AUTHORIZATION_TRANSACTIONS = Operation(
    name="getAuthorizationTransactions",
    title="Query authorization transactions",
    path="/issuing/card/getAuthorizationTransactions",
    changes=False,
    answer=Transactions,
    parameters=(_CARD_ID, *_PERIOD),
    blank_optionals=True,
)
GET_DESIGNS = Operation(
    name="getSKUs",
    title="Query card design style",
    path="/issuing/card/getSKUs",
    changes=False,
    answer=Designs,
)
GET_CARD_BALANCE = Operation(
    name="getCardBalance",
    title="Query card balance",
    path="/issuing/card/getCardBalance",
    changes=False,
    answer=CardBalance,
    parameters=(_CARD_ID,),
)
GET_OVERDUE_MONTHLY_FEE = Operation(
    name="getCardOverdueMonthlyFee",
    title="Query card overdue monthly fee",
    path="/issuing/card/getCardOverdueMonthlyFee",
    changes=False,
    answer=CardBalance,
    parameters=(_CARD_ID,),
)
CREATE_CARDHOLDER = Operation(
    name="createCardholder",
    title="Create cardholder",
    path="/issuing/holder/createCardholder",
    changes=True,
    answer=Cardholder,
    parameters=(
        _one("mobile", "mobile"),
        _one("first_name", "firstName", Encoding.BASE64),
        _one("last_name", "lastName", Encoding.BASE64),
        _one("id_number", "idNo"),
        _one("id_type", "idType"),
        _one("email", "email"),
        _one("birthday", "birthday", Encoding.DATE),
        _one("gender", "gender"),
        _one("nationality", "nationalityCode"),
        _one("address", "eeaAddress", Encoding.ADDRESS),
    ),
)
UPDATE_CARDHOLDER = Operation(
    name="updateCardholder",
    title="Update cardholder",
    path="/issuing/holder/updateCardholder",
    changes=True,
    answer=Cardholder,
    # Whether name, identity document, mobile or e-mail may be changed is unknown: the demo sends only these.
    parameters=(
        _one("holder_id", "holderId"),
        _maybe("birthday", "birthday", Encoding.DATE),
        _maybe("gender", "gender"),
        _maybe("nationality", "nationalityCode"),
        _maybe("address", "eeaAddress", Encoding.ADDRESS),
    ),
)
GET_CARDHOLDER = Operation(
    name="getHolder",
    title="Query cardholder",
    path="/issuing/holder/getHolder",
    changes=False,
    answer=Cardholder,
    parameters=(_maybe("holder_id", "holderId"), _maybe("id_number", "idNo"), _maybe("id_type", "idType")),
    blank_optionals=True,
)
UPLOAD_DOCUMENT = Operation(
    name="uploadDocument",
    title="Upload supporting documents",
    path="/issuing/holder/uploadDocument",
    changes=True,
    answer=Done,
    parameters=(
        _one("holder_id", "holderId"),
        _one("file_type", "fileType"),
        _one("document", "fileContent", Encoding.DOCUMENT),  # (bytes, suffix with its dot)
    ),
)
GET_CITIES = Operation(
    name="getCities",
    title="Query cities",
    path="/issuing/holder/getCities",
    changes=False,
    answer=Cities,
    parameters=(
        _one("country_code", "countryCode"),
        _one("start", "start"),  # the demo begins at 1: possibly a page number
        _one("size", "maxResult"),
    ),
)
GET_PARTNER_BALANCE = Operation(
    name="getPartnerBalance",
    title="Query partner balance",
    path="/issuing/partner/getPartnerBalance",
    changes=False,
    answer=PartnerBalance,
)
GET_PARTNER_TOP_UPS = Operation(
    name="getPartnerTopup",
    title="Query partner topup information",
    path="/issuing/partner/getPartnerTopup",
    changes=False,
    answer=PartnerTopUps,
    parameters=(_one("currency", "currency"),),
)
GET_PARTNER_TRANSACTIONS = Operation(
    name="getPartnerTransactions",
    title="Query partner transaction information",
    path="/issuing/partner/getPartnerTransactions",
    changes=False,
    answer=Transactions,
    parameters=(_maybe("status", "transactionStatus"), *_PERIOD),
    blank_optionals=True,
)

OPERATIONS: tuple[Operation[Any], ...] = (
    APPLY_CARD,
    ACTIVATE_CARD,
    TOP_UP,
    REPLACE_CARD,
    REPORT_LOSS,
    CANCEL_LOSS,
    RETRIEVE_PASSWORD,
    GET_APPLY_RESULT,
    GET_CARD_INFO,
    GET_TOP_UP_RESULT,
    GET_CARD_TRANSACTIONS,
    GET_AUTHORIZATION_TRANSACTIONS,
    GET_DESIGNS,
    GET_CARD_BALANCE,
    GET_OVERDUE_MONTHLY_FEE,
    CREATE_CARDHOLDER,
    UPDATE_CARDHOLDER,
    GET_CARDHOLDER,
    UPLOAD_DOCUMENT,
    GET_CITIES,
    GET_PARTNER_BALANCE,
    GET_PARTNER_TOP_UPS,
    GET_PARTNER_TRANSACTIONS,
)
