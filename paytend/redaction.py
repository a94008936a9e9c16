"""What must not leave this package in the clear: card numbers, and anything that opens a card."""

import re
from typing import Any

_RUN = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])")
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
REMOVED = "(removed)"


def passes_luhn(digits: str) -> bool:
    """Whether the check digit of a card number holds (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def find_card_numbers(text: str) -> list[str]:
    """Return the digits of every card number in a text, also when written in groups."""
    runs = (re.sub(r"[ -]", "", match.group()) for match in _RUN.finditer(text))
    return [digits for digits in runs if passes_luhn(digits)]


def mask_card_number(text: str) -> str:
    """Return the first six and the last four of a card number, whether or not it came masked."""
    kept = re.sub(r"[\s-]", "", text)
    return f"{kept[:6]}******{kept[-4:]}" if len(kept) >= 13 else kept


def mask_text(text: str) -> str:
    """Return the text with every card number in it masked."""

    def mask(match: re.Match[str]) -> str:
        digits = re.sub(r"[ -]", "", match.group())
        return mask_card_number(digits) if passes_luhn(digits) else match.group()

    return _RUN.sub(mask, text)


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds what nobody may see."""
    return re.sub(r"[^a-z0-9]", "", name.lower()) in _SECRET_NAMES


def redact(value: Any) -> Any:
    """Return a JSON value without secrets and with card numbers masked, wherever they are nested."""
    match value:
        case dict():
            return {
                name: REMOVED if is_secret_name(name) and inner else redact(inner) for name, inner in value.items()
            }
        case list():
            return [redact(inner) for inner in value]
        case str():
            return mask_text(value)
        case int() if not isinstance(value, bool) and find_card_numbers(str(value)):
            return mask_text(str(value))
        case _:
            return value
