"""Reads what people type: forgiving in form, strict in meaning; a near miss gets a guess."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from approvals.refusals import Refusal
from approvals.written_ids import has_leading_zero, normalize_id

# No format is documented; none of these means anything to Slack. A sign in front could be read as a number's.
_CARD_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
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
    """Return the card or cardholder id in the first word, and the words after it; raises Misread.

    Here every id gets its one spelling: two spellings would be two cards for limits and for what is open.
    """
    words = join_sign(words)
    if not words:
        raise misread(f"Which {of}?", form=form)
    found = normalize_id(words[0])
    if not _CARD_ID.fullmatch(found):
        raise misread(f"“{words[0][:40]}” is not a {of} ID.", form=form)
    if has_leading_zero(found):
        plain = found.lstrip("0")
        near = f"If you mean {of} {plain}, write {plain}." if plain else ""
        raise misread(f"“{found[:40]}” begins with a zero, and no {of} ID does.", form=form, guess=near)
    return found, words[1:]


def read_input_id(fields: Mapping[str, str], name: str, *, of: str = "card") -> str:
    """Return the only id in an input of a modal; raises Misread."""
    found, rest = read_card_id(fields.get(name, "").split(), form="", of=of)
    if rest:
        raise misread("One id, without spaces.", form="")
    return found


def join_sign(words: Sequence[str]) -> Sequence[str]:
    """Return the words without a "#" that stands by itself before the id."""
    return words[1:] if words and words[0] in {"#", "№"} else words


def read_one_card(typed: TypedWords) -> str:
    """Return the only card id; raises Misread."""
    card_id, rest = read_card_id(typed.words, form=typed.form)
    no_more(rest, form=typed.form)
    return card_id


def read_reference(typed: TypedWords) -> str:
    """Return the only reference; raises Misread."""
    words = [normalize_id(word) for word in join_sign(typed.words)]
    if len(words) != 1 or not _REFERENCE.fullmatch(words[0]):
        raise misread("A reference is 6 to 32 letters and digits.", form=typed.form)
    return words[0]


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
        raise misread(f"I didn’t understand “{' '.join(words)[:60]}”.", form=form)
