"""How often one problem came back: it is one message that is brought up to date, with a count."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlmodel import Session, col, delete, select

from notifier.outbox.notice_facts import RepeatedFacts
from notifier.outbox.tables import Problem
from storage.upsert import insert_once

Repeated = TypeVar("Repeated", bound=RepeatedFacts)

QUIET = timedelta(hours=24)  # a problem that comes back after so long gets a new message


@dataclass(frozen=True, kw_only=True)
class RepeatedProblem:
    """The key of the problem's message, how often it came, and when first and last."""

    key: str
    times: int
    first_at: datetime
    last_at: datetime


def count_again(session: Session, problem: str, *, now: datetime) -> RepeatedProblem:
    """Count a problem that has come now, perhaps again."""
    insert_once(session, Problem, {"name": problem, "times": 0, "first_at": now, "last_at": now})
    query = select(Problem).where(Problem.name == problem).with_for_update()
    row = session.exec(query.execution_options(populate_existing=True)).one()
    if now - row.last_at >= QUIET:
        row.times, row.first_at = 0, now
    row.times, row.last_at = row.times + 1, now
    session.flush()
    # With the time: after a quiet day it is a new message, because an edit notifies nobody.
    key = f"{problem}@{row.first_at.isoformat()}"
    return RepeatedProblem(key=key, times=row.times, first_at=row.first_at, last_at=row.last_at)


def show_repeats(facts: Repeated, repeat: RepeatedProblem) -> Repeated:
    """Return the facts of a notice with how often its problem came."""
    return replace(facts, times=repeat.times, first_at=repeat.first_at, last_at=repeat.last_at)


def forget_old(session: Session, *, now: datetime) -> int:
    """Forget problems that did not come back; return how many."""
    old = delete(Problem).where(col(Problem.last_at) < now - QUIET)
    return int(session.connection().execute(old).rowcount)
