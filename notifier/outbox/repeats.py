"""How often one problem came back: it is one message that is brought up to date, with a count."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, delete, select

from notifier.outbox.tables import Problem
from storage.upsert import insert_once

QUIET = timedelta(hours=24)  # what comes back after so long is told anew


@dataclass(frozen=True, kw_only=True)
class RepeatedProblem:
    """The key of the problem's message, and the facts that every notice of it has."""

    key: str
    facts: dict[str, Any]


def count_again(session: Session, problem: str, *, now: datetime) -> RepeatedProblem:
    """Count a problem that has come now, perhaps again."""
    insert_once(session, Problem, {"name": problem, "times": 0, "first_at": now, "last_at": now})
    query = select(Problem).where(Problem.name == problem).with_for_update()
    row = session.exec(query.execution_options(populate_existing=True)).one()
    if now - row.last_at >= QUIET:
        row.times, row.first_at = 0, now
    row.times, row.last_at = row.times + 1, now
    session.flush()
    facts = {"times": row.times, "first_at": row.first_at, "last_at": row.last_at}
    return RepeatedProblem(key=f"{problem}@{row.first_at.isoformat()}", facts=facts)


def forget_old(session: Session, *, now: datetime) -> int:
    """Forget problems that did not come back; return how many."""
    old = delete(Problem).where(col(Problem.last_at) < now - QUIET)
    return int(session.connection().execute(old).rowcount)
