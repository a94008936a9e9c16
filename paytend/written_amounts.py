"""Amounts as people write them, in Slack, in settings and at the shell: one reader, which never guesses."""

import re
from decimal import Decimal

from paytend.money import PRECISION, Money, NotMoney

_AMOUNT = re.compile(r"[0-9][0-9.,' ]*")
# Thousands only: in Spain 5'20 is five and twenty cents.
_SET_APART = re.compile(r"[0-9]{1,3}(?P<mark>[' ])[0-9]{3}(?:(?P=mark)[0-9]{3})*(?:[.,][0-9]*)?")
_LONGEST = 30  # characters
_SHOWN = 40


class AmbiguousAmount(NotMoney):
    """The amount can be read in two ways: `1.200` is 1200 in Germany and 1.2 in Ireland."""


def read_written_amount(text: str) -> Decimal:
    """Return the number of `120.50`, `120,50`, `1,200.50`, `1.200,50` or `1'200.50`; raises NotMoney.

    With both marks the last one is the decimal mark. Raises AmbiguousAmount where a mark could be either.
    """
    shown = text[:_SHOWN]
    if not _AMOUNT.fullmatch(text) or len(text) > _LONGEST:
        raise NotMoney(f"“{shown}” isn’t an amount")
    if re.search(r"[' ]", text) and not _SET_APART.fullmatch(text):
        raise NotMoney(f"“{shown}” isn’t an amount")
    plain = re.sub(r"[' ]", "", text)
    marks = re.findall(r"[.,]", plain)
    if not marks:
        return Decimal(plain)
    whole, mark, fraction = plain.rpartition(marks[-1])
    other = "," if mark == "." else "."
    # With three digits after the only mark, the person is asked.
    if mark in whole or (len(fraction) == 3 and other not in whole and whole.strip("0")):
        if mark in whole and all(len(part) == 3 for part in plain.split(mark)[1:]) and other not in plain:
            return Decimal(plain.replace(mark, ""))
        if mark in whole:
            raise NotMoney(f"“{shown}” isn’t an amount")
        large, small = plain.replace(mark, ""), f"{whole}.{fraction.removesuffix('0')}"
        raise AmbiguousAmount(f"Is “{shown}” {large} or {small}? Write {large} or {small}")
    groups = whole.split(other)
    if len(groups) > 1 and any(len(group) != 3 for group in groups[1:]):
        raise NotMoney(f"“{shown}” isn’t an amount")
    return Decimal(f"{whole.replace(other, '')}.{fraction or '0'}")


def read_written_money(text: str) -> Money:
    """Return the money of "500.00 EUR" or "-500,00 EUR", as settings have it; raises NotMoney."""
    amount, _, currency = text.strip().partition(" ")
    currency = currency.strip()
    if currency not in PRECISION:
        raise NotMoney('money is written with its currency, such as "500.00 EUR"')
    plain = amount.removeprefix("-")
    # As we write it ourselves: three decimals with a point are no thousands where the currency has three.
    if PRECISION[currency] == 3 and re.fullmatch(r"[0-9]+\.[0-9]{3}", plain):
        number = Decimal(plain)
    else:
        number = read_written_amount(plain)
    return Money(amount=-number if amount.startswith("-") else number, currency=currency)
