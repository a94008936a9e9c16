"""What must not leave this package in the clear: card numbers, and anything that opens a card."""

import math
import re
import unicodedata
from decimal import Decimal
from functools import lru_cache
from typing import Any

from paytend.card_numbers import LONGEST, SHORTEST, find_card_numbers, mask_card_number, mask_text, passes_luhn

__all__ = [
    "REMOVED",
    "find_card_numbers",
    "is_secret_name",
    "mask_card_number",
    "mask_text",
    "passes_luhn",
    "redact",
]

# Some are in the answers of sibling APIs (`paytend-api.md` a.2), so Paytend may send them too.
_SECRET_NAMES = frozenset(
    {
        "cvv",
        "cvv2",
        "cvc",
        "cvc2",
        "pin",
        "pwd",
        "password",
        "acspassword",
        "cardpassword",
        "track2",
        "pinblock",
    }
)
_BESIDE = re.compile(r"[^a-z0-9]")
_USUAL_NAME = 64  # characters
_LEAST, _MOST = 10 ** (SHORTEST - 1), 10**LONGEST
REMOVED = "(removed)"


def is_secret_name(name: str) -> bool:
    """Whether a field of this name is a secret, such as a PIN."""
    # Messages have few names, which come again and again; a very long one is not worth its place.
    return (_is_secret_again if len(name) <= _USUAL_NAME else _is_secret)(name)


def _is_secret(name: str) -> bool:
    if not name.isascii():
        name = unicodedata.normalize("NFKC", name)
    return _BESIDE.sub("", name.lower()) in _SECRET_NAMES


_is_secret_again = lru_cache(maxsize=1024)(_is_secret)


def redact(value: Any) -> Any:
    """Return a JSON value without secrets and with card numbers masked, wherever they are nested."""
    match value:
        case dict():
            return {
                _redact_name(name): REMOVED if is_secret_name(name) and inner else redact(inner)
                for name, inner in value.items()
            }
        case list() | tuple():
            return [redact(inner) for inner in value]
        case str():
            return value if len(value) < SHORTEST else mask_text(value)
        case int() | float() | Decimal():
            return _redact_number(value)
        case _:
            return value


def _redact_name(name: str) -> str:
    return name if len(name) < SHORTEST else mask_text(name)


def _redact_number(value: int | float | Decimal) -> Any:
    """Return a number, or as text the mask of the card number that it is, also as 4.1e15 or with a minus."""
    # A Decimal that is not a number cannot even be compared.
    if not math.isfinite(value) or not _LEAST <= abs(value) < _MOST or value != int(value):
        return value
    digits = str(abs(int(value)))
    return mask_text(digits) if find_card_numbers(digits) else value
