"""What people are shown of the books: the daily message, a difference, and that it is gone or known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from notifier.rendering.facts import TemplateFacts


@dataclass(frozen=True, kw_only=True)
class BooksDaily(TemplateFacts, template="books_daily"):
    """The comparison of a day in one sentence; `troubles` are what could not be compared."""

    day: date
    says: str
    agrees: bool
    compared: bool
    troubles: Sequence[str]
    at: datetime


@dataclass(frozen=True, kw_only=True)
class SaidRow:
    """One person's word that a difference is known."""

    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class BooksDiffer(TemplateFacts, template="books_differ"):
    """A difference and its state (open, known or gone); `button_value` is empty when nothing is left to press."""

    state: str
    kind: str
    words: str
    day: date
    money: str
    reference: str
    request: str
    card_id: str
    trade_id: str
    booked: str
    first_seen: datetime
    said: Sequence[SaidRow]
    button_value: Mapping[str, str]
    mentions: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class BooksMany(TemplateFacts, template="books_many"):
    """More differences at once than messages are posted; the lists from `day` to `last_day` have them all."""

    count: int
    day: date
    last_day: date  # after a pause several days are compared at once
    at: datetime
    mentions: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class BooksEnded(TemplateFacts, template="books_ended"):
    """A reply under a difference: it is gone, somebody said that it is known, or two people did."""

    state: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class KnownForm(TemplateFacts, template="books_known.view"):
    """The modal that asks why a difference is known; `button_value` is that of the button that was clicked."""

    kind: str
    words: str
    reference: str
    button_value: Mapping[str, str]
