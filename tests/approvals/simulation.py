"""A deterministic simulation: three replicas on one database, a virtual clock, and a Paytend that loses answers.

Everything that happens is drawn from one seed. A replica is a generator: at each `yield` another one may run, time
may pass, or it may be killed. What must hold stands in `violations`.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from approvals.actions.outcomes import Outcome, Result
from approvals.execution import execution, prior_lookup, reconciliation
from approvals.execution.candidates import Candidate
from approvals.execution.execution import ClaimedExecution, NotClaimed
from approvals.refusals import Refusal
from approvals.requests import stored
from approvals.statuses import Status
from approvals.tables import Request
from bot.database.engine import SqlDatabase
from paytend.errors import OutcomeUnknown, Refused, Unreachable
from paytend.models import TopUp
from paytend.money import AmountUnit
from paytend.operations.call import Call
from tests.approvals.world import ADA, MARA, ApprovalWorld, make_context, snapshot

REPLICAS = 3
STEPS = 60
FAULTS = ("none", "unreachable", "lost_before", "lost_after", "late", "refused", "forged", "failed", "in_progress")
CHANCES = (4, 2, 2, 3, 2, 1, 1, 1, 1)


@dataclass
class FaultyPaytend:
    """Books by reference; each top-up meets a fault, and each lookup may be lost too."""

    chance: random.Random
    now: Any = None
    books: dict[str, int] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    late: list[tuple[Any, str]] = field(default_factory=list)
    is_calm: bool = False

    def passes(self, now: Any) -> None:
        """Do what was sent long ago and is done now."""
        self.now = now
        for due, reference in [row for row in self.late if row[0] <= now]:
            self.late.remove((due, reference))
            self._book(reference)

    def send(self, call: Call[Any]) -> TopUp:
        """Answer, or not."""
        reference = call.values["reference"]
        if call.operation.name == "topup":
            return self._top_up(reference)
        if not self.is_calm and self.chance.random() < 0.4:
            raise Unreachable("lookup lost")
        if reference in self.books:
            return self._answer(reference, "1")
        if reference in self.failed:
            return self._answer(reference, "2")
        raise Refused(code="14", reason="no such order", verified=True)

    def _top_up(self, reference: str) -> TopUp:
        fault = "none" if self.is_calm else self.chance.choices(FAULTS, CHANCES)[0]
        match fault:
            case "unreachable":
                raise Unreachable("refused")
            case "lost_before":
                raise OutcomeUnknown("lost")
            case "late" | "in_progress":
                self.late.append((self.now + timedelta(seconds=self.chance.randint(1, 200)), reference))
                if fault == "in_progress":
                    return self._answer(reference, "3")
                raise OutcomeUnknown("lost")
            case "refused" | "forged":
                raise Refused(code="51", reason="no", verified=fault == "refused")
            case "failed":
                self.failed.add(reference)
                return self._answer(reference, "2")
            case _:
                self._book(reference)
                if fault == "lost_after":
                    raise OutcomeUnknown("lost")
                return self._answer(reference, "1")

    def _book(self, reference: str) -> None:
        self.books[reference] = self.books.get(reference, 0) + 1

    def _answer(self, reference: str, status: str) -> TopUp:
        return TopUp.decode({"topupStatus": status, "orderNo": reference}, unit=AmountUnit.MINOR)


class Replica:
    """One process: executes, sweeps and reconciles, a step at a time. Subclasses make a mistake on purpose."""

    def __init__(self, world: ApprovalWorld, skew: timedelta) -> None:
        self.world = world
        self.skew = skew
        self.steps = self._run()

    def _run(self) -> Iterator[None]:
        while True:
            for candidate in self.world.candidates():
                self.world.card = snapshot(card_id=candidate.subject)
                yield
                yield from self._execute(candidate)
            self.world.ticks()
            yield
            with self.world.database.writing() as session:
                claims = reconciliation.claim_due(session, self.world.context, now=self.world.now)
            for claim in claims:
                yield
                result = reconciliation.ask(claim, self.world.paytend)
                yield
                with self.world.database.writing() as session:
                    reconciliation.record(
                        session, self.world.context, claim=claim, result=result, now=self.world.now
                    )
            yield

    def _execute(self, candidate: Candidate) -> Iterator[None]:
        work = self._claim(candidate)
        if work is None:
            return
        yield
        asked = prior_lookup.ask_before(work, self.world.paytend)
        yield
        if isinstance(asked, ClaimedExecution):
            asked = self._believe(self.world.does(asked))
            yield
        self._record(work, asked)

    def _claim(self, candidate: Candidate) -> ClaimedExecution | None:
        try:
            with self.world.database.writing() as session:
                work = execution.claim(
                    session,
                    self.world.context,
                    request_id=candidate.request_id,
                    members_by_account=self.world.members_by_account,
                    current=snapshot(card_id=candidate.subject, holder_id=candidate.subject),
                    now=self.world.now,
                    started=self.world.monotonic(),
                )
        except Refusal:
            return None
        return None if isinstance(work, NotClaimed) else work

    def _believe(self, outcome: Outcome) -> Outcome:
        return outcome

    def _record(self, work: ClaimedExecution, outcome: Outcome) -> None:
        try:
            self.world.records(work, outcome)
        except Refusal:
            return  # fenced off: another replica has taken over

    def _unclaimed(self, candidate: Candidate) -> ClaimedExecution:
        """Return work that was never claimed: what the mistakes need."""
        with self.world.database.reading() as session:
            request = stored.find(session, candidate.request_id)
            payload = stored.read_payload(self.world.context, request)
        return ClaimedExecution(
            request_id=request.id,
            lease="",
            action=request.action,
            payload=payload,
            reference=request.reference,
            send_before=self.world.monotonic() + 30,
        )


class TakesTimeoutForFailure(Replica):
    """Mistake 1: no answer is believed to mean that nothing happened."""

    def _believe(self, outcome: Outcome) -> Outcome:
        return replace(outcome, result=Result.FAILED) if outcome.result is Result.UNKNOWN else outcome


class WritesIntentAfterCall(Replica):
    """Mistake 2: the call comes first, and the claim is written together with the result."""

    def _execute(self, candidate: Candidate) -> Iterator[None]:
        outcome = self.world.does(self._unclaimed(candidate))
        yield
        work = self._claim(candidate)
        if work is not None:
            self._record(work, outcome)


class ClaimsInTwoSteps(Replica):
    """Mistake 3: it looks whether the request is approved, and believes it a step later."""

    def _execute(self, candidate: Candidate) -> Iterator[None]:
        unclaimed = self._unclaimed(candidate)
        yield
        work = self._claim(candidate) or unclaimed
        yield
        outcome = self.world.does(work)
        yield
        self._record(work, outcome)


class History:
    """One seed's history on a database that may hold earlier ones."""

    def __init__(self, database: SqlDatabase, *, seed: int, kind: type[Replica] = Replica, started: Any) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a reproducible history
        self.paytend = FaultyPaytend(chance=self.chance)
        self.now = started
        self.paytend.passes(self.now)
        context = make_context(make_id=_make_ids(self.chance))
        self.worlds = [
            ApprovalWorld(database=database, context=context, paytend=self.paytend)  # type: ignore[arg-type] # has the same `send`
            for _ in range(REPLICAS + 1)
        ]
        self.people = self.worlds[-1]
        self.kind = kind
        self.replicas = [
            kind(world, timedelta(seconds=self.chance.uniform(-2, 2))) for world in self.worlds[:REPLICAS]
        ]
        self.requests = [self._ask(f"S{seed}N{number}") for number in range(2)]

    def run(self) -> list[str]:
        """Play the history to its end and return what was violated."""
        for _ in range(STEPS):
            self._step()
        self._calm_down()
        return self._violations()

    def _ask(self, card_id: str) -> Request:
        self.people.now = self.now
        self.people.card = snapshot(card_id=card_id, holder_id=card_id)
        return self.people.decides(self.people.asks())

    def _step(self) -> None:
        self._pass(self.chance.choice((*(0,) * 12, 1, 2, 5, 10, 40, 200)))
        place = self.chance.randrange(REPLICAS)
        replica = self.replicas[place]
        if self.chance.random() < 0.05:  # kill -9; another process takes its place
            self.replicas[place] = self.kind(replica.world, replica.skew)
            return
        replica.world.now = self.now + replica.skew
        next(replica.steps)

    def _pass(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.paytend.passes(self.now)

    def _calm_down(self) -> None:
        """Let everything that is under way end, with nothing going wrong any more, then let people settle."""
        self.paytend.is_calm = True
        survivor = self.replicas[0] = self.kind(self.replicas[0].world, timedelta())
        for _ in range(50):
            self._pass(100)
            survivor.world.now = self.now
            next(survivor.steps)
            if all(self._status(request) not in (Status.APPROVED, Status.EXECUTING) for request in self.requests):
                break
        self._pass(3600)
        for _ in range(3):
            self.people.now = self.now
            self.people.looks_up()
            self._pass(3600)
        for request in self.requests:
            if self._status(request) == Status.UNKNOWN:
                happened = request.reference in self.paytend.books
                self.people.now = self.now
                for who in (MARA, ADA):
                    self.people.settles(request, who, happened=happened)

    def _status(self, request: Request) -> str:
        return self.people.read(request).status

    def _violations(self) -> list[str]:
        found = []
        for request in self.requests:
            status, booked = self._status(request), self.paytend.books.get(request.reference, 0)
            if booked > 1:
                found.append(f"executed {booked} times")
            if (status == Status.EXECUTED) is not (booked > 0):
                found.append(f"{status}, but executed {booked} times")
            if status not in (Status.EXECUTED, Status.FAILED, Status.EXPIRED):
                found.append(f"left {status}")
        return found


def _make_ids(chance: random.Random) -> Any:
    return lambda: f"{chance.getrandbits(104):026x}"
