"""Keeps the result of each day, and tells the audit channel once a day."""

import json
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from approvals.audit import chain
from approvals.books.differences import CLOCK
from approvals.books.notices import BooksDaily
from approvals.books.tables import BooksDay, BooksDifference
from approvals.books.tally import DayResult, say_result
from approvals.context import ApprovalContext
from storage.upsert import insert_once

MORNING = 7  # the hour from which the day before is told, in Paytend's zone
LOOK_BACK = timedelta(days=7)  # for days that nobody compared, and for differences that are still open


def write_day(
    session: Session, context: ApprovalContext, *, day: date, result: DayResult, now: datetime
) -> BooksDay:
    """Keep the newest result of a day; a message that was posted is brought up to date."""
    insert_once(session, BooksDay, {"day": day, "compared_at": now, "is_whole": False, "result": ""})
    row = session.get_one(BooksDay, day, with_for_update=True)
    text = json.dumps(asdict(result))
    changed = row.result != text
    row.compared_at, row.is_whole, row.result = now, not result.troubles, text
    session.add(row)
    session.flush()
    if row.told_at is not None and changed:
        facts = _make_facts(day, result, now=now)
        context.outbox.edit(session, key=_message_key(day), kind=facts.template, facts=facts, now=now)
    return row


def tell_day(session: Session, context: ApprovalContext, *, row: BooksDay, channel: str, now: datetime) -> bool:
    """Tell the audit channel of a day, once; return whether it was told now."""
    if not channel or row.told_at is not None:
        return False
    result = read_result(row)
    facts = _make_facts(row.day, result, now=now)
    context.outbox.enqueue(
        session, kind=facts.template, facts=facts, recipient=channel, now=now, key=_message_key(row.day)
    )
    row.told_at = now
    session.add(row)
    said: dict[str, Any] = {"says": facts.says, "agrees": result.agrees}
    subject = f"books:{row.day.isoformat()}"
    chain.append(
        session, "books:compared", key=context.audit_key, actor=CLOCK, subject=subject, facts=said, now=now
    )
    return True


def find_days(session: Session, first: date, last: date) -> list[BooksDay]:
    """Return the days that were compared, in their order."""
    query = select(BooksDay).where(BooksDay.day >= first, BooksDay.day <= last).order_by(col(BooksDay.day))
    return list(session.exec(query).all())


def read_result(row: BooksDay) -> DayResult:
    """Return the result of a day as it was written."""
    return DayResult(**json.loads(row.result))


def first_to_compare(session: Session, *, today: date) -> date:
    """Return the first day that the hourly comparison covers.

    It is yesterday; earlier where a difference is open or where the bot was not running, but at most seven days.
    """
    earliest = today - LOOK_BACK
    opened: date | None = session.exec(
        select(func.min(BooksDifference.day)).where(
            BooksDifference.day >= earliest,
            col(BooksDifference.gone_at).is_(None),
            col(BooksDifference.known_at).is_(None),
        )
    ).one()
    told: date | None = session.exec(
        select(func.max(BooksDay.day)).where(col(BooksDay.told_at).is_not(None))
    ).one()
    yesterday = today - timedelta(days=1)
    missed = yesterday if told is None else told + timedelta(days=1)
    return max(earliest, min(yesterday, missed, yesterday if opened is None else opened))


def count_open(session: Session, *, since: date, limit: int) -> int:
    """Return how many open differences of these days people were told of, `limit` at most."""
    some = select(BooksDifference.id).where(
        BooksDifference.day >= since,  # by the index of days
        col(BooksDifference.told_at).is_not(None),
        col(BooksDifference.gone_at).is_(None),
        col(BooksDifference.known_at).is_(None),
    )
    return session.exec(select(func.count()).select_from(some.limit(limit).subquery())).one()


def _make_facts(day: date, result: DayResult, *, now: datetime) -> BooksDaily:
    return BooksDaily(
        day=day,
        says=say_result(result),
        agrees=result.agrees,
        compared=not result.troubles,
        troubles=list(result.troubles),
        at=now,
    )


def _message_key(day: date) -> str:
    return f"books:{day.isoformat()}"
