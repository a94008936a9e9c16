"""Reads how other notations write one character: addresses, HTML, JSON, JavaScript, Python. Pure."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from html.entities import html5
from typing import NamedTuple

MOST_NESTED = 4  # notations one in the other; `%2520` and `&amp;nbsp;` are read at once

_HEX = "[0-9A-Fa-f]"
_PERCENT, _BACKSLASH, _AMPERSAND = "%(?:25)*", r"\\+", "&(?:amp;)*"
# The first sign is read before: so a pattern begins with few characters, and most places are passed over quickly.
# Of several backslashes only the first begins one: each of a million would otherwise be tried with all behind it.
_AFTER_PERCENT, _AFTER_BACKSLASH, _AFTER_AMPERSAND = "(?<=%)(?:25)*", r"(?<=\\)(?<!\\\\)\\*", "(?<=&)(?:amp;)*"


def _utf8(first: str, sign: str) -> str:
    """Return the pattern of the bytes of one character; a byte that is none by itself counts as one."""
    more = f"{sign}[89ABab]{_HEX}"
    return f"{first}(?:[CDcd]{_HEX}{more}|[Ee]{_HEX}(?:{more}){{2}}|[Ff][0-7](?:{more}){{3}}|{_HEX}{{2}})"


_ESCAPE = re.compile(
    r"[&%<\\](?:"
    + "|".join(
        (
            rf"(?P<number>{_AFTER_AMPERSAND}#(?:[0-9]{{1,7}}|[xX]{_HEX}{{1,6}});)",
            # Some are read without a semicolon as well.
            rf"(?P<name>{_AFTER_AMPERSAND}(?:[A-Za-z][A-Za-z0-9]{{1,31}};|nbsp|shy|middot|quot|amp|lt|gt))",
            (
                rf"(?P<unit>{_AFTER_BACKSLASH}u[dD][89ABab]{_HEX}{{2}}{_BACKSLASH}u[dD][C-Fc-f]{_HEX}{{2}}"
                rf"|(?:{_AFTER_PERCENT}|{_AFTER_BACKSLASH})u{_HEX}{{4}}"
                rf"|{_AFTER_BACKSLASH}(?:u\{{{_HEX}{{1,6}}\}}|U{_HEX}{{8}}))"
            ),
            rf"(?P<bytes>{_utf8(_AFTER_PERCENT, _PERCENT)}|{_utf8(_AFTER_BACKSLASH + 'x', _BACKSLASH + 'x')})",
            rf"(?P<blank>{_AFTER_BACKSLASH}[abefnrtv]|(?<=<)/?[A-Za-z][A-Za-z0-9]{{0,9}}(?:\s[^<>]{{0,80}})?/?>)",
            r"(?P<sign>(?<=\\)(?<!\\\\)\\+)",
        )
    )
    + ")"
)
_MARKS = re.compile(rf"{_PERCENT}(?={_HEX}{{2}}|u)|\\+[xuU]?|[uU{{}}]|{_AMPERSAND}#?")
_HIGHEST = 0x10FFFF


class EscapeReading(NamedTuple):
    """A text in which each escape is the one character that it stands for.

    `at` are the places of these characters in it, in order, and `were` where each escape began and ended.
    """

    text: str
    at: Sequence[int]
    were: Sequence[tuple[int, int]]

    def place(self, begin: int, end: int) -> tuple[int, int]:
        """Return the places of a part of the text in the original."""
        return self._place(begin)[0], self._place(end - 1)[1]

    def _place(self, place: int) -> tuple[int, int]:
        before = bisect_right(self.at, place) - 1
        if before < 0:
            return place, place + 1
        if self.at[before] == place:
            return self.were[before]
        moved = self.were[before][1] + place - self.at[before] - 1
        return moved, moved + 1


def may_have_escapes(text: str) -> bool:
    """Whether a sign is in the text with which an escape begins."""
    return "%" in text or "&" in text or "\\" in text or "<" in text


def unescape(text: str) -> EscapeReading | None:
    """Return the text without escapes; None where it has none."""
    if not may_have_escapes(text):
        return None
    pieces: list[str] = []
    at: list[int] = []
    were: list[tuple[int, int]] = []
    done = length = 0
    for escape in _ESCAPE.finditer(text):
        begin, end = escape.span()
        length += begin - done
        pieces += [text[done:begin], _read(escape)]
        at.append(length)
        were.append((begin, end))
        length, done = length + 1, end
    return EscapeReading("".join([*pieces, text[done:]]), at, were) if at else None


def _read(escape: re.Match[str]) -> str:
    """Return the one character that an escape stands for; a sign where it stands for none."""
    match escape.lastgroup:
        case "number":
            code = _MARKS.sub("", escape.group())[:-1]
            return _character(int(code[1:], 16) if code[0] in "xX" else int(code))
        case "name":
            found = html5.get(f"{_MARKS.sub('', escape.group()).rstrip(';')};", ";")
            return found if len(found) == 1 else ";"
        case "unit":
            code = _MARKS.sub("", escape.group())
            # Two units of UTF-16.
            if len(code) == 8 and code[0] in "dD":
                return bytes.fromhex(code).decode("utf-16-be", "replace")[:1]
            return _character(int(code, 16))
        case "bytes":
            written = bytes.fromhex(_MARKS.sub("", escape.group()))
            found = written.decode("utf-8", "replace")
            return found if len(found) == 1 and found != "\ufffd" else ";"
        case "sign":
            return "\\"
        case _:
            return " "


def _character(code: int) -> str:
    return chr(code) if code <= _HIGHEST else ";"
