"""Reads amounts of money that people type; where a comma or a point could mean two things, it asks."""

import itertools
import re
from collections.abc import Sequence
from decimal import Decimal

from commands.reading.arguments import misread
from paytend import Money, NotMoney
from paytend.money import PRECISION
from paytend.written_amounts import read_written_amount

_SIGNS = {"€": "EUR", "₮": "USDT"}
_GROUP = re.compile(r"[0-9]{3}(?:[.,][0-9]+)?")  # behind a space it may be the thousands of the number before
_FRACTION = re.compile(r"[.,'][0-9]+")
_WITH_LETTERS = re.compile(r"(?P<before>[A-Za-z]*)(?P<amount>[^A-Za-z]+)(?P<after>[A-Za-z]*)")
_SHOWN = 40  # characters
CURRENCIES = ("EUR", "USDT")  # what Paytend tops up (paytend-api.md a.4)


def read_money(words: Sequence[str], *, form: str, default: str = "EUR") -> tuple[Money, Sequence[str]]:
    """Return the money in the first words, as `120.50`, `120,50 eur`, `€120.50` or `120 EUR`; raises Misread."""
    if not words:
        raise misread("How much?", form=form)
    amount, currency = _split_currency(words[0])
    rest = words[1:]
    if parts := _find_parts(amount, rest):
        meant = f"{words[0]}{''.join(parts)}"[:_SHOWN]
        raise misread(f"Did you mean {meant}? Write amounts without spaces.", form=form)
    behind = _read_currency(rest[0]) if rest else ""
    if behind and currency in ("", behind):
        currency, rest = behind, rest[1:]
    # Another one right behind it would pass for the reason.
    other = _read_currency(rest[0]) if rest else ""
    if currency and other in CURRENCIES and other != currency:
        raise misread(f"{currency} or {other}? Write one currency.", form=form)
    currency = currency or default
    if currency not in CURRENCIES:
        raise misread(f"Top-ups are in {' or '.join(CURRENCIES)}, not in {currency}.", form=form)
    try:
        money = Money(amount=_read_amount(amount, form=form), currency=currency)
    except NotMoney as error:
        raise misread(f"“{words[0][:40]}” isn’t an amount: {error}.", form=form) from error
    if money.minor <= 0:
        raise misread("Enter an amount above 0.", form=form)
    return money, rest


def _find_parts(amount: str, rest: Sequence[str]) -> Sequence[str]:
    """Return the words behind a number that may be a part of it: a wrong guess would move other money."""
    if not rest:
        return ()
    # `1 200` may be 1,200, or 1 with a reason that begins with "200".
    groups = list(itertools.takewhile(_GROUP.fullmatch, rest)) if amount.isdigit() else []
    if groups:
        return groups
    # `12, 50`, as phones write it.
    is_broken = amount[-1:] in (".", ",", "'") and rest[0][:1].isdigit()
    # `10 20` alone: nobody gives "20" for a reason.
    is_last = len(rest) == 1 or bool(_read_currency(rest[1]))
    is_pair = amount.isdigit() and len(rest[0]) == 2 and rest[0].isdigit() and is_last
    if is_pair:
        return (".", rest[0])
    return (rest[0],) if is_broken or _FRACTION.match(rest[0]) else ()


def _read_currency(word: str) -> str:
    """Return the currency that a word by itself names, as `eur`, `(EUR)` or `€`; empty if it names none."""
    plain = word.strip("().,;:").upper()
    return _SIGNS.get(plain, plain if plain in PRECISION else "")


def _split_currency(word: str) -> tuple[str, str]:
    """Return the amount and the currency before or behind it; between two digits it may be a decimal mark."""
    for sign, currency in _SIGNS.items():
        if word.startswith(sign) or word.endswith(sign):
            return word.removeprefix(sign) if word.startswith(sign) else word.removesuffix(sign), currency
    parts = _WITH_LETTERS.fullmatch(word)
    letters = parts["before"] + parts["after"] if parts else ""
    if parts and letters.upper() in PRECISION and letters in (parts["before"], parts["after"]):
        return parts["amount"], letters.upper()
    return word, ""


def _read_amount(text: str, *, form: str) -> Decimal:
    """Return the number; where a comma or point could mean two things, ask instead of guessing."""
    try:
        return read_written_amount(text)
    except NotMoney as error:
        raise misread(f"{error}.", form=form) from error
