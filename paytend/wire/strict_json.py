"""JSON as this wire needs it: parsed strictly, written in the one form that Paytend re-creates.

Source of the written form: `paytend-api.md` b.5 no. 1 (Hutool 5.8.16 as the vendor's demo uses it): key order
kept, no spaces, "/" and ordinary non-ASCII untouched, some code points as \\uXXXX, numbers normalised.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, Never

_MOST_DIGITS = 40  # longer than any id or amount; the time to convert one grows with its square (A10)
_MOST_DIGITS_OF_A_FLOAT = 400
MOST_DEPTH = 64  # levels; Paytend's own contents have three, and a few hundred break who reads them (X13)
_DEEPEST = 10_000  # levels; what has more was written by nobody, and is not JSON here
_MODEST_LENGTH = 64 * 1024  # characters
_MODEST_VALUES = 2_000
_BESIDE_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"|[^\[\]{}"]+', re.DOTALL)
_ESCAPED = re.compile("[\x80-\xa0\u2000-\u2010\u2028-\u202f\u2066-\u206f]")
_LONG = 2**63
_WORDS = {None: "null", True: "true", False: "false"}


class NotStrictJson(ValueError):
    """The text is not JSON, or has duplicate keys, endless numbers or bottomless nesting."""


def _refuse_constant(_text: str) -> Never:
    raise NotStrictJson


def _read_integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise NotStrictJson
    return int(text)


def _read_decimal(text: str) -> Decimal:
    if len(text) > _MOST_DIGITS_OF_A_FLOAT:
        raise NotStrictJson
    number = Decimal(text)
    # The range of a double: whatever a JSON library wrote from one fits, 1e999 does not.
    if number and not -330 < number.adjusted() < 309:
        raise NotStrictJson
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    # Of a name that comes twice, one program verifies the first value and another uses the second (A9).
    if len(found) != len(pairs):
        raise NotStrictJson
    return found


_decoder = json.JSONDecoder(
    object_pairs_hook=_unique,
    # A float would round an amount, and what is written again would not be what Paytend signed.
    parse_float=_read_decimal,
    parse_int=_read_integer,
    parse_constant=_refuse_constant,
)


def storable(text: str) -> str:
    """Return a text as every database takes it: NUL is shown as U+FFFD, half a surrogate pair as "?"."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def parse(text: str) -> Any:
    """Return the value of a JSON text: integers as int, other numbers as Decimal; raises NotStrictJson."""
    try:
        return _decoder.decode(text)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise NotStrictJson from error


def is_modest(text: str) -> bool:
    """Whether reading and writing a JSON text costs little, whatever is in it: it may be anybody's."""
    if len(text) > _MODEST_LENGTH:
        return False
    values = text.count(",") + text.count("[") + text.count("{")
    return values <= _MODEST_VALUES and not is_too_deep(text)


def is_too_deep(text: str) -> bool:
    """Whether a JSON text is nested deeper than anybody reads.

    One whose brackets do not match, or that has more than _DEEPEST levels, is not JSON.
    """
    if text.count("[") + text.count("{") <= MOST_DEPTH:  # as a rule: nothing to search
        return False
    depth = deepest = 0
    for bracket in _BESIDE_BRACKETS.sub("", text):
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return depth == 0 and MOST_DEPTH < deepest <= _DEEPEST


def parse_object(text: str) -> dict[str, Any]:
    """Return a JSON object; raises NotStrictJson for anything else."""
    value = parse(text)
    if not isinstance(value, dict):
        raise NotStrictJson
    return value


class Verbatim(str):
    """A text without anything to escape, such as Base64: megabytes of it are not searched."""

    __slots__ = ()


def write(value: Any) -> str:
    """Return the one JSON text of a value: what is signed, what is encrypted, and what Paytend re-creates."""
    parts: list[str] = []
    _write(value, parts.append)
    text = "".join(parts)
    # Asking `isascii` is free; only a text with other characters is searched for the ones to escape.
    return text if text.isascii() else _ESCAPED.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _write(value: Any, add: Callable[[str], None]) -> None:
    match value:
        case Verbatim():
            add('"')
            add(value)
            add('"')
        case str():
            add(encode_basestring(value))
        case dict():
            comma = "{"
            for name, inner in value.items():
                add(f"{comma}{encode_basestring(name)}:")
                _write(inner, add)
                comma = ","
            add("}" if value else "{}")
        case list() | tuple():
            comma = "["
            for inner in value:
                add(comma)
                _write(inner, add)
                comma = ","
            add("]" if value else "[]")
        case _:
            add(_write_leaf(value))


def _write_leaf(value: Any) -> str:
    match value:
        case None | bool():
            return _WORDS[value]
        case int():
            # Hutool writes integers beyond 64 bits as texts (b.5 no. 1).
            return str(value) if -_LONG <= value < _LONG else f'"{value}"'
        case Decimal() | float():
            return _write_decimal(Decimal(str(value)))
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form here")


def _write_decimal(number: Decimal) -> str:
    text = format(number, "f")
    # Hutool drops the zeros at the end: 1.10 becomes 1.1 (b.5 no. 1).
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text
