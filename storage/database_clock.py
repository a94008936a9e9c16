"""The time by which leases and deadlines are decided: that of the database, which all replicas share.

A process's own wall clock may be wrong, and it may jump; what it says decides nothing about money.
"""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

SLACK = timedelta(seconds=1)  # two clocks differ a little; more than this is a jump
AHEAD = timedelta(seconds=5)  # more than this between two readings is a jump ahead

_log = logging.getLogger(__name__)


class DatabaseClock:
    """Reads PostgreSQL's clock; on SQLite, whose file belongs to one process, the clock of this machine.

    What it returns never goes back: when the clock that it reads jumps back, the time goes on from where it was,
    as fast as `monotonic` does (seconds from an arbitrary start), until that clock has caught up. So no deadline
    that this process saw pass is open again.
    """

    def __init__(self, *, wall: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        """Prepare; nothing is read yet. `wall` is the clock of this machine."""
        self._wall = wall
        self._monotonic = monotonic
        self._last: tuple[datetime, float] | None = None
        self._jumped = False
        # How often the clock that is read was seen to jump, by direction; each jump is one.
        self.steps = {"back": 0, "ahead": 0}
        self._lock = threading.Lock()

    def __call__(self, session: Session) -> datetime:
        """Return the time now, in UTC."""
        with self._lock:  # else two threads could return their times in the wrong order
            # Before the clock is read: that may take long, and the time at its end must not be counted twice.
            moment = self._monotonic()
            found = self._read(session)
            if self._last is not None:
                found = self._go_on(found, *self._last, moment=moment)
            self._last = found, moment
        return found

    def _read(self, session: Session) -> datetime:
        if session.get_bind().dialect.name == "sqlite":
            return self._wall()
        # Not `now()`, which stands still within a transaction that waits for a lock.
        found: datetime = session.connection().execute(text("SELECT clock_timestamp()")).scalar_one()
        return found.astimezone(UTC)

    def _go_on(self, found: datetime, last: datetime, since: float, *, moment: float) -> datetime:
        """Return what was found, or where the time must be by now if that is later than a small difference."""
        steady = last + timedelta(seconds=max(0.0, moment - since))
        jumped = found < steady - SLACK
        if jumped and not self._jumped:
            self.steps["back"] += 1
            _log.warning("clock.went_back", extra={"seconds": round((steady - found).total_seconds())})
        elif found > steady + AHEAD:
            self.steps["ahead"] += 1
            _log.warning("clock.went_ahead", extra={"seconds": round((found - steady).total_seconds())})
        self._jumped = jumped
        # A small difference is followed: two clocks that run a little differently must not drift apart.
        return steady if jumped else max(found, last)
