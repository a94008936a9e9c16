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
from approvals.policy.people import identity_of
from approvals.statuses import Status
from approvals.stops.evidence import BEGAN, RESUMED
from approvals.stops.standing import find_standing
from approvals.tables import AuditEvent
from bot.database.engine import SqlDatabase, sqlite_module
from tests.approvals.simulation.insider import Insider
from tests.approvals.simulation.people import People, Wish
from tests.approvals.simulation.provider import HostilePaytend
from tests.approvals.simulation.replica import Replica, SimulatedClock, give_way
from tests.approvals.world import SECRET, START, ApprovalWorld, make_context

STEPS = 250
PATIENCE = 4  # tries within nine seconds: by two replicas, each of which may die before it writes the pause
ENDS = (Status.EXECUTED, Status.FAILED, Status.EXPIRED)
SLOW = (*(0.0,) * 60, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 40.0, 130.0)  # seconds between two steps
SLEEPS = (3.0, 20.0, 250.0, 700.0)
ASLEEP = (0.0, 0.0, 0.0, 2.0, 10.0, 20.0)
QUICK = (*(0.0,) * 40, 0.2, 0.5, 1.0)
JUMPS = tuple(timedelta(minutes=minutes) for minutes in (60, -60, 4, 4, -20, 3 * 1440, -3 * 1440))
LAST = 30  # steps after everything is over
CALM = (
    *(60.0,) * 4,
    *(300.0,) * 8,
    *(900.0,) * 40,
)  # seconds; the longest pause between two looks is an hour, of an end six
SETTLED = ("execution:settled", "execution:resettled")


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
        # Both work on the file.
        on_file = databases[2].is_sqlite and not self.stuck
        self.has_insider = on_file and self.chance.random() < 0.25
        self.fails_over = on_file and not self.has_insider and self.chance.random() < 0.2
        self.clocks_jump = not self.stuck and self.chance.random() < 0.3
        self.fail_overs = 0
        self._has_sent = False  # since the last step
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
            fail_overs=lambda: self.fail_overs,
            forgets=not self.fails_over,
        )
        self.people = People(self, ApprovalWorld(database=databases[2], context=self._make_context()))
        self.clock = self._make_clock()
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

    def read(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query finds, at a tenth of the price of a session."""
        with self.database.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    def read_statuses(self) -> dict[str, str]:
        """Return the status of each request as people see it.

        An unknown one with buttons is "to settle", an end of which Paytend says the opposite "contradicted".
        """
        query = (
            "SELECT r.id, CASE WHEN e.contradicted_at IS NOT NULL THEN 'contradicted' "
            "WHEN r.status = 'unknown' AND e.gave_up_at IS NOT NULL THEN 'to settle' ELSE r.status END "
            "FROM approval_request r LEFT JOIN approval_execution e ON e.request_id = r.id"
        )
        return dict(self.read(query))

    def is_claimable(self, card_id: str) -> bool:
        """Whether a request about this card is approved, and nobody has claimed it."""
        query = f"SELECT 1 FROM approval_request WHERE subject = '{card_id}' AND status = 'approved'"  # noqa: S608 - ours
        return bool(self.read(query))

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
        cards = ("1001", "1002") if self.chance.random() < 0.5 else ("1001",)
        self.people.wishes = [Wish(card_id=card) for card in (*sorted(self.stuck), *cards)]
        for wish in self.people.wishes:
            self.people.ask(wish)
        left = STEPS
        while left > 0:
            self._step()
            left -= 1
            if left % 20 == 0 and left > LAST and self._is_all_over():
                left = LAST  # what was done may still be done again
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
                job, done = replica.job, replica.done
                replica.step()
                if job == "reconcile_due" and replica.done != done:
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
            (0.08 if self.people.has_stopped else 0.01, self.people.stop),
            (0.03, replica.kill),
            (0.0 if self.stuck else 0.02, lambda: self._put_to_sleep(replica)),
            (0.01 * self.clocks_jump, self._set_clock),
            (0.01 * (not self.context.same_person), self._edit_identities),
            (0.04 * self.has_insider, self._let_insider_write),
            # Most of all after a send: what is lost then may be sent again.
            ((0.6 if self._took_send() else 0.02) * self.fails_over, self._fail_over),
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
        if self.chance.random() < 0.5:  # else the time goes on as it was in each process
            self.clock = self._make_clock()
            for replica in self.replicas:
                replica.kill()

    def _make_clock(self) -> SimulatedClock:
        return SimulatedClock(wall=self.database_wall, monotonic=self.seconds)

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

    def _took_send(self) -> bool:
        sent, self._has_sent = self._has_sent, False
        return sent

    def _fail_over(self) -> None:
        """Go on with a replica of the database that was some seconds behind."""
        recent = [copy for at, copy in self._copies if self._seconds - at <= 5]
        if recent:
            with closing(sqlite_module().connect(self.database.url.database)) as file:
                self.chance.choice(recent).backup(file)
            self.people.world.database.recollection.clear()
            self.fail_overs += 1
            self.people.miss_words()

    def _look_for_early_ends(self) -> None:
        query = (
            "SELECT r.id, r.subject, e.lease, e.words FROM approval_request r JOIN approval_execution e "
            "ON e.request_id = r.id WHERE r.status = 'unknown'"
        )
        for request_id, card_id, lease, words in self.read(query):
            if words != INTERRUPTED:
                continue
            age = self._seconds - self.looked_at.get(card_id, 0.0)
            if (request_id, lease) not in self._reported and age < self.context.lease.total_seconds():
                self.violates("a lease was ended early")
            self._reported.add((request_id, lease))

    def _calm_down(self) -> None:
        """Let everything that is under way end, with nothing going wrong any more."""
        self.is_calm = self.paytend.is_calm = True
        for replica in self.replicas:
            replica.asleep_until = 0.0
            replica.kill()
        self._database_is_off = timedelta()  # it is set right
        self.clock = self._make_clock()
        with self.database.reading() as session:
            stopped = find_standing(session, self.context)
        if stopped:
            self.people.stop()
        for number, seconds in enumerate(CALM):
            self._pass(seconds)
            self.replicas[number % 2].work()
            if self._is_all_over():
                return
            self.people.act()

    def _is_all_over(self) -> bool:
        statuses = self.read_statuses()
        return all(self._is_over(wish, statuses) for wish in self.people.wishes)

    def _is_over(self, wish: Wish, statuses: dict[str, str]) -> bool:
        found = [(request, statuses[request.id]) for request in wish.asked if request.id in statuses]
        if any(status not in ENDS for _, status in found):
            return False
        return all(
            (status == Status.EXECUTED) is self.paytend.happened(request.reference)
            and not self.paytend.is_under_way(request.reference)
            for request, status in found
            if request.reference in self.paytend.lied
        )

    # what must hold

    def _judge(self) -> None:
        statuses = self.read_statuses()
        if not self.has_insider:
            self._judge_trail()
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
                self._judge_end(wish, statuses)

    def _judge_trail(self) -> None:
        """Judge what was done in between, in the order in which it was committed."""
        with self.database.reading() as session:
            query = select(AuditEvent.event, AuditEvent.subject, AuditEvent.actor).order_by(col(AuditEvent.seq))
            events = session.exec(query).all()
        cards = {request.id: wish.card_id for wish in self.people.wishes for request in wish.asked}
        contradicted: set[str] = set()
        words: dict[str, set[str]] = {}
        stopped = False
        for name, subject, actor in events:
            stopped = name == BEGAN or (stopped and name != RESUMED)
            request_id = subject.removeprefix("request:")
            said_by = words.setdefault(request_id, set())
            match name:
                case "execution:claimed":
                    if stopped:
                        self.violates("something was claimed although all was stopped")
                    if cards.get(request_id) in {cards.get(each) for each in contradicted}:
                        self.violates("something was claimed on a card with a contradiction")
                case "execution:contradicted":
                    contradicted.add(request_id)
                    said_by.clear()
                case "execution:word_given":
                    said_by.add(identity_of(actor, same_person=self.context.same_person))
                case _ if name.startswith(SETTLED):
                    contradicted.discard(request_id)
                    if len(said_by | {identity_of(actor, same_person=self.context.same_person)}) < 2:
                        self.violates(f"{name} by one person")

    def _judge_moment(self, reference: str, fail_overs: int) -> None:
        """Nothing is sent once somebody else has taken over, or has ended it."""
        self._has_sent = True
        found = self.read(f"SELECT status FROM approval_request WHERE reference = '{reference}'")  # noqa: S608 - ours
        # A fail-over between the check and the send is seen by nobody: the check read the old database. The look
        # before the next send answers it, so money may still not move twice.
        if found != [(Status.EXECUTING,)] and fail_overs == self.fail_overs:
            self.violates(f"something was sent that is {found}")

    def _judge_call(self, reference: str, card_id: str) -> None:
        wish = self.people.wish_of.get(reference)
        if wish is None or wish.card_id != card_id:
            self.violates("something was sent that nobody asked for")
            return
        request = next(each for each in wish.asked if each.reference == reference)
        if not self.people.approved_by.get(request.id, set()) - {"sam"}:
            self.violates("something was sent without a second person")

    def _judge_end(self, wish: Wish, statuses: dict[str, str]) -> None:
        for request in wish.asked:
            status = statuses.get(request.id)
            if status is None:
                continue  # a fail-over lost it
            if status not in ENDS:
                self.violates(f"left {status}, and nobody has a way out")
            elif (status == Status.EXECUTED) is not self.paytend.happened(request.reference):
                self.violates(f"{status}, but booked {self.paytend.booked.get(request.reference, 0)} times")

    def _make_context(self) -> Any:
        def make_id() -> str:
            return f"{self.chance.getrandbits(104):026x}"

        return make_context(make_id=make_id, audit_key=make_key(SECRET))
