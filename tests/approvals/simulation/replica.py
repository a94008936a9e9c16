"""A replica: the shell as it runs, in a greenlet that gives way at every call and around every transaction."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from greenlet import GreenletExit, getcurrent, greenlet  # type: ignore[import-untyped] # has no types
from sqlmodel import Session

from approvals.actions.payloads import Payload
from approvals.actions.snapshot import Snapshot
from approvals.context import ApprovalContext
from approvals.execution.absence_watch import AbsenceWatch
from approvals.execution.interrupted_executions import LeaseWatch
from approvals.policy.people import DirectoryUnreadable, Member
from approvals.statuses import Status
from bot.database.engine import SqlDatabase
from bot.jobs.executor import Executor
from bot.jobs.follow_up import RequestFollowUp
from paytend.errors import Unreachable
from storage.database_clock import DatabaseClock
from tests.approvals.simulation.provider import HostilePaytend
from tests.approvals.world import snapshot

# How often each job is done, like its slots come, and the statuses without which it has nothing to do.
JOBS: dict[str, tuple[int, set[str]]] = {
    "execute_due": (5, {Status.APPROVED}),
    "keep_deadlines": (1, {Status.PENDING, Status.APPROVED}),
    "reconcile_due": (4, {Status.EXECUTING, Status.UNKNOWN, "to settle"}),
    "watch_ends": (2, {Status.EXECUTED, Status.FAILED, "contradicted"}),
}


class Surroundings(Protocol):
    """What a replica finds around itself."""

    chance: random.Random
    paytend: HostilePaytend
    is_calm: bool
    stuck: set[str]
    looked_at: dict[str, float]
    broke: list[Exception]

    @property
    def context(self) -> ApprovalContext: ...

    @property
    def members_by_account(self) -> dict[str, Member]: ...

    def seconds(self) -> float: ...

    def database_wall(self) -> datetime: ...

    def read_statuses(self) -> dict[str, str]: ...

    def is_claimable(self, card_id: str) -> bool: ...

    def tries_in_vain(self) -> None: ...

    def happens(self, share: float) -> bool: ...


def give_way() -> None:
    """Let others run, if this is a replica."""
    current = getcurrent()
    if current.parent is not None:
        current.parent.switch()


class SimulatedClock(DatabaseClock):
    """The database's clock as this history has it, on PostgreSQL too."""

    def _read(self, session: Session) -> datetime:
        return self._wall()


@dataclass
class SteppedDatabase:
    """A database around whose transactions others may run; inside of one nobody does, as SQLite has one writer."""

    database: SqlDatabase

    @contextmanager
    def writing(self) -> Iterator[Session]:
        give_way()
        with self.database.writing() as session:
            yield session
        give_way()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self.database.reading() as session:
            yield session
        give_way()


class Replica:
    """One process. Its wall clock is wrong; its monotonic one misses the time in which its machine is paused."""

    def __init__(self, around: Surroundings, database: SqlDatabase, *, skew: timedelta) -> None:
        self.around = around
        self.database = database
        self.skew = skew
        self.missed = 0.0
        self.asleep_until = 0.0
        self.start()

    def start(self) -> None:
        """Start the process anew: nothing that it had in memory is left."""
        self.database.recollection.clear()
        clock = SimulatedClock(wall=self.around.database_wall, monotonic=self.monotonic)
        stepped: Any = SteppedDatabase(self.database)
        paytend: Any = self.around.paytend
        self.executor = Executor(
            database=stepped,
            context=self.around.context,
            paytend=paytend,
            now_in=clock,
            monotonic=self.monotonic,
            find_member=self._find_member,
            take_snapshot=self._take_snapshot,
            keep_secret=lambda _request, _secret: True,
            wake_deliverer=lambda: None,
        )
        self.follow_up = RequestFollowUp(
            database=stepped,
            context=self.around.context,
            paytend=paytend,
            now_in=clock,
            watch=LeaseWatch(monotonic=self.monotonic),
            absences=AbsenceWatch(monotonic=self.monotonic),
            wake_deliverer=lambda: None,
        )
        self.job, self.done = "", 0
        self._thread = greenlet(self._run)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self.around.seconds() - self.missed

    @property
    def runs_now(self) -> bool:
        """Whether it is this process that calls."""
        return getcurrent() is self._thread

    def step(self) -> None:
        """Go on until the next place where others may run."""
        self._thread.switch()

    def kill(self) -> None:
        """End the process where it is, and start another one."""
        self._thread.throw(GreenletExit)
        self.start()

    def work(self) -> None:
        """Do each job that has something to do once, with nobody in between."""
        for name in self._find_jobs():
            self._do(self._job(name))

    def _run(self) -> None:
        while True:
            names = self._find_jobs()
            if names:
                (self.job,) = self.around.chance.choices(names, [JOBS[name][0] for name in names])
                self._do(self._job(self.job))
                self.done += 1
            give_way()

    def _do(self, job: Callable[[], object]) -> None:
        """Do it as the scheduler does: whatever breaks is tried again in the next slot."""
        try:
            job()
        except Exception as error:  # noqa: BLE001 - the edge of a thread
            self.around.broke.append(error)

    def _find_jobs(self) -> list[str]:
        """Return the jobs that have something to do: finding nothing took most of the time."""
        if self.around.happens(0.1):
            return list(JOBS)
        statuses = set(self.around.read_statuses().values())
        return [name for name, (_, needed) in JOBS.items() if statuses & needed]

    def _job(self, name: str) -> Callable[[], object]:
        found: Callable[[], object] = getattr(self.executor if name == "execute_due" else self.follow_up, name)
        return found

    def _find_member(self, account: str) -> Member:
        give_way()
        if self.around.happens(0.05):
            raise DirectoryUnreadable("Slack is away")
        return self.around.members_by_account[account]

    def _take_snapshot(self, _action: str, payload: Payload) -> Snapshot:
        give_way()
        if payload.subject in self.around.stuck:
            self.around.tries_in_vain()
            raise Unreachable("this card cannot be read")
        found = snapshot(card_id=payload.subject, holder_id=payload.subject)
        # Not by a replica that is too late: the lease is that of another's claim, which looked before.
        if self.around.is_claimable(payload.subject):
            self.around.looked_at[payload.subject] = self.around.seconds()
        return found
