"""What is a card number in a text, however it is written: the one normaliser for what is typed, answered,
logged, stored and shown. Pure.

A card number is in the range of a known scheme, has a length of that scheme, and its check digit is right. Between
its digits may be up to three characters that are neither letters nor digits; its digits may be of any script.
Percent-encoding, entities and tags of HTML, and escapes of JSON, JavaScript and Python are read as what they stand
for, also one in the other.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from paytend.escapes import MOST_NESTED, EscapeReading, may_have_escapes, unescape
from paytend.look_alikes import is_look_alike, set_aside

SHORTEST, LONGEST = 13, 19  # digits
_UP_TO_19 = frozenset(range(16, 20))


class _Range(NamedTuple):
    """The first digits of a scheme's numbers, from one prefix to another, and how many digits they have."""

    first: str
    last: str
    lengths: frozenset[int]


# ISO/IEC 7812 and what the schemes publish. Times in milliseconds and ids made of dates begin with 1 or 20.
RANGES: Sequence[_Range] = (
    _Range("4", "4", frozenset({13, 16, 19})),  # Visa
    _Range("51", "55", frozenset({16})),  # Mastercard
    _Range("2221", "2720", frozenset({16})),
    _Range("34", "34", frozenset({15})),  # American Express
    _Range("37", "37", frozenset({15})),
    _Range("300", "305", frozenset(range(14, 20))),  # Diners Club
    _Range("3095", "3095", frozenset(range(14, 20))),
    _Range("36", "36", frozenset(range(14, 20))),
    _Range("38", "39", frozenset(range(14, 20))),
    _Range("3528", "3589", _UP_TO_19),  # JCB
    _Range("50", "50", frozenset(range(13, 20))),  # Maestro, of which some have 12; and RuPay, Verve
    _Range("56", "58", frozenset(range(13, 20))),
    _Range("6", "6", frozenset(range(13, 20))),  # Discover, UnionPay, Maestro, RuPay, Troy
    _Range("2200", "2205", _UP_TO_19),  # Mir, Borica
    _Range("9792", "9792", frozenset({16})),  # Troy
)

_RANGES_BY_DIGIT = {
    digit: [known for known in RANGES if known.first[0] <= digit <= known.last[0]] for digit in "234569"
}

# Thirteen digits with at most three signs between two, the first as in RANGES: without them there is no card
# number to look for. Most texts with so many digits are dates, and those begin otherwise.
_SIGNS = "[^0-9A-Za-z]{0,3}"
_STARTS = rf"(?:[46]{_SIGNS}[0-9]|2{_SIGNS}[2-7]|3{_SIGNS}[04-9]|5{_SIGNS}[0-8]|9{_SIGNS}7)"
_ENOUGH = re.compile(rf"(?<![0-9]){_STARTS}(?:{_SIGNS}[0-9]){{11}}")
_RUN = re.compile(r"[0-9]+(?:[^0-9A-Za-z]{1,3}[0-9]+)*")
_GROUP = re.compile(r"[0-9]+")
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")  # letters by category, but nothing to see
_MASKS = re.compile(r"[^0-9*xX#•●]")


class _Folded(NamedTuple):
    """A text as ASCII with every digit as 0 to 9, and where each character begins and ends in the original."""

    text: str
    places: Sequence[tuple[int, int]] | None  # None: the same

    def place(self, begin: int, end: int) -> tuple[int, int]:
        """Return the places of a part of the folded text in the original."""
        return (begin, end) if self.places is None else (self.places[begin][0], self.places[end - 1][1])


class _Reading(NamedTuple):
    """A text as it can be read, and the steps that led to it, the last one first."""

    text: str
    steps: Sequence[_Folded | EscapeReading]

    def place(self, begin: int, end: int) -> tuple[int, int]:
        """Return the places of a part of it in the original."""
        for step in self.steps:
            begin, end = step.place(begin, end)
        return begin, end


class _Hit(NamedTuple):
    begin: int
    end: int
    digits: str


def find_card_numbers(text: str) -> list[str]:
    """Return the digits of every card number in a text, however it is written."""
    return [hit.digits for hit in _find(text)]


def mask_text(text: str) -> str:
    """Return the text with every card number in it masked."""
    if not _may_hold_number(text):  # most values of a message
        return text
    kept, done = [], 0
    for begin, end, digits in _find(text):
        kept += [text[done:begin], mask_card_number(digits)]
        done = end
    return "".join([*kept, text[done:]])


def mask_card_number(text: str) -> str:
    """Return the first six and the last four of a card number, whether or not it came masked."""
    kept = _MASKS.sub("", _read(text)[-1].text)
    # The most that every version of PCI DSS lets people see.
    return f"{kept[:6]}******{kept[-4:]}" if len(kept) >= SHORTEST else text.strip()


def is_card_number(digits: str) -> bool:
    """Whether digits are in the range of a scheme, as long as its numbers, with the right check digit."""
    return any(
        len(digits) in known.lengths and known.first <= digits[: len(known.first)] <= known.last
        for known in _RANGES_BY_DIGIT.get(digits[:1], ())
    ) and passes_luhn(digits)


def passes_luhn(digits: str) -> bool:
    """Whether the check digit of a card number is right (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _fold(text: str) -> _Folded:
    """Return a text with every digit as 0 to 9, without what cannot be seen, and other characters as ASCII."""
    if text.isascii():
        return _Folded(text, None)
    # Texts of a megabyte arrive: characters one by one in a comprehension.
    characters = [_FOLDED[character] for character in text]
    folded = "".join(characters)
    if len(folded) == len(text):  # nothing is left out
        return _Folded(folded, None)
    return _Folded(folded, [(place, place + 1) for place, character in enumerate(characters) if character])


def _read(text: str) -> list[_Reading]:
    """Return the text as it is, and as what its escapes stand for where it has any.

    Both count: `4111%1111` has a sign in it, and `4111%201111` a space.
    """
    step = _fold(text)
    readings = [_Reading(step.text, [step])]
    found = unescape(step.text)
    steps: list[_Folded | EscapeReading] = [step]
    for _ in range(MOST_NESTED):
        if found is None:
            break
        step = _fold(found.text)
        steps = [step, found, *steps]
        found = unescape(step.text)
    return [*readings, _Reading(step.text, steps)] if len(steps) > 1 else readings


def _may_hold_number(text: str) -> bool:
    """Whether there are digits enough. Each escape of one has a digit in it."""
    if len(text) < SHORTEST:
        return False
    if not text.isascii():
        return sum(map(str.isnumeric, text)) >= SHORTEST
    if not may_have_escapes(text):  # most texts
        return _ENOUGH.search(text) is not None
    return sum(map(text.count, "0123456789")) >= SHORTEST


def _find(text: str) -> list[_Hit]:
    """Return the card numbers of a text with their places in it, in order; those that overlap are one."""
    if not _may_hold_number(text):
        return []
    readings = [reading for reading in _read(text) if _ENOUGH.search(reading.text)]
    found = [hit for reading in readings for hit in _find_in(reading)]
    if len(readings) < 2:
        return found
    together: list[_Hit] = []
    for hit in sorted(found, key=lambda hit: (hit.begin, -hit.end)):
        if together and hit.begin < together[-1].end:
            before = together.pop()
            longest = max(before, hit, key=lambda each: each.end - each.begin)
            together.append(_Hit(before.begin, max(before.end, hit.end), longest.digits))
        else:
            together.append(hit)
    return together


def _find_in(reading: _Reading) -> Iterator[_Hit]:
    plain = set_aside(reading.text)
    together: list[_Hit] = []
    for run in _RUN.finditer(plain):
        if run.end() - run.start() >= SHORTEST:
            _add_hits(together, plain, list(_GROUP.finditer(plain, run.start(), run.end())))
    for begin, end, digits in together:
        yield _Hit(*reading.place(begin, end), digits)


def _add_hits(together: list[_Hit], text: str, groups: Sequence[re.Match[str]]) -> None:
    """Add the card numbers that begin and end with one of the groups; one that overlaps is added to the last."""
    for first, group in enumerate(groups):
        if group.group()[0] not in _RANGES_BY_DIGIT:
            continue
        digits = ""
        for last in groups[first : first + LONGEST]:  # each has a digit, and a megabyte of them may arrive
            digits += last.group()
            if len(digits) < SHORTEST:
                continue
            if len(digits) > LONGEST:
                break
            begin, end = group.start(), last.end()
            if not is_card_number(digits) or is_look_alike(text, begin=begin, end=end):
                continue
            if together and begin < together[-1].end:
                hit = together.pop()
                begin, end, digits_of_both = hit.begin, max(hit.end, end), hit.digits
                # Both may be one: nobody sees more than the first six and the last four of the whole.
                if end > hit.end:
                    digits_of_both = "".join(_GROUP.findall(text, begin, end))
                together.append(_Hit(begin, end, digits_of_both))
            else:
                together.append(_Hit(begin, end, digits))


def _fold_character(character: str) -> str:
    """Return a digit, an ASCII letter or sign, or nothing for what cannot be seen."""
    if character.isascii():
        return character
    category = unicodedata.category(character)
    if category[0] == "M" or category == "Cf" or character in _BLANK_LETTERS:
        return ""
    value = unicodedata.numeric(character, -1)
    if value in range(10):
        return str(int(value))
    known = unicodedata.normalize("NFKC", character)
    if len(known) == 1 and known.isascii():
        return known
    if character.isalnum():
        return "x"
    return "-" if category == "Pd" else " " if character.isspace() else ";"


class _FoldedCharacters(dict[str, str]):
    """What each character becomes, worked out once: texts have few different ones."""

    def __missing__(self, character: str) -> str:
        folded = _fold_character(character)
        if len(self) < 8192:  # nobody fills the memory with every character that there is
            self[character] = folded
        return folded


_FOLDED = _FoldedCharacters()
