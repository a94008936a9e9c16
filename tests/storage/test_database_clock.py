"""The time of leases and deadlines: the database's, and one that never goes back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.database.engine import SqlDatabase
from storage.database_clock import DatabaseClock

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Machine:
    """A machine whose wall clock can be set, beside a monotonic one."""

    def __init__(self) -> None:
        self.wall, self.seconds = START, 100.0

    def passes(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds

    def clock(self, database: SqlDatabase) -> Callable[[], datetime]:
        clock = DatabaseClock(wall=lambda: self.wall, monotonic=lambda: self.seconds)

        def read() -> datetime:
            with database.reading() as session:
                return clock(session)

        return read


@pytest.mark.postgres
def test_a20_replicas_with_skewed_clocks_read_the_same_time_of_postgresql(postgresql: SqlDatabase) -> None:
    ahead, behind = Machine(), Machine()
    ahead.wall, behind.wall = START + 400 * HOUR, START - 400 * HOUR

    with postgresql.reading() as session:
        told: datetime = session.connection().execute(text("SELECT clock_timestamp()")).scalar_one()

    for machine in (ahead, behind):
        read = machine.clock(postgresql)()
        assert read.tzinfo is UTC
        assert abs(read - told) < timedelta(seconds=20)


def test_a20_a_clock_that_jumps_back_reopens_nothing(sqlite: SqlDatabase) -> None:
    machine = Machine()
    read = machine.clock(sqlite)
    assert read() == START

    machine.wall -= 48 * HOUR
    assert read() == START
    machine.passes(90)
    assert read() == START + timedelta(seconds=90), "the time goes on as the monotonic clock does"

    machine.wall = START + HOUR
    assert read() == START + HOUR, "it has caught up"


def test_a_clock_that_was_behind_is_followed_when_it_is_set_right(sqlite: SqlDatabase) -> None:
    machine = Machine()
    read = machine.clock(sqlite)
    read()

    machine.wall += HOUR

    assert read() == START + HOUR


def test_two_clocks_that_run_a_little_differently_do_not_drift_apart(sqlite: SqlDatabase) -> None:
    machine = Machine()
    read = machine.clock(sqlite)
    for _ in range(300):
        machine.passes(2)
        machine.seconds += 0.01
        assert read() == machine.wall


def test_a_small_step_back_never_shows(sqlite: SqlDatabase) -> None:
    machine = Machine()
    read = machine.clock(sqlite)
    read()

    machine.wall -= timedelta(milliseconds=400)

    assert read() == START


def test_o12_each_step_is_told_once_and_counted(sqlite: SqlDatabase, caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    clock = DatabaseClock(wall=lambda: machine.wall, monotonic=lambda: machine.seconds)

    def read() -> None:
        machine.passes(1)
        with sqlite.reading() as session:
            clock(session)

    read()
    machine.wall -= HOUR
    read()
    read()
    machine.wall += 3 * HOUR
    read()
    read()

    assert [record.message for record in caplog.records] == ["clock.went_back", "clock.went_ahead"]
    assert clock.steps == {"back": 1, "ahead": 1}
