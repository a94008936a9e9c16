"""One history, drawn from one seed, and what must hold in it."""

import random
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from approvals.audit.trail_keys import make_key
from approvals.execution.interrupted_executions import INTERRUPTED
from approvals.statuses import Status
from approvals.stops.evidence import BEGAN, RESUMED
from approvals.stops.standing import find_standing
from approvals.tables import AuditEvent, Execution, Request
from bot.database.engine import SqlDatabase, sqlite_module
from storage.database_clock import DatabaseClock
from tests.approvals.simulation.insider import Insider
from tests.approvals.simulation.people import People, Wish
from tests.approvals.simulation.provider import HostilePaytend
from tests.approvals.simulation.replica import Replica, give_way
from tests.approvals.world import SECRET, START, ApprovalWorld, make_context

STEPS = 250
PATIENCE = 4  # tries within nine seconds: by two replicas, each of which may die before it writes the pause
ENDS = (Status.EXECUTED, Status.FAILED, Status.EXPIRED)
SLOW = (*(0.0,) * 60, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 40.0, 130.0)  # seconds between two steps
SLEEPS = (3.0, 20.0, 250.0, 700.0)
ASLEEP = (0.0, 0.0, 0.0, 2.0, 10.0, 20.0)
QUICK = (*(0.0,) * 40, 0.2, 0.5, 1.0)
JUMPS = (timedelta(hours=1), timedelta(hours=-1), timedelta(minutes=4), timedelta(minutes=-20))


class History:
    """Two replicas, people, Paytend and the database, for a while in which anything may go wrong."""

    def __init__(self, databases: tuple[SqlDatabase, SqlDatabase, SqlDatabase], *, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a reproducible history
        self.violations: list[str] = []
        self._seconds = 1000.0
        self._database_is_off = timedelta()
        self.is_calm = False
        # A card that cannot be read: its request has to wait, and must not be tried again and again.
        self.stuck = {"9001"} if self.chance.random() < 0.15 else set()
        self.tried: list[float] = []
        self.has_insider = not self.stuck and self.chance.random() < 0.25
        self.fails_over = not self.stuck and not self.has_insider and self.chance.random() < 0.2
        self.clocks_jump = not self.stuck and self.chance.random() < 0.3
        self.broke: list[Exception] = []
        self.looked_at: dict[str, float] = {}
        self._reported: set[tuple[str, str]] = set()
        self._copies: list[tuple[float, Any]] = []
        self.paytend = HostilePaytend(
            chance=self.chance,
            now=self.seconds,
            step=give_way,
            connect=self._connect,
            sent=self._judge_moment,
            repeats=self.chance.random() < 0.5,
            forgets=not self.fails_over,
            # The pause between two absences goes by the clock of the database.
            refuses_late=not self.clocks_jump,
        )
        self.people = People(self, ApprovalWorld(database=databases[2], context=self._make_context()))
        self.clock = DatabaseClock(wall=self.database_wall, monotonic=self.seconds)
        skews = [timedelta(seconds=self.chance.uniform(-4000, 4000)) for _ in range(2)]
        self.replicas = [
            Replica(self, database, skew=skew) for database, skew in zip(databases[:2], skews, strict=True)
        ]
        self.insider = Insider(Path(str(databases[2].url.database)), chance=self.chance)
        self.database = databases[2]

    # what replicas find around themselves

    @property
    def context(self) -> Any:
        return self.people.world.context

    @property
    def members_by_account(self) -> Any:
        return self.people.world.members_by_account

    def seconds(self) -> float:
        """True time."""
        return self._seconds

    def database_wall(self) -> datetime:
        """What the clock of the database shows."""
        return START + timedelta(seconds=self._seconds) + self._database_is_off

    def now(self) -> datetime:
        """The database's time, as the shell reads it for people."""
        with self.database.reading() as session:
            return self.clock(session)

    def happens(self, share: float) -> bool:
        """Draw whether something goes wrong."""
        return not self.is_calm and self.chance.random() < share

    def tries_in_vain(self) -> None:
        """Note that the card that cannot be read was tried."""
        self.tried = [at for at in self.tried if self._seconds - at < 9] + [self._seconds]
        if len(self.tried) > PATIENCE and not self.is_calm:
            self.violates("a request that was put off was tried again at once")

    def violates(self, words: str) -> None:
        """Note what must not be."""
        self.violations.append(words)

    # what happens

    def run(self) -> list[str]:
        """Play the history to its end and return what was violated."""
        self.people.wishes = [Wish(card_id=card) for card in (*sorted(self.stuck), "1001", "1002")]
        for wish in self.people.wishes:
            self.people.ask(wish)
        for _ in range(STEPS):
            self._step()
        self._calm_down()
        self._judge()
        return self.violations

    def _step(self) -> None:
        self._pass(self.chance.choice(self._pace()))
        awake = [each for each in self.replicas if each.asleep_until <= self._seconds]
        replica = self.chance.choice(awake or self.replicas)
        draw = self.chance.random()
        for share, event in self._events(replica):
            draw -= share
            if draw < 0:
                event()
                break
        else:
            if replica.asleep_until <= self._seconds:
                replica.step()
                if replica.job == "reconcile_due":
                    self._look_for_early_ends()

    def _pace(self) -> tuple[float, ...]:
        """While one process sleeps, time flies: else its lease would hardly ever end before it wakes up."""
        if any(replica.asleep_until > self._seconds for replica in self.replicas):
            return ASLEEP
        return QUICK if self.stuck else SLOW

    def _events(self, replica: Replica) -> list[tuple[float, Callable[[], None]]]:
        """What may happen instead of a step of a replica, and how often."""
        return [
            (0.08, self.people.act),
            (0.01, self.people.stop),
            (0.03, replica.kill),
            (0.0 if self.stuck else 0.02, lambda: self._put_to_sleep(replica)),
            (0.01 * self.clocks_jump, self._set_clock),
            (0.01 * (not self.context.same_person), self._edit_identities),
            (0.04 * self.has_insider, self._let_insider_write),
            (0.02 * self.fails_over, self._fail_over),
            (0.1 * self.fails_over, self._copy),
        ]

    def _put_to_sleep(self, replica: Replica, *, seconds: tuple[float, ...] = SLEEPS) -> None:
        """SIGSTOP; or the machine is paused as a whole, and its clock with it."""
        sleep = self.chance.choice(seconds)
        replica.asleep_until = self._seconds + sleep
        replica.missed += sleep if self.chance.random() < 0.3 else 0

    def _connect(self) -> None:
        """Connect for a top-up: here a pause between claim and send does harm."""
        for replica in self.replicas:
            if replica.runs_now and not self.stuck and self.happens(0.15):
                self._put_to_sleep(replica, seconds=(400.0, 700.0))
        give_way()

    def _set_clock(self) -> None:
        self._database_is_off += self.chance.choice(JUMPS)

    def _edit_identities(self) -> None:
        self.people.learn_who_is_who()
        for replica in self.replicas:
            replica.kill()

    def _let_insider_write(self) -> None:
        if self.chance.random() < 0.3:
            self.insider.copies()
        else:
            self.insider.writes()

    def _pass(self, seconds: float) -> None:
        self._seconds += seconds
        self.paytend.passes()

    def _copy(self) -> None:
        copy = sqlite_module().connect(":memory:")
        with closing(sqlite_module().connect(self.database.url.database)) as file:
            file.backup(copy)
        self._copies.append((self._seconds, copy))

    def _fail_over(self) -> None:
        """Go on with a replica of the database that was some seconds behind."""
        recent = [copy for at, copy in self._copies if self._seconds - at <= 5]
        if recent:
            with closing(sqlite_module().connect(self.database.url.database)) as file:
                self.chance.choice(recent).backup(file)
            self.people.world.database.recollection.clear()

    def _look_for_early_ends(self) -> None:
        with self.database.reading() as session:
            rows = session.exec(
                select(Request, Execution)
                .join(Execution, col(Execution.request_id) == col(Request.id))
                .where(Request.status == Status.UNKNOWN.value, Execution.words == INTERRUPTED)
            ).all()
        for request, execution in rows:
            age = self._seconds - self.looked_at.get(request.subject, 0.0)
            if (request.id, execution.lease) not in self._reported and age < self.context.lease.total_seconds():
                self.violates("a lease was ended early")
            self._reported.add((request.id, execution.lease))

    def _calm_down(self) -> None:
        """Let everything that is under way end, with nothing going wrong any more."""
        self.is_calm = self.paytend.is_calm = True
        for replica in self.replicas:
            replica.asleep_until = 0.0
            replica.kill()
        self._database_is_off = timedelta()  # it is set right
        with self.database.reading() as session:
            stopped = find_standing(session, self.context)
        if stopped:
            self.people.stop()
        # As long as a clock can have been ahead: what was to be asked then is asked then.
        for _ in range(300):
            self._pass(90)
            for replica in self.replicas:
                replica.work()
            if all(self._is_over(wish) for wish in self.people.wishes):
                return
            self.people.act()

    def _is_over(self, wish: Wish) -> bool:
        request = self.people.newest(wish)
        return request is None or request.status in ENDS

    # what must hold

    def _judge(self) -> None:
        if not self.has_insider:
            self._judge_stops()
        for reference, times in self.paytend.booked.items():
            if times > 1:
                self.violates(f"{reference} was booked {times} times")
        for reference, card_id in self.paytend.calls:
            self._judge_call(reference, card_id)
        for wish in self.people.wishes:
            lied = any(request.reference in self.paytend.lied for request in wish.asked)
            times = sum(self.paytend.booked.get(request.reference, 0) for request in wish.asked)
            if times > 1 and not lied and not self.has_insider:
                self.violates(f"one wish was fulfilled {times} times")
            if not self.has_insider:
                self._judge_end(wish)

    def _judge_stops(self) -> None:
        """Nothing is claimed between a stop and its end, in the order in which both were committed."""
        with self.database.reading() as session:
            names = session.exec(select(AuditEvent.event).order_by(col(AuditEvent.seq))).all()
        stopped = False
        for name in names:
            stopped = name == BEGAN or (stopped and name != RESUMED)
            if stopped and name == "execution:claimed":
                self.violates("something was claimed although all was stopped")

    def _judge_moment(self, reference: str) -> None:
        """Nothing is sent once somebody else has taken over, or has ended it."""
        with self.database.reading() as session:
            status = session.exec(select(Request.status).where(Request.reference == reference)).first()
        # A fail-over between the check and the send is seen by nobody; the look before the next send answers it.
        if status != Status.EXECUTING and not self.fails_over:
            self.violates(f"something was sent that is {status}")

    def _judge_call(self, reference: str, card_id: str) -> None:
        wish = self.people.wish_of.get(reference)
        if wish is None or wish.card_id != card_id:
            self.violates("something was sent that nobody asked for")
            return
        request = next(each for each in wish.asked if each.reference == reference)
        if not self.people.approved_by.get(request.id, set()) - {"sam"}:
            self.violates("something was sent without a second person")

    def _judge_end(self, wish: Wish) -> None:
        request = self.people.newest(wish)
        if request is None:
            return
        happened = self.paytend.happened(request.reference)
        if request.status not in ENDS:
            self.violates(f"left {request.status}, and nobody has a way out")
        elif (request.status == Status.EXECUTED) is not happened and request.reference not in self.paytend.lied:
            self.violates(f"{request.status}, but booked {self.paytend.booked.get(request.reference, 0)} times")

    def _make_context(self) -> Any:
        def make_id() -> str:
            return f"{self.chance.getrandbits(104):026x}"

        return make_context(make_id=make_id, audit_key=make_key(SECRET))
