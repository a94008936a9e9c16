"""Reads amounts of money that people type; where a comma or a point could mean two things, it asks."""

import re
from collections.abc import Sequence
from decimal import Decimal

from commands.reading.arguments import misread
from paytend import Money, NotMoney
from paytend.money import PRECISION
from paytend.written_amounts import read_written_amount

_SIGNS = {"€": "EUR", "₮": "USDT"}
_GROUP = re.compile(r"[0-9]{3}(?:[.,][0-9]+)?")  # behind a space it may be the thousands of the number before
CURRENCIES = ("EUR", "USDT")  # what Paytend tops up (paytend-api.md a.4)


def read_money(words: Sequence[str], *, form: str, default: str = "EUR") -> tuple[Money, Sequence[str]]:
    """Return the money in the first words, as `120.50`, `120,50 eur`, `€120.50` or `120 EUR`; raises Misread."""
    if not words:
        raise misread("How much?", form=form)
    amount, currency = _split_currency(words[0])
    rest = words[1:]
    # `1 200` may be 1,200, or 1 with a reason that begins with "200": a wrong guess would move money.
    if rest and amount.isdigit() and _GROUP.fullmatch(rest[0]):
        raise misread(f"Did you mean {words[0][:20]}{rest[0]}? Write amounts without spaces.", form=form)
    if not currency and rest and rest[0].upper() in PRECISION:
        currency, rest = rest[0].upper(), rest[1:]
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


def _split_currency(word: str) -> tuple[str, str]:
    for sign, currency in _SIGNS.items():
        if sign in word:
            return word.replace(sign, ""), currency
    letters = re.sub(r"[^A-Za-z]", "", word)
    if letters and letters.upper() in PRECISION:
        return re.sub(r"[A-Za-z]", "", word), letters.upper()
    return word, ""


def _read_amount(text: str, *, form: str) -> Decimal:
    """Return the number; where a comma or point could mean two things, ask instead of guessing."""
    try:
        return read_written_amount(text)
    except NotMoney as error:
        raise misread(f"{error}.", form=form) from error
