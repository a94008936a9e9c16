"""A database with requests in every status, a Paytend that counts what it is sent, and a bot that works on."""

import contextlib
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sqlmodel import select

from approvals.actions.outcomes import Outcome, Result
from approvals.audit import chain
from approvals.books.tables import BooksSaid
from approvals.execution.execution import ClaimedExecution
from approvals.statuses import Status
from approvals.stops.scope import StopScope
from approvals.tables import KeyRotation, Request, RetentionPeriod
from bot.database import invariants
from bot.database.engine import SqlDatabase
from bot.database.invariants import CheckContext
from paytend.errors import OutcomeUnknown, Unreachable
from paytend.operations.call import Call
from tests.approvals.actions.payloads import PAYLOADS
from tests.approvals.standins import FakePaytend
from tests.approvals.world import ADA, MARA, MILO, OLE, ApprovalWorld, person, rule, snapshot


@dataclass
class CountingPaytend(FakePaytend):
    """Also counts by reference how often it was told to move money, whatever it answered."""

    sent: dict[str, int] = field(default_factory=dict)

    def send(self, call: Call[Any]) -> Any:
        if call.operation.name == "topup" and not isinstance(self.before, Unreachable):
            reference = call.values["reference"]
            self.sent[reference] = self.sent.get(reference, 0) + 1
        return super().send(call)


@dataclass
class Desk:
    """The requests of a team by name, one a card, and how often each was sent when the attack began."""

    world: ApprovalWorld
    paytend: CountingPaytend
    requests: dict[str, Request]

    @classmethod
    def fill(cls, database: SqlDatabase) -> "Desk":
        """Put requests of every status into an empty database."""
        paytend = CountingPaytend()
        desk = cls(world=ApprovalWorld(database=database, paytend=paytend), paytend=paytend, requests={})
        for name in STORIES:
            desk.world.card = snapshot(card_id=f"17559{len(desk.requests):02}", holder_id=f"H{len(desk.requests)}")
            desk.requests[name] = getattr(desk, f"_{name}")()
            paytend.before = paytend.after = paytend.lookup = None
        desk._keeps_books()
        return desk

    def on(self, database: SqlDatabase) -> "Desk":
        """The same desk on a copy of its database, with a Paytend that remembers the same."""
        paytend = replace(self.paytend, books=dict(self.paytend.books), sent=dict(self.paytend.sent), calls=[])
        world = replace(self.world, database=database, paytend=paytend)
        return replace(self, world=world, paytend=paytend)

    def works_on(self) -> None:
        """Let the bot execute, look things up, keep its deadlines, and people settle what nobody can say."""
        for _ in range(3):
            for candidate in self._find_due():
                self._execute(candidate)
            self._try(self.world.looks_up)
            self._try(self.world.ticks)
            self._settle()
            self.world.passes(minutes=4)

    def moved(self) -> dict[str, int]:
        """By name, how often each request was sent in all."""
        return {name: self.paytend.sent.get(each.reference, 0) for name, each in self.requests.items()}

    def strangers(self) -> dict[str, int]:
        """By reference, what was sent that no request of the team asked for."""
        known = {each.reference for each in self.requests.values()}
        return {reference: count for reference, count in self.paytend.sent.items() if reference not in known}

    def notices(self) -> list[str]:
        """What `audit verify` and `cardops check` say is wrong."""
        context = self.world.context
        means = CheckContext(
            audit_key=context.audit_key, macs=context.macs, vault=context.vault, now=self.world.now
        )
        with self.world.database.reading() as session:
            found = invariants.examine(session, means, report=lambda _seq: None)
            return [words for result in found for words in result.broken]

    def _find_due(self) -> list[str]:
        try:
            return [candidate.request_id for candidate in self.world.candidates()]
        except Exception:  # noqa: BLE001 - a row that cannot be read stops the bot, which sends nothing then
            return []

    def _execute(self, request_id: str) -> None:
        with self.world.database.reading() as session:
            request = session.get_one(Request, request_id)
        self.world.card = snapshot(card_id=request.subject, holder_id=request.cardholder_id)
        self._try(lambda: self.world.executes(request))

    def _settle(self) -> None:
        with self.world.database.reading() as session:
            unknown = session.exec(select(Request).where(Request.status == Status.UNKNOWN.value)).all()
        for request in unknown:
            for settler in (MILO, ADA):
                self._try(partial(self.world.settles, request, settler, happened=False))

    def _try(self, work: Any) -> None:
        # `work` insists on a claim, which may be refused; and a row that makes the bot fail stops this step alone.
        with contextlib.suppress(Exception):
            work()

    # the stories

    def _pending(self) -> Request:
        return self.world.asks(asked_in="C0GENERAL")

    def _returned(self) -> Request:
        """Approved by somebody who is no manager any more, so that it waits again."""
        request, members = self.world.approved(), self.world.members_by_account
        self.world.members_by_account = {**members, "U0MARA": person("U0MARA")}
        self.world.claims(request)
        self.world.members_by_account = members
        return self.world.read(request)

    def _announces(self, event: str, subject: str) -> None:
        with self.world.database.writing() as session:
            chain.append(
                session,
                event,
                key=self.world.context.audit_key,
                actor="an operator",
                subject=subject,
                facts={},
                now=self.world.now,
            )

    def _keeps_books(self) -> None:
        """Leave a rotation that ended, a period of retention, a change of a cardholder, and two stops."""
        self._changes_cardholder()
        ended = self.world.stops_claims(StopScope.read("card:1700001"))
        for who in (OLE, ADA):
            self.world.resumes(ended, by=who)
        self.world.stops_claims(StopScope.read("card:1700002"))
        self._announces("keys:rotation_begun", "rotation:R1")
        self._announces("retention:begun", "retention:1")
        now = self.world.now
        with self.world.database.writing() as session:
            session.add(KeyRotation(id="R1", to_key=b"abcd", started_at=now))
            words = {"account": "U0MARA", "name": "Mara", "reason": "a fee", "mac": "m"}
            session.add(BooksSaid(difference_id="D1", person_id="U0MARA", said_at=now, **words))
            session.add(RetentionPeriod(number=1, days=400, begun_at=now))
        with self.world.database.writing() as session:
            session.get_one(KeyRotation, "R1").finished_at = now

    def _changes_cardholder(self) -> None:
        self.world.use(rules=(rule(action="cardholder.update"),))
        self.world.card = snapshot(subject="101982", holder_id="101982")
        update = self.world.asks(action="cardholder.update", payload=PAYLOADS["cardholder.update"])
        work = self.world.work(self.world.decides(update))
        self.world.records(work, Outcome(result=Result.EXECUTED, words="done"))
        self.world.use(rules=(rule(),))

    def _half_approved(self) -> Request:
        self.world.use(rules=(rule(quorum=2),))
        request = self.world.decides(self.world.asks(), MARA)
        self.world.use(rules=(rule(),))
        return request

    def _denied(self) -> Request:
        return self.world.decides(self.world.asks(), deny="not this one")

    def _withdrawn(self) -> Request:
        return self.world.withdraws(self.world.asks())

    def _expired(self) -> Request:
        self.world.use(rules=(rule(decide_within="1m"),))
        request = self.world.asks()
        self.world.use(rules=(rule(),))
        self.world.passes(minutes=2)
        self.world.ticks()
        return self.world.read(request)

    def _executed(self) -> Request:
        return self.world.executes(self.world.approved())

    def _failed(self) -> Request:
        self.paytend.status = "2"
        request = self.world.executes(self.world.approved())
        self.paytend.status = "1"
        return request

    def _settled(self) -> Request:
        self.paytend.before = OutcomeUnknown("lost")
        request = self.world.executes(self.world.approved())
        self.paytend.lookup = OutcomeUnknown("lost")
        self.world.gives_up()
        self.world.settles(request, MARA, happened=False)
        return self.world.settles(request, MILO, happened=False)

    def _unknown(self) -> Request:
        self.paytend.after = OutcomeUnknown("lost")
        return self.world.executes(self.world.approved())

    def _given_up(self) -> Request:
        self.paytend.after = OutcomeUnknown("lost")
        request = self.world.executes(self.world.approved())
        self.paytend.lookup = OutcomeUnknown("lost")
        self.world.gives_up()
        self.world.settles(request, MARA, happened=False)
        return request

    def _never_sent(self) -> Request:
        self.paytend.before = Unreachable("no route")
        return self.world.executes(self.world.approved())

    def _approved(self) -> Request:
        return self.world.approved()

    def _executing(self) -> Request:
        """In flight: Paytend has it, and its answer is not written down yet."""
        request = self.world.approved()
        work = self.world.work(request)
        assert isinstance(work, ClaimedExecution)
        self.world.does(work)
        return self.world.read(request)


STORIES = (
    "expired",
    "denied",
    "withdrawn",
    "executed",
    "failed",
    "settled",
    "given_up",
    "unknown",
    "never_sent",
    "half_approved",
    "returned",
    "pending",
    "approved",
    "executing",
)
# How often each may be sent in all: only what two people approved and nobody has sent yet moves money once more.
MAY_MOVE = {
    "executed": 1,
    "failed": 1,
    "settled": 1,
    "given_up": 1,
    "unknown": 1,
    "never_sent": 1,
    "approved": 1,
    "executing": 1,
}
