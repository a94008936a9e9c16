"""Tells people about what they asked for and a process that died did not finish.

It is not done again by itself: nobody knows how far it came, and a second run could make a second request.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from bot.database.engine import SqlDatabase
from bot.database.tables import OpenWork
from notifier.outbox.outbox import Outbox
from notifier.rendering.facts import TemplateFacts

# Longer than anything takes that people asked for, with its calls to a slow Paytend.
LONGEST = timedelta(minutes=5)
_AT_ONCE = 100  # rows


@dataclass(frozen=True, kw_only=True)
class WorkInterrupted(TemplateFacts, template="work_interrupted"):
    """What the person asked for, without anything they typed, and when."""

    what: str
    taken_at: datetime


@dataclass(frozen=True, kw_only=True)
class InterruptedWork:
    """Finds what was acknowledged and never finished."""

    database: SqlDatabase
    outbox: Outbox
    now_in: Callable[[Session], datetime]
    wake_deliverer: Callable[[], None]

    def tell(self) -> None:
        """Tell people about what should have been finished long ago: its process died, or lost the database."""
        with self.database.writing() as session:
            now = self.now_in(session)
            told = self._tell(session, before=now - LONGEST, now=now)
        if told:
            self.wake_deliverer()

    def recover(self) -> int:
        """At the start of the only process: tell people about all that is left; return how many."""
        with self.database.writing() as session:
            now = self.now_in(session)
            return self._tell(session, before=now, now=now)

    def _tell(self, session: Session, *, before: datetime, now: datetime) -> int:
        # Locked in one order, and taken by one of two replicas.
        left = select(OpenWork).where(col(OpenWork.taken_at) <= before).order_by(OpenWork.key).limit(_AT_ONCE)
        rows: Sequence[OpenWork] = session.exec(left.with_for_update(skip_locked=True)).all()
        for row in rows:
            facts = WorkInterrupted(what=row.what, taken_at=row.taken_at)
            self.outbox.enqueue(session, kind=facts.template, facts=facts, recipient=row.account, now=now)
            session.delete(row)
        return len(rows)
