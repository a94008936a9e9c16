"""The clock's jobs: each slot fires once, whichever replica takes it, and a dead one's is taken over."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from bot.database.engine import SqlDatabase
from bot.database.tables import SeenDelivery, Slot
from bot.jobs.scheduler import KEPT, Job, Scheduler, sweep
from storage.upsert import insert_once

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class Time:
    now: datetime = START

    def __call__(self, _session: object = None) -> datetime:
        return self.now


@dataclass
class Done:
    """A job that counts how often it was done, at any moment by any thread."""

    times: list[datetime] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def job(self, time: Callable[[], datetime], *, every: timedelta = MINUTE) -> Job:
        def run() -> None:
            with self.lock:
                self.times.append(time())

        return Job(name="work", every=every, run=run)


def test_a_slot_fires_once_and_the_next_one_again(database: SqlDatabase) -> None:
    time, done = Time(), Done()
    jobs = Scheduler([done.job(time)], database=database, now_in=time)

    assert [jobs.fire("work"), jobs.fire("work")] == [True, False]
    time.now += MINUTE
    assert jobs.fire("work") is True
    assert len(done.times) == 2


@pytest.mark.parametrize("slots", [5, pytest.param(200, marks=pytest.mark.soak)])
def test_four_replicas_fire_each_slot_once(database: SqlDatabase, slots: int) -> None:
    time, done = Time(), Done()
    replicas = [Scheduler([done.job(time)], database=database, now_in=time) for _ in range(4)]
    for _ in range(slots):
        barrier = threading.Barrier(4)

        def fire(jobs: Scheduler, together: threading.Barrier = barrier) -> bool:
            together.wait(10)
            return jobs.fire("work")

        with ThreadPoolExecutor(4) as threads:
            assert sorted(threads.map(fire, replicas)) == [False, False, False, True]
        time.now += MINUTE
    assert len(done.times) == slots


def test_the_slot_of_a_replica_that_died_is_taken_over_when_its_lease_ends(database: SqlDatabase) -> None:
    time, done = Time(), Done()
    job = done.job(time, every=timedelta(hours=1))
    with database.writing() as session:  # claimed, and then kill -9
        number = int(time.now.timestamp() // 3600)
        insert_once(session, Slot, {"job": "work", "number": number, "lease_until": time.now + job.lease})
    jobs = Scheduler([job], database=database, now_in=time)

    assert jobs.fire("work") is False
    time.now += job.lease
    assert jobs.fire("work") is True
    assert jobs.fire("work") is False
    assert len(done.times) == 1


def test_a_job_that_fails_is_tried_again_after_its_lease_and_stops_nothing(sqlite_database: SqlDatabase) -> None:
    time, tries = Time(), []

    def run() -> None:
        tries.append(time())
        raise RuntimeError("the bank is on fire")

    done = Done()
    other = Job(name="other", every=MINUTE, run=done.job(time).run)
    jobs = Scheduler(
        [Job(name="work", every=timedelta(hours=1), run=run), other], database=sqlite_database, now_in=time
    )

    jobs.fire_all()
    assert jobs.fire("work") is False
    time.now += timedelta(minutes=2)
    jobs.fire("work")

    assert len(tries) == 2
    assert len(done.times) == 1


@pytest.mark.parametrize(
    "change",
    [datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)],
    ids=["spring", "autumn"],
)
def test_summer_time_neither_doubles_nor_skips_a_slot(change: datetime, sqlite_database: SqlDatabase) -> None:
    local = Time(change.astimezone(ZoneInfo("Europe/Vilnius")))
    done = Done()
    jobs = Scheduler([done.job(local, every=timedelta(minutes=30))], database=sqlite_database, now_in=local)
    for minutes in range(0, 120, 10):
        moment = change + timedelta(minutes=minutes)
        local.now = moment.astimezone(ZoneInfo("Europe/Vilnius"))
        jobs.fire("work")

    gaps = {
        later.astimezone(UTC) - earlier.astimezone(UTC)
        for earlier, later in zip(done.times, done.times[1:], strict=False)
    }
    assert len(done.times) == 4
    assert gaps == {timedelta(minutes=30)}


def test_the_timer_fires_by_itself_and_stops(sqlite_database: SqlDatabase) -> None:
    fired = threading.Event()
    jobs = Scheduler(
        [Job(name="work", every=timedelta(seconds=2), run=fired.set)],
        database=sqlite_database,
        now_in=lambda _session: datetime.now(UTC),
    )

    jobs.start()
    try:
        assert fired.wait(10)
    finally:
        jobs.stop()
    jobs.stop()


def test_o4_when_a_job_last_succeeded_is_never_forgotten(database: SqlDatabase) -> None:
    old = START - KEPT - timedelta(days=1)
    with database.writing() as session:
        for job, number, done_at in [
            ("fails since", 1, old - MINUTE),
            ("fails since", 2, old),
            ("fails since", 3, None),
            ("works", 1, old),
            ("works", 2, START),
        ]:
            values = {"job": job, "number": number, "lease_until": done_at or old, "done_at": done_at}
            insert_once(session, Slot, values)

    assert sweep(database, now=START) == 3

    with database.reading() as session:
        kept = session.exec(select(Slot).order_by(Slot.job)).all()
    assert [(slot.job, slot.number) for slot in kept] == [("fails since", 2), ("works", 2)]


def test_old_slots_and_deliveries_are_forgotten_and_new_ones_kept(sqlite_database: SqlDatabase) -> None:
    old, new = START - KEPT - MINUTE, START - KEPT + MINUTE
    with sqlite_database.writing() as session:
        for number, at in enumerate((old, new)):
            insert_once(session, Slot, {"job": "work", "number": number, "lease_until": at})
            insert_once(session, SeenDelivery, {"key": f"click:{number}", "seen_at": at})

    assert sweep(sqlite_database, now=START) == 2

    with sqlite_database.reading() as session:
        assert [slot.number for slot in session.exec(select(Slot)).all()] == [1]
        assert [seen.key for seen in session.exec(select(SeenDelivery)).all()] == ["click:1"]


def test_what_is_done_at_the_start_does_not_wait_for_the_first_round(sqlite_database: SqlDatabase) -> None:
    done, quarter = threading.Event(), timedelta(minutes=15)
    late = threading.Event()
    jobs = Scheduler(
        [
            Job(name="balance", every=quarter, run=done.set, at_start=True),
            Job(name="other", every=quarter, run=late.set),
        ],
        database=sqlite_database,
        now_in=lambda _session: datetime.now(UTC),
    )
    jobs.start()
    try:
        assert done.wait(10)
        assert not late.is_set()
    finally:
        jobs.stop()


def test_o12_jobs_go_on_at_once_after_a_restart_on_a_clock_that_was_set_back(database: SqlDatabase) -> None:
    time, done = Time(), Done()
    jobs = Scheduler([done.job(time)], database=database, now_in=time)
    for _ in range(5):
        assert jobs.fire("work")
        time.now += MINUTE
    time.now -= 5 * MINUTE

    restarted = Scheduler([done.job(time)], database=database, now_in=time)
    fired = []
    for _ in range(5):
        time.now += timedelta(seconds=5)
        fired += [restarted.fire("work"), restarted.fire("work")]
        time.now += MINUTE - timedelta(seconds=5)

    assert fired == [True, False] * 5


def test_o12_a_step_ahead_runs_each_job_once_and_skips_nothing_after_it(database: SqlDatabase) -> None:
    time, done = Time(), Done()
    jobs = Scheduler([done.job(time)], database=database, now_in=time)
    assert jobs.fire("work")
    time.now += timedelta(days=1)

    assert [jobs.fire("work"), jobs.fire("work")] == [True, False]
