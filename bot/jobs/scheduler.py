"""The clock that fires each slot of a job once, whichever replica takes it; the jobs are in `table.py`.

APScheduler is only the timer. What fires is decided by the database: a slot is a number counted in UTC, so that
summer time neither doubles nor skips one, and its lease lets another replica take over from one that died.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import delete, false, func, or_
from sqlmodel import Session, col, select

from bot.clock import read_time
from bot.database.engine import SqlDatabase
from bot.database.tables import SeenDelivery, Slot
from storage.upsert import insert_once

# The metrics of all jobs. The label is not `job`: Prometheus puts its own over that one.
LAST_SUCCESS, LATE_AFTER, LABEL = (
    "cardops_job_last_success_timestamp_seconds",
    "cardops_job_late_after_seconds",
    "task",
)
SET_BACK = timedelta(seconds=5)  # beyond one period: a smaller step back costs a job one slot at most
KEPT = timedelta(days=2)  # slots and seen deliveries; Slack repeats within minutes

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as the scheduler fires it: `run` every so often. `lease` is the longest that one run may take.

    A job that runs `at_start` does not wait for the timer's first round.
    """

    name: str
    every: timedelta
    run: Callable[[], object]
    lease: timedelta = timedelta(minutes=2)
    at_start: bool = False

    @property
    def late_after(self) -> timedelta:
        """How long after its last success something is wrong: a run was missed, and nobody took its slot over."""
        return 1.5 * self.every + 2 * self.lease


class Scheduler:
    """Fires the jobs by the database's clock: a replica that is ahead would take slots that others wait for."""

    def __init__(
        self, jobs: Sequence[Job], *, database: SqlDatabase, now_in: Callable[[Session], datetime]
    ) -> None:
        """Prepare; nothing fires before `start`."""
        self._jobs = {job.name: job for job in jobs}
        self._database = database
        self._now_in = now_in
        self._scheduler = BackgroundScheduler(timezone=UTC)

    @property
    def names(self) -> tuple[str, ...]:
        """The jobs by name."""
        return tuple(self._jobs)

    @property
    def late_after(self) -> Mapping[str, timedelta]:
        """How long after its last success each job is late."""
        return {name: job.late_after for name, job in self._jobs.items()}

    def start(self) -> None:
        """Start the timer."""
        for job in self._jobs.values():
            # Twice in each slot, so that none is missed, and often enough to take over from a replica that died.
            trigger = IntervalTrigger(seconds=max(1, int(min(job.every.total_seconds() / 2, 30))))
            # The machine's time, not the database's: APScheduler always goes by it.
            first = {"next_run_time": read_time()} if job.at_start else {}
            self._scheduler.add_job(
                self.fire, trigger, args=[job.name], id=job.name, max_instances=1, coalesce=True, **first
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Stop the timer, and wait for the jobs that run."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def fire(self, name: str) -> bool:
        """Run a job unless its slot is taken; return whether it ran."""
        job = self._jobs[name]
        try:
            with self._database.writing() as session:
                now = self._now_in(session).astimezone(UTC)
                number = int(now.timestamp() // job.every.total_seconds())
                if not _claim(session, job, number=number, now=now):
                    return False
            job.run()  # outside of a transaction: most jobs call Slack or Paytend
            with self._database.writing() as session:
                slot = session.get_one(Slot, (job.name, number))
                slot.done_at = self._now_in(session)
        except Exception:  # noqa: BLE001 - the edge of a thread: the next slot tries again
            _log.exception("job.failed", extra={"job": name})
            return False
        return True

    def fire_all(self) -> None:
        """Fire every job once, for tests."""
        for name in self._jobs:
            self.fire(name)


def _claim(session: Session, job: Job, *, number: int, now: datetime) -> bool:
    """Claim a slot, or take it over when its lease has ended; return whether it is ours."""
    _forget_what_is_to_come(session, job, number=number, now=now)
    if insert_once(session, Slot, {"job": job.name, "number": number, "lease_until": now + job.lease}):
        return True
    # Locked: of two replicas that see an ended lease only one may run the job.
    slot = session.exec(select(Slot).where(Slot.job == job.name, Slot.number == number).with_for_update()).one()
    if slot.done_at is not None or slot.lease_until > now:
        return False
    slot.lease_until = now + job.lease
    return True


def _forget_what_is_to_come(session: Session, job: Job, *, number: int, now: datetime) -> None:
    """Delete slots of a time before the clock was set back: they come once more, and the job runs in them."""
    mine = (col(Slot.job) == job.name) & (col(Slot.number) >= number)
    # Not the next slot, which a replica may have claimed while this one waited for a lock.
    latest = now + job.lease + job.every + SET_BACK
    is_ahead = select(Slot.number).where(mine, col(Slot.lease_until) > latest).limit(1)
    if session.exec(is_ahead).first() is not None:
        _log.warning("job.clock_went_back", extra={"job": job.name})
        session.connection().execute(delete(Slot).where(mine))


def sweep(database: SqlDatabase, *, now: datetime) -> int:
    """Delete old slots and seen deliveries; return how many. When each job last succeeded is known for ever."""
    before = now - KEPT
    with database.writing() as session:
        connection = session.connection()
        last = func.max(col(Slot.done_at))
        newest = connection.execute(select(Slot.job, last).group_by(col(Slot.job)).having(last < before)).all()
        kept = [(col(Slot.job) == job) & (col(Slot.done_at) == done_at) for job, done_at in newest]
        # Of a row that was not done the second condition is neither true nor false.
        old = (col(Slot.lease_until) < before) & (col(Slot.done_at).is_(None) | ~or_(false(), *kept))
        slots = connection.execute(delete(Slot).where(old)).rowcount
        seen = connection.execute(delete(SeenDelivery).where(col(SeenDelivery.seen_at) < now - KEPT)).rowcount
    return int(slots) + int(seen)
