"""Watches the database with a small read and, less often, a small write of our own, on a thread of its own.

Readiness is read from what it last saw, so that a probe of the platform never waits for the database: one that
hangs, and a disk that is full, show within seconds (X4, O5).
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.database.tables import Slot
from storage.database import is_disk_full

READ_EVERY = 2.0  # seconds
WRITE_EVERY = 15.0
OLDEST_GOOD = 4.5  # seconds; older than this, what was last seen counts no more
OK = "ok"
_ROWS = 20  # of 200 characters: enough that new pages are needed, and not many bytes
_EVER = datetime(2000, 1, 1, tzinfo=UTC)  # so old that the sweep removes what a crash left behind

_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class DatabaseProbe:
    """What was last seen of the database; `observe` is told whether it can be written to.

    `name` is this replica's own, as its rows must not meet those of another one.
    """

    name: str
    database: SqlDatabase
    monotonic: Callable[[], float]
    observe: Callable[[bool], None]
    read_more: Callable[[], object] = lambda: None
    more: object = None  # what `read_more` returned last
    _seen_at: float | None = None
    _trouble: str = ""
    _write_trouble: str = ""
    _write_at: float = field(default=float("-inf"))

    @property
    def is_running(self) -> bool:
        """Whether it has begun to look; before, those who ask have to look for themselves."""
        return self._seen_at is not None

    def check(self) -> str:
        """Return "ok" or what is wrong, at once: nothing is asked here."""
        if self._seen_at is None or self.monotonic() - self._seen_at > OLDEST_GOOD:
            return self._trouble or "no answer"
        return self._trouble or self._write_trouble or OK

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Look every few seconds until `stop` is set (then set `wake` too)."""
        self._seen_at = self.monotonic()
        while not stop.is_set():
            wake.clear()
            self.look()
            wake.wait(READ_EVERY)

    def look(self) -> None:
        """Read, and write when it is time."""
        self._trouble = check_database(self.database)
        if self._trouble == OK:
            self._trouble = ""
            if self.monotonic() - self._write_at >= WRITE_EVERY:
                self._write_at = self.monotonic()
                self._note_write(self._write())
            self.more = self.read_more()
        self._seen_at = self.monotonic()

    def _write(self) -> str:
        """Write some rows and delete them; return what went wrong."""
        mine = col(Slot.job).startswith(f"probe {self.name} ")
        rows = [
            {"job": f"probe {self.name} {number} {'.' * 200}", "number": 0, "lease_until": _EVER}
            for number in range(_ROWS)
        ]
        try:
            with self.database.writing() as session:
                session.connection().execute(insert(Slot), rows)
            with self.database.writing() as session:
                session.connection().execute(delete(Slot).where(mine))
        except SQLAlchemyError as error:
            return "the disk is full" if is_disk_full(error) else f"cannot be written ({type(error).__name__})"
        return ""

    def _note_write(self, trouble: str) -> None:
        if trouble and trouble != self._write_trouble:
            _log.error("database.not_writable", extra={"reason": trouble})
        elif self._write_trouble and not trouble:
            _log.warning("database.writable_again")
        self._write_trouble = trouble
        self.observe(not trouble)


def check_database(database: SqlDatabase) -> str:
    """Return "ok" when the database answers and has a shape that this version can use, else the error's name."""
    try:
        with database.reading() as session:
            session.connection().execute(select(col(Slot.number)).limit(1)).first()
        schema.require_usable(database)
    except (SQLAlchemyError, schema.NotMigrated, schema.DatabaseNewer) as error:
        return type(error).__name__
    return OK
