"""What must not leave this package in the clear: card numbers, and anything that opens a card."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

# Numbers side by side: one of them or several together may be a card number, in the digits of any script.
_RUN = re.compile(r"\d+(?:[ \u00a0\u2009\u202f\u2010\u2011\u2013-]\d+)*")
# Two dates side by side have sixteen digits too.
_DATE = re.compile(r"(?<![\d-])20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])(?![\d-])")
# Thirteen digits, with at most one such sign between two, and the first as in _STARTS: without them there is
# no card number to look for.
_ENOUGH = re.compile(r"(?<!\d)(?![0178])\d(?:[ \u00a0\u2009\u202f\u2010\u2011\u2013-]?\d){12}")
_GROUP = re.compile(r"\d+")
_SHORTEST, _LONGEST = 13, 19  # digits
# ISO/IEC 7812: what payment cards begin with. Times in milliseconds and ids made of dates begin with 1 or 20.
_STARTS = ("3", "4", "5", "6", *(str(start) for start in range(22, 28)), "9792")
_LEAST = 10 ** (_SHORTEST - 1)
_GROUP_SIZES = frozenset(
    {1, 2, 3, 4, 5, 6, 8}
)  # as people write them; a card id of seven digits is not part of one
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
REMOVED = "(removed)"


def passes_luhn(digits: str) -> bool:
    """Whether the check digit of a card number is right (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def find_card_numbers(text: str) -> list[str]:
    """Return the digits of every card number in a text, also when written in groups, or beside other numbers."""
    return [digits for _, _, digits in _spans(text)]


def _may_hold_number(text: str) -> bool:
    return len(text) >= _SHORTEST and _ENOUGH.search(text) is not None


def _spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where each card number begins and ends, and its digits."""
    if not _may_hold_number(text):
        return
    if "-" in text:
        text = _DATE.sub(lambda date: "x" * len(date.group()), text)
    for run in _RUN.finditer(text):
        groups = list(_GROUP.finditer(text, run.start(), run.end()))
        first = 0
        while first < len(groups):
            digits = ""
            for last in range(first, len(groups)):
                digits += _as_ascii(groups[last].group())
                if len(digits) > _LONGEST or (last > first and not _are_groups(groups[first : last + 1])):
                    break
                if len(digits) >= _SHORTEST and digits.startswith(_STARTS) and passes_luhn(digits):
                    yield groups[first].start(), groups[last].end(), digits
                    first = last
                    break
            first += 1


def _are_groups(groups: Sequence[re.Match[str]]) -> bool:
    """Whether numbers side by side are long enough and short enough to be one, written in groups."""
    return {group.end() - group.start() for group in groups} <= _GROUP_SIZES


def _as_ascii(digits: str) -> str:
    return digits if digits.isascii() else "".join(str(int(digit)) for digit in digits)


def mask_card_number(text: str) -> str:
    """Return the first six and the last four of a card number, whether or not it came masked."""
    kept = re.sub(r"[\s-]", "", text)
    # The most that every version of PCI DSS lets people see.
    return f"{kept[:6]}******{kept[-4:]}" if len(kept) >= 13 else kept


def mask_text(text: str) -> str:
    """Return the text with every card number in it masked."""
    if not _may_hold_number(text):  # most values of a message
        return text
    kept, done = [], 0
    for begin, end, digits in _spans(text):
        kept += [text[done:begin], mask_card_number(digits)]
        done = end
    return "".join([*kept, text[done:]])


def is_secret_name(name: str) -> bool:
    """Whether a field of this name is a secret, such as a PIN."""
    # Messages have few names, which come again and again; a very long one is not worth its place.
    return (_is_secret_again if len(name) <= _USUAL_NAME else _is_secret)(name)


def _is_secret(name: str) -> bool:
    return _BESIDE.sub("", name.lower()) in _SECRET_NAMES


_is_secret_again = lru_cache(maxsize=1024)(_is_secret)


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
            return value if len(value) < _SHORTEST else mask_text(value)
        case int() if value >= _LEAST and find_card_numbers(str(value)):
            return mask_text(str(value))
        case _:
            return value
