"""The tables of the books: the result of each day, and the differences with what people said about them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.utc_datetime import UtcDateTime

SAID_TABLE = "books_said"


def _moment(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_type=UtcDateTime, nullable=nullable)


class BooksDay(SQLModel, table=True):
    """The newest comparison of a day; `result` is a DayResult in JSON, and `is_whole` whether nothing was missing.

    `told_at` is when the audit channel got the day's message, which later comparisons edit.
    """

    __tablename__ = "books_day"

    day: date = Field(primary_key=True)
    compared_at: datetime = _moment()
    is_whole: bool
    result: str
    told_at: datetime | None = _moment(nullable=True)


class BooksDifference(SQLModel, table=True):
    """One difference, known by `identity`, a keyed digest: it is posted once and edited.

    `told_at` is None for what is listed and alarms nobody. `gone_at` is set when a later comparison with Paytend's
    whole list does not find it any more, and `known_at` when two people agreed that it is known.
    """

    __tablename__ = "books_difference"
    __table_args__ = (Index("ix_books_difference_day", "day", "id"),)  # the pages of `/partner books`

    id: str = Field(primary_key=True)
    identity: str = Field(unique=True)
    day: date
    kind: str
    book_class: str
    words: str
    request_id: str
    reference: str
    trade_id: str
    card_id: str
    money: str
    booked: str
    first_seen_at: datetime = _moment()
    last_seen_at: datetime = _moment()
    told_at: datetime | None = _moment(nullable=True)
    gone_at: datetime | None = _moment(nullable=True)
    known_at: datetime | None = _moment(nullable=True)


class BooksSaid(SQLModel, table=True):
    """One person's word that a difference is known, and why; inserted and never changed.

    `mac` binds it with a key that the database does not hold: a row that somebody else wrote counts for nothing.
    """

    __tablename__ = SAID_TABLE

    # With the person in the key, the database itself refuses a second word.
    difference_id: str = Field(primary_key=True)
    person_id: str = Field(primary_key=True)
    account: str
    name: str
    reason: str
    said_at: datetime = _moment()
    mac: str
