"""A full disk is known within seconds, told once a minute, and over when there is space again."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from bot.database.engine import SqlDatabase
from bot.database.probe import WRITE_EVERY, DatabaseProbe
from bot.database.tables import Slot
from bot.logs import start_logging


@dataclass
class Watch:
    """A clock that a test moves, and what the probe says."""

    time: float = 0.0
    writable: list[bool] = field(default_factory=list)

    def probe(self, database: SqlDatabase) -> DatabaseProbe:
        return DatabaseProbe(
            name="one", database=database, monotonic=lambda: self.time, observe=self.writable.append
        )

    def passes(self, probe: DatabaseProbe) -> str:
        self.time += WRITE_EVERY
        probe.look()
        return probe.check()


@contextmanager
def full_disk(database: SqlDatabase) -> Iterator[SqlDatabase]:
    """The same file, which has no page more than it has now."""
    with database.reading() as session:
        pages = int(session.connection().execute(text("PRAGMA page_count")).scalar() or 0)
    full = SqlDatabase(database.url.render_as_string())

    @event.listens_for(full.engine, "connect")
    def _limit(connection: object, _entry: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

    yield full
    full.close()


def test_o5_a_disk_that_is_full_is_known_and_so_is_its_end(sqlite: SqlDatabase) -> None:
    watch = Watch()
    probe = watch.probe(sqlite)
    with sqlite.writing() as session:  # without pages to spare, as in a database that only grows
        session.connection().execute(text("CREATE TABLE filler (x)"))
    with full_disk(sqlite) as full:
        probe.database = full
        assert watch.passes(probe) == "the disk is full"

    probe.database = sqlite
    assert watch.passes(probe) == "ok"
    assert watch.writable == [False, True]


def test_o5_the_probe_leaves_nothing_behind(database: SqlDatabase) -> None:
    watch = Watch()
    probe, other = watch.probe(database), watch.probe(database)
    other.name = "two"
    for _ in range(3):
        assert (watch.passes(probe), watch.passes(other)) == ("ok", "ok")

    with database.reading() as session:
        assert session.exec(select(Slot).where(col(Slot.job).startswith("probe"))).all() == []


def test_x4_what_was_seen_long_ago_counts_no_more(sqlite: SqlDatabase) -> None:
    watch = Watch()
    probe = watch.probe(sqlite)
    assert not probe.is_running
    probe.look()
    assert probe.check() == "ok"

    watch.time += 5

    assert probe.check() == "no answer"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    start_logging("json", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def test_o5_an_outage_of_the_database_is_one_line_a_minute_without_a_traceback(lines: io.StringIO) -> None:
    log = logging.getLogger("bot.anything")
    for _ in range(500):
        log.error(
            "webhooks.not_kept", exc_info=OperationalError("INSERT", {}, Exception("database or disk is full"))
        )
    log.error("a mistake of ours", exc_info=IndexError("out of range"))

    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    assert (first["event"], first["says"], "trace" in first) == (
        "webhooks.not_kept",
        "database or disk is full",
        False,
    )
    assert "IndexError" in second["trace"]
