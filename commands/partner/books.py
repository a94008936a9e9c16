"""`/partner books`: the partner account of one day beside what was approved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from approvals.books.tally import DayResult, say_result
from commands.lists import pages as lists
from commands.lists.pages import ListPage
from commands.reading.arguments import TypedWords, misread, no_more
from commands.reading.dates import read_day
from commands.slash_command import Reply

LONGEST_AGO = timedelta(days=366)
MOST_TROUBLES = 10


@dataclass(frozen=True, kw_only=True)
class BookLine:
    """One thing that does not simply agree; `state` is open, known or gone."""

    kind: str
    money: str
    words: str
    state: str
    reference: str
    trade_id: str
    booked: str


@dataclass(frozen=True, kw_only=True)
class BooksReply(Reply, template="partner_books"):
    """The comparison of a day, and one page of what does not simply agree."""

    day: date
    says: str
    agrees: bool
    troubles: Sequence[str]
    compared: datetime
    rows: Sequence[BookLine]
    page: ListPage


def read_book_day(typed: TypedWords) -> date:
    """Return the day of `/partner books`, yesterday where none was typed; raises Misread."""
    if not typed.words:
        return typed.today - timedelta(days=1)
    day = read_day(typed.words[0], today=typed.today, form=typed.form)
    if day is None:
        raise misread(f"“{typed.words[0][:20]}” is no date: write it as `2026-11-01`.", form=typed.form)
    no_more(typed.words[1:], form=typed.form)
    if day > typed.today:
        raise misread(f"{day} is in the future.", form=typed.form)
    if day < typed.today - LONGEST_AGO:
        raise misread(f"{day} is more than a year ago; `cardops books` at the shell compares it.", form=typed.form)
    return day


def show(
    day: date,
    *,
    result: DayResult,
    rows: Sequence[BookLine],
    start: int,
    total: int,
    compared: datetime,
) -> BooksReply:
    """Return one page of a day; `rows` are those of the page, `total` counts all."""
    value = {"day": day.isoformat()}
    return BooksReply(
        day=day,
        says=say_result(result),
        agrees=result.agrees,
        troubles=list(result.troubles)[:MOST_TROUBLES],
        compared=compared,
        rows=rows,
        page=lists.make_page(shown=len(rows), start=start, total=total, value=value),
    )
