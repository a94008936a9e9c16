"""The text that Hutool 5.8.16 makes of a JSON text, and a text that differs from it.

The vendor's demo verifies a signature over the re-serialised form (paytend-api.md b.5 no. 1), so a client
must accept an answer whose signature covers that form while the bytes that travel look different.
"""

import json
from decimal import Decimal
from typing import Any

_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_ESCAPED_RANGES = ((0x00, 0x1F), (0x80, 0xA0), (0x2000, 0x2010), (0x2028, 0x202F), (0x2066, 0x206F))
_LONG = 2**63


def _quoted(text: str) -> str:
    shown = []
    for character in text:
        code = ord(character)
        if character in _SHORT:
            shown.append(_SHORT[character])
        elif any(low <= code <= high for low, high in _ESCAPED_RANGES):
            shown.append(f"\\u{code:04x}")
        else:
            shown.append(character)
    return '"' + "".join(shown) + '"'


def _number(value: Decimal) -> str:
    plain = format(value, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    whole = "." not in plain
    return f'"{plain}"' if whole and not -_LONG <= int(plain) < _LONG else plain


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(name)}:{_written(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(item) for item in value) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _number(value) if isinstance(value, Decimal) else _quoted(value)


def hutool_form(text: str) -> str:
    """Return the compact form: order kept, numbers shortened (1.10 is 1.1), certain characters as \\uXXXX."""
    return _written(json.loads(text, parse_int=Decimal, parse_float=Decimal))


def loosened(content: dict[str, Any]) -> str:
    """Return a JSON text of `content` that is not its Hutool form: spaces, escapes, a number like 1.10."""
    text = json.dumps(content, ensure_ascii=True, separators=(", ", ": ")).replace("/", "\\/")
    return text[:-1] + (", " if content else "") + '"exchangeRate": 1.10}'
