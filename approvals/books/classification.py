"""Which of four classes a top-up or a row of Paytend's list is in, and why. Pure.

Nothing agrees by default: a top-up agrees when one row, and no other, has its reference, its money and its card.
What cannot be read or contradicts itself is never agreed and never absent: it cannot be told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from approvals.books.entries import BookedRow, Movement, OwnTopUp, looks_like_ours
from approvals.statuses import Status
from paytend.money import Money

EARLY = timedelta(hours=1)  # a top-up may be listed a little later than it was done


class BookClass(StrEnum):
    """The four classes."""

    AGREED = "agreed"
    DIFFERS = "differs"
    NOT_OURS = "not ours"
    UNCLEAR = "cannot tell"


class FindingKind(StrEnum):
    """What was found, more exactly than its class."""

    AGREED = "agreed"
    ABSENT = "absent"
    OTHER_AMOUNT = "other amount"
    OTHER_CARD = "other card"
    TWICE = "twice"
    TAKEN_BACK = "taken back"
    NOT_EXECUTED = "not executed here"
    ALTERED = "altered here"
    NO_REQUEST = "our reference, no request"
    NOT_OURS = "not ours"
    EARLY = "too new"
    UNCLEAR = "cannot tell"

    @property
    def book_class(self) -> BookClass:
        """The class of this kind; what is not named is a difference."""
        return _CLASSES.get(self, BookClass.DIFFERS)


_CLASSES = {
    FindingKind.AGREED: BookClass.AGREED,
    FindingKind.NOT_OURS: BookClass.NOT_OURS,
    FindingKind.EARLY: BookClass.UNCLEAR,
    FindingKind.UNCLEAR: BookClass.UNCLEAR,
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was compared. `day` is the one to which it belongs; `row` is one of its rows, if any."""

    kind: FindingKind
    words: str
    day: date | None
    own: OwnTopUp | None = None
    row: BookedRow | None = None

    @property
    def book_class(self) -> BookClass:
        """The class that it is in."""
        return self.kind.book_class

    @property
    def money(self) -> Money | None:
        """The money that moved, or else that should have."""
        moved = self.row.money if self.row else None
        return moved or (self.own.money if self.own else None)

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes it the same finding in the next comparison."""
        moved = str(self.row.money) if self.row else ""
        trade = "" if self.row is None else self.row.trade or f"{self.row.booked}|{self.row.key}"
        # A double is one finding, whichever of its rows is listed first.
        named = "" if self.own and self.kind is FindingKind.TWICE else trade
        return (self.kind.value, self.own.request_id if self.own else "", named, moved)


def judge_own(own: OwnTopUp, rows: Sequence[BookedRow], *, is_whole: bool, now: datetime) -> Finding | None:
    """Return what becomes of one of our top-ups; None where nothing is due and nothing moved.

    `rows` are all that were found for it; `is_whole` says whether they are all that Paytend has.
    """
    rows = [row for row in rows if row.movement is not Movement.FEE]
    if not rows:
        return _judge_missing(own, is_whole=is_whole, now=now)
    if unclear := _find_unclear(rows):
        return _find(FindingKind.UNCLEAR, unclear, own, rows)
    happened = [row for row in rows if row.movement is Movement.HAPPENED]
    # Of a list that moved while it was read one row may come on two pages; of a whole one it is there twice.
    distinct = happened if is_whole else _drop_repeated(happened)
    if len(distinct) > 1:
        return _find(FindingKind.TWICE, _say_twice(distinct), own, distinct)
    if not happened or len(happened) < len(rows):
        return _judge_taken_back(own, rows, happened)
    return _judge_single(own, distinct[0], now=now)


def judge_stranger(row: BookedRow, *, prefix: str, may_be_ours: bool = False) -> Finding:
    """Return what a row is that belongs to none of our top-ups.

    `may_be_ours`: it has no reference, and one of ours with its amount is missing.
    """
    if unclear := _find_unclear([row]):
        return _find(FindingKind.UNCLEAR, unclear, None, [row])
    if looks_like_ours(row.key, prefix=prefix):
        words = "It has a reference like ours, and no request here has it."
        return _find(FindingKind.NO_REQUEST, words, None, [row])
    if may_be_ours:
        words = "It has no reference, and a top-up of this amount is missing: it may be that one."
        return _find(FindingKind.UNCLEAR, words, None, [row])
    return _find(FindingKind.NOT_OURS, "Nobody asked for it here.", None, [row])


def _judge_missing(own: OwnTopUp, *, is_whole: bool, now: datetime) -> Finding | None:
    if own.status is not Status.EXECUTED:
        return None
    if own.at is not None and now - own.at < EARLY:
        return _find(FindingKind.EARLY, "It was done within the last hour, and may be listed later.", own, [])
    if not is_whole:
        return _find(FindingKind.UNCLEAR, "Paytend's list is not whole, so it may be missing from it.", own, [])
    return _find(FindingKind.ABSENT, "It was done here, and Paytend does not list it.", own, [])


def _judge_taken_back(own: OwnTopUp, rows: list[BookedRow], happened: list[BookedRow]) -> Finding | None:
    if own.status is not Status.EXECUTED and not happened:
        return None  # nothing was done here, and nothing stays done at Paytend
    return _find(FindingKind.TAKEN_BACK, "Paytend lists it as reversed, cancelled or refunded.", own, rows)


def _judge_single(own: OwnTopUp, row: BookedRow, *, now: datetime) -> Finding:
    if own.money is None:
        words = "Money moved under it, and its request or its approvals are not as the bot wrote them."
        return _find(FindingKind.ALTERED, words, own, [row])
    if own.status is Status.EXECUTING and own.at is not None and now - own.at < EARLY:
        return _find(FindingKind.EARLY, "It is being done right now.", own, [row])
    if own.status is not Status.EXECUTED:
        words = f"It is {own.status} here, and Paytend lists it as done."
        return _find(FindingKind.NOT_EXECUTED, words, own, [row])
    if row.money is None or row.money.currency != own.money.currency or abs(row.money.amount) != own.money.amount:
        words = f"{own.money} was approved, and Paytend lists {row.money}."
        return _find(FindingKind.OTHER_AMOUNT, words, own, [row])
    if row.card_id and row.card_id != own.card_id:
        words = f"Card {own.card_id} was approved, and Paytend lists card {row.card_id}."
        return _find(FindingKind.OTHER_CARD, words, own, [row])
    return _find(FindingKind.AGREED, "", own, [row])


def _find_unclear(rows: Sequence[BookedRow]) -> str:
    """Return why rows cannot be compared; empty when they can."""
    for row in rows:
        if row.is_contradicted:
            return "Paytend's answers contradict each other about it."
        if row.money is None:
            return "Its amount or currency cannot be read."
        if row.day is None:
            return "Its time cannot be read."
        if row.movement is Movement.NOT_KNOWN:
            return "Its status at Paytend is not known here."
    return ""


def _drop_repeated(rows: Sequence[BookedRow]) -> list[BookedRow]:
    """Return the rows without repeated trades: a list that moves while it is read shows a row on two pages."""
    return list({row.trade or (row.booked, str(row.money), place): row for place, row in enumerate(rows)}.values())


def _say_twice(rows: Sequence[BookedRow]) -> str:
    trades = {row.trade for row in rows}
    under = "under one trade id" if len(trades) == 1 and "" not in trades else "as separate transactions"
    return f"Paytend lists it {len(rows)} times, {under}."


def _find(kind: FindingKind, words: str, own: OwnTopUp | None, rows: Sequence[BookedRow]) -> Finding:
    days = [row.day for row in rows if row.day is not None]
    sent = own.day if own else None
    # What agrees or is missing belongs to the day on which it was done here, anything else to its newest row.
    by_row = kind.book_class is not BookClass.AGREED and bool(days)
    return Finding(
        kind=kind,
        words=words,
        day=max(days) if by_row else sent or max(days, default=None),
        own=own,
        row=rows[0] if rows else None,
    )
