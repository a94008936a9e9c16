"""Reads what people type: forgiving in form, strict in meaning; a near miss gets a guess."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from approvals.refusals import Refusal
from paytend import Money, NotMoney
from paytend.money import PRECISION

LONGEST_TEXT = 3000
_CARD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # no format is documented; none of these means anything to Slack
_REFERENCE = re.compile(r"[A-Za-z0-9]{6,32}")  # ours have 26 characters; the predecessor took up to 32 (a.1)
_SIGNS = {"€": "EUR", "₮": "USDT"}
_AMOUNT = re.compile(r"[0-9][0-9.,' ]*")
_GROUP = re.compile(r"[0-9]{3}(?:[.,][0-9]+)?")  # behind a space it may be the thousands of the number before
CURRENCIES = ("EUR", "USDT")  # what Paytend tops up (paytend-api.md a.4)


@dataclass(frozen=True, kw_only=True)
class TypedWords:
    """The words typed behind the word of a form.

    `form` shows how the form is written, for a person who misspelled it; `today` is the date at Paytend.
    """

    words: Sequence[str]
    form: str
    today: date


class Misread(Refusal):
    """{problem} {form}{guess}"""

    is_recorded = False


def misread(problem: str, *, form: str, guess: str = "") -> Misread:
    """Return the refusal of what was typed: what was wrong, the right form, and a near guess."""
    return Misread(problem=problem, form=f"Write `{form}`." if form else "", guess=f" {guess}" if guess else "")


def guess(word: str, known: Iterable[str]) -> str:
    """Return "Did you mean …?" for a near miss, else nothing."""
    near = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f"Did you mean `{near[0]}`?" if near else ""


def read_card_id(words: Sequence[str], *, form: str, of: str = "card") -> tuple[str, Sequence[str]]:
    """Return the card or cardholder id in the first word, and the words after it; raises Misread."""
    if not words:
        raise misread(f"Which {of}?", form=form)
    if not _CARD_ID.fullmatch(words[0]):
        raise misread(f"“{words[0][:40]}” is no {of} id.", form=form)
    return words[0], words[1:]


def read_one_card(typed: TypedWords) -> str:
    """Return the only card id; raises Misread."""
    card_id, rest = read_card_id(typed.words, form=typed.form)
    no_more(rest, form=typed.form)
    return card_id


def read_reference(typed: TypedWords) -> str:
    """Return the only reference; raises Misread."""
    if len(typed.words) != 1 or not _REFERENCE.fullmatch(typed.words[0]):
        raise misread("A reference is 6 to 32 letters and digits.", form=typed.form)
    return typed.words[0]


def read_nothing(typed: TypedWords) -> None:
    """Refuse any word; raises Misread."""
    no_more(typed.words, form=typed.form)


def read_no_fields(typed: TypedWords) -> dict[str, str]:
    """Return no inputs for a modal, and refuse any word; raises Misread."""
    no_more(typed.words, form=typed.form)
    return {}


def ignore_words(_typed: TypedWords) -> None:
    """Accept any words and read nothing from them: help is shown whatever follows it."""


def no_more(words: Sequence[str], *, form: str) -> None:
    """Refuse words that nothing was made of."""
    if words:
        raise misread(f"“{' '.join(words)[:60]}” is one thing too many.", form=form)


def read_money(words: Sequence[str], *, form: str, default: str = "EUR") -> tuple[Money, Sequence[str]]:
    """Return the money in the first words, as `120.50`, `120,50 eur`, `€120.50` or `120 EUR`; raises Misread."""
    if not words:
        raise misread("How much?", form=form)
    amount, currency = _split_currency(words[0])
    rest = words[1:]
    # `1 200` may be 1,200, or 1 with a reason that begins with "200": a wrong guess would move money.
    if rest and amount.isdigit() and _GROUP.fullmatch(rest[0]):
        raise misread(f"“{words[0][:20]} {rest[0]}” can be one number or two; write it in one.", form=form)
    if not currency and rest and rest[0].upper() in PRECISION:
        currency, rest = rest[0].upper(), rest[1:]
    currency = currency or default
    if currency not in CURRENCIES:
        raise misread(f"Top-ups are in {' or '.join(CURRENCIES)}, not in {currency}.", form=form)
    try:
        money = Money(amount=_read_amount(amount, form=form), currency=currency)
    except NotMoney as error:
        raise misread(f"“{words[0][:40]}” is no amount: {error}.", form=form) from error
    if money.minor <= 0:
        raise misread("The amount must be more than nothing.", form=form)
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
    if not _AMOUNT.fullmatch(text) or len(text) > 30:
        raise misread(f"“{text[:40]}” is no amount.", form=form)
    plain = re.sub(r"[' ]", "", text)
    marks = re.findall(r"[.,]", plain)
    if not marks:
        return Decimal(plain)
    whole, mark, fraction = plain.rpartition(marks[-1])
    other = "," if mark == "." else "."
    # `1.200` is 1200 in Germany and 1.2 in Ireland: with three digits after the only mark, the person is asked.
    if mark in whole or (len(fraction) == 3 and other not in whole):
        if mark in whole and all(len(part) == 3 for part in plain.split(mark)[1:]) and other not in plain:
            return Decimal(plain.replace(mark, ""))
        whole_text, parted = plain.replace(mark, ""), f"{whole}.{fraction}"
        raise misread(f"“{text[:40]}” can be {whole_text} or {parted}.", form=form)
    # With both marks, as in `1.200,50`, the last is the decimal mark and the other separates groups of three.
    groups = whole.split(other)
    if len(groups) > 1 and any(len(group) != 3 for group in groups[1:]):
        raise misread(f"“{text[:40]}” is no amount.", form=form)
    return Decimal(f"{whole.replace(other, '')}.{fraction or '0'}")
