"""Amounts: whole minor units inside, "minor" or "major" texts outside. Never a float.

Paytend does not document its unit. The sibling API has integers (1 = 0.01 EUR, 1 = 0.000001 USDT), so "minor"
is the default; "major" means decimal texts like "11.00".
"""

import re
from typing import Literal, TypeAlias

from sandbox.paytend.refusals import PaytendRefusal, Reason

Unit: TypeAlias = Literal["minor", "major"]

PRECISION = {"EUR": 2, "USDT": 6}
# Currencies a merchant may charge in; anything else is taken to have two places.
FOREIGN_PRECISION = {"JPY": 0, "KRW": 0, "HUF": 2, "KWD": 3}

FEE_PERCENT = 1
FEE_LEAST = {"EUR": 10, "USDT": 100_000}

_MINOR = re.compile(r"[1-9][0-9]{0,17}")
_MAJOR = re.compile(r"(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,6}))?")


def check_currency(code: str) -> str:
    """Return the code of a currency in which partner and cards can have money, or refuse."""
    if code not in PRECISION:
        raise PaytendRefusal(Reason.CURRENCY_UNKNOWN)
    return code


def precision_of(currency: str) -> int:
    """Return how many decimal places a currency has."""
    return {**FOREIGN_PRECISION, **PRECISION}.get(currency, 2)


def read_amount(text: str, *, currency: str, unit: Unit) -> int:
    """Return the minor units of a text in `unit`; refuses anything but a positive amount."""
    if unit == "minor":
        if not _MINOR.fullmatch(text):
            raise PaytendRefusal(Reason.AMOUNT_WRONG)
        return int(text)
    found = _MAJOR.fullmatch(text)
    places = precision_of(currency)
    fraction = (found[2] or "") if found else ""
    if not found or len(fraction) > places:
        raise PaytendRefusal(Reason.AMOUNT_WRONG)
    minor = int(found[1]) * _power(places) + int(fraction.ljust(places, "0") or "0")
    if minor == 0:
        raise PaytendRefusal(Reason.AMOUNT_WRONG)
    return minor


def _power(places: int) -> int:
    return int(10**places)


def major(minor: int, *, currency: str) -> str:
    """Return a decimal text in major units: 6410 EUR is "64.10"."""
    places = precision_of(currency)
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def shown(minor: int, *, currency: str, unit: Unit) -> int | str:
    """Return an amount as answers carry it: an integer of minor units, or a decimal text."""
    return minor if unit == "minor" else major(minor, currency=currency)


def fee_of(minor: int, *, currency: str) -> int:
    """Return the fee of a top-up in minor units: 1 %, half up, at least 0.10."""
    return max((minor * FEE_PERCENT + 50) // 100, FEE_LEAST[currency])
