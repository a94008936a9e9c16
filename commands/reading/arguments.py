"""Reads what people type: forgiving in form, strict in meaning; a near miss gets a guess."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from approvals.refusals import Refusal

_CARD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # no format is documented; none of these means anything to Slack
_REFERENCE = re.compile(r"[A-Za-z0-9]{6,32}")  # ours have 26 characters; the predecessor took up to 32 (a.1)


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
