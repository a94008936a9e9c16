"""How a value becomes text on the wire: every value travels as a text, also numbers and enumerations."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from paytend.money import AmountUnit, Money, write_amount
from paytend.wire.strict_json import Verbatim

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
class Address:
    """An address as Paytend takes it; `city_code` is one of getCities, `country_code` ISO 3166 alpha-2."""

    line: str
    line2: str = ""
    city_code: str
    state: str = ""
    postcode: str
    country_code: str


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
            # Only the two lines are Base64; city, state and postcode are plain in the demo (a.1).
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


ENCODERS: dict[Encoding, Callable[[str, Any, AmountUnit], dict[str, Any]]] = {
    Encoding.PLAIN: lambda wire, value, _unit: {wire: str(value)},
    Encoding.BASE64: lambda wire, value, _unit: {wire: _base64(value)},
    Encoding.DATE: _encode_date,
    Encoding.MONEY: _encode_money,
    Encoding.DOCUMENT: _encode_document,
    Encoding.ADDRESS: _encode_address,
}
