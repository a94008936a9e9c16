"""People who ask and decide, a clock that is moved by hand, and a Paytend whose answers are chosen."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from approvals.actions.outcomes import LookupResult, Outcome
from approvals.actions.snapshot import EarlierTopUp, Snapshot
from approvals.audit import chain, verification
from approvals.audit.row_macs import make_macs
from approvals.audit.trail_keys import make_key
from approvals.context import AlarmRecipients, ApprovalContext
from approvals.execution import (
    end_watch,
    execution,
    interrupted_executions,
    lapses,
    prior_lookup,
    reconciliation,
    records,
    settlement_by_people,
)
from approvals.execution.absence_watch import AbsenceWatch
from approvals.execution.candidates import Candidate, find_claimable
from approvals.execution.execution import ClaimedExecution, NotClaimed
from approvals.execution.interrupted_executions import LeaseWatch
from approvals.messages.request_message import make_request_message
from approvals.policy.people import Member, Person, accounts_of, identity_of
from approvals.policy.rules import LimitRule, Policy, PolicyRule
from approvals.requests import deadlines, lists, opening, stored, view
from approvals.requests import decisions as requests
from approvals.requests.opening import NewRequest
from approvals.statuses import Verdict
from approvals.stops import resuming, standing, stopping
from approvals.stops.evidence import StandingStop
from approvals.stops.resuming import ResumeResult
from approvals.stops.scope import EVERYTHING, StopScope
from approvals.tables import AuditEvent, Decision, Execution, Request
from bot.database.engine import SqlDatabase
from notifier.rendering.facts import make_plain
from paytend.money import Money
from storage.vault import Vault
from tests.approvals.standins import CARD, FakePaytend, RecordingOutbox

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SECRET = b"k" * 32


def person(account: str, *roles: str, name: str = "", identity: str = "") -> Member:
    """Return somebody with these roles."""
    known = name or account.removeprefix("U0").title()
    return Member(person=Person(id=identity or account, account=account, name=known), roles=frozenset(roles))


def flagged(member: Member, flag: str) -> Member:
    """Return somebody whose account is of a kind that decides nothing."""
    flags: dict[str, Any] = {flag: True}
    return replace(member, person=replace(member.person, **flags))


SAM = person("U0SAM", "support")
MARA = person("U0MARA", "manager")
MILO = person("U0MILO", "manager")
ADA = person("U0ADA", "admin")
OLE = person("U0OLE", "oncall")
EVERYBODY = (SAM, MARA, MILO, ADA, OLE)


def rule(**changes: Any) -> PolicyRule:
    """Return a rule for top-ups, one approval by a manager."""
    return PolicyRule.model_validate(
        {"name": "top-ups", "action": "card.top_up", "approvers": ["manager"], **changes}
    )


def limit(**changes: Any) -> LimitRule:
    """Return a limit on a card's top-ups that refuses."""
    fields = {"action": "card.top_up", "per": "card", "window": "24h", "over": "1000.00 EUR", "then": "refuse"}
    return LimitRule.model_validate({**fields, **changes})


def snapshot(**changes: Any) -> Snapshot:
    """Return an active card with balances."""
    fields = {
        "card_id": CARD,
        "status": "5",
        "last_four": "4242",
        "holder_id": "H1",
        "holder_name": "Anna Kern",
        "kyc": "approved",
        "balance": "20.00 EUR",
        "partner_balance": "5000.00 EUR",
        "earlier": (EarlierTopUp(at="2026-11-01", money=Money.read("5.00 EUR"), status="done"),),
    }
    return Snapshot.model_validate({**fields, **changes})


def make_ids() -> Callable[[], str]:
    """Return a source of sortable ids of 26 characters, for threads too."""
    lock, numbers = threading.Lock(), itertools.count(1)

    def make_id() -> str:
        with lock:
            return f"01{next(numbers):024d}"

    return make_id


def make_context(**changes: Any) -> ApprovalContext:
    """Return a context with one rule: a manager approves top-ups."""
    fields: dict[str, Any] = {
        "vault": Vault([SECRET], random_bytes=lambda count: b"n" * count),
        "outbox": RecordingOutbox(),
        "policy": Policy(rules=(rule(),)),
        "make_id": make_ids(),
        "audit_key": make_key(SECRET),
        "macs": make_macs(SECRET),
        "alarms": AlarmRecipients(channels=("C0ONCALL",), admins=("U0ADA",)),
        "channel": "C0APPROVALS",
    }
    return ApprovalContext(**{**fields, **changes})


@dataclass
class ApprovalWorld:
    """The use cases of approvals in words, each in a transaction of its own as the shell runs them."""

    database: SqlDatabase
    context: ApprovalContext = field(default_factory=make_context)
    paytend: FakePaytend = field(default_factory=FakePaytend)
    now: datetime = START
    members_by_account: dict[str, Member] = field(
        default_factory=lambda: {who.person.account: who for who in EVERYBODY}
    )
    card: Snapshot = field(default_factory=snapshot)
    seconds: Callable[[], float] | None = None  # a monotonic clock that does not go with the other one

    def __post_init__(self) -> None:
        """Let the monotonic clock go with the other one."""
        self.watch = LeaseWatch(monotonic=self.monotonic)
        self.absences = AbsenceWatch(monotonic=self.monotonic)

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start."""
        return self.now.timestamp() if self.seconds is None else self.seconds()

    @property
    def outbox(self) -> RecordingOutbox:
        """The outbox, with everything that was written to it."""
        assert isinstance(self.context.outbox, RecordingOutbox)
        return self.context.outbox

    def use(self, **changes: Any) -> None:
        """Change the policy."""
        fields = {name: getattr(self.context, name) for name in ApprovalContext.__dataclass_fields__}
        policy = self.context.policy.model_copy(update=changes)
        self.context = ApprovalContext(**{**fields, "policy": policy})

    def same(self, *same_person: tuple[str, ...]) -> None:
        """Edit the identity map; everybody is who they are by it from now on."""
        fields = {name: getattr(self.context, name) for name in ApprovalContext.__dataclass_fields__}
        self.context = ApprovalContext(**{**fields, "same_person": same_person})
        for account, member in self.members_by_account.items():
            who = replace(
                member.person,
                id=identity_of(account, same_person=same_person),
                accounts=accounts_of(account, same_person=same_person),
            )
            self.members_by_account[account] = replace(member, person=who)

    def passes(self, **duration: float) -> None:
        """Move the clock."""
        self.now += timedelta(**duration)

    @property
    def members(self) -> dict[str, frozenset[str]]:
        """The people of each role now."""
        roles = {role for who in self.members_by_account.values() for role in who.roles}
        return {
            role: frozenset(who.person.id for who in self.members_by_account.values() if role in who.roles)
            for role in roles
        }

    def asks(self, amount: str = "10.00 EUR", *, by: Member = SAM, **changes: Any) -> Request:
        """Ask for a top-up."""
        payload = {"card_id": self.card.card_id, "money": amount, "reason": changes.pop("reason", "")}
        fields: dict[str, Any] = {
            "action": "card.top_up",
            "payload": payload,
            "snapshot": self.card,
            "members": self.members,
        }
        with self.database.writing() as session:
            return opening.open_request(
                session, self.context, new_request=NewRequest(**{**fields, **changes}), member=by, now=self.now
            )

    def decides(
        self, request: Request, by: Member = MARA, *, deny: str | None = None, digest: str | None = None
    ) -> Request:
        """Press a button."""
        with self.database.writing() as session:
            return requests.decide(
                session,
                self.context,
                request_id=request.id,
                digest=digest or request.digest,
                verdict=Verdict.APPROVE if deny is None else Verdict.DENY,
                member=by,
                reason=deny or "",
                now=self.now,
            )

    def withdraws(self, request: Request, by: Member = SAM) -> Request:
        """Withdraw it."""
        with self.database.writing() as session:
            return requests.withdraw(
                session, self.context, request_id=request.id, digest=request.digest, member=by, now=self.now
            )

    def stops(self, request: Request, by: Member, *, reason: str = "not needed any more") -> Request:
        """Stop what is approved."""
        with self.database.writing() as session:
            return requests.stop(
                session,
                self.context,
                request_id=request.id,
                digest=request.digest,
                member=by,
                reason=reason,
                now=self.now,
            )

    def approved(self, amount: str = "10.00 EUR") -> Request:
        """Ask and approve."""
        return self.decides(self.asks(amount))

    def candidates(self) -> list[Candidate]:
        """Return what can be claimed."""
        with self.database.reading() as session:
            return find_claimable(session, self.context, now=self.now)

    def claims(self, request: Request) -> ClaimedExecution | NotClaimed:
        """Claim an approved request with fresh rights and a fresh snapshot of the card."""
        with self.database.writing() as session:
            claimed = execution.claim(
                session,
                self.context,
                request_id=request.id,
                members_by_account=self.members_by_account,
                current=self.card,
                now=self.now,
                started=self.monotonic(),
            )
        self.sees_leases()
        return claimed

    def sees_leases(self) -> None:
        """Look which leases are in force, as the clock's job does every two seconds."""
        with self.database.reading() as session:
            held = session.exec(select(Execution.lease).join(Request).where(Request.status == "executing")).all()
        self.watch.find_ended(held, length=self.context.lease)

    def work(self, request: Request) -> ClaimedExecution:
        """Claim and insist on it."""
        work = self.claims(request)
        assert isinstance(work, ClaimedExecution), work
        return work

    def records(self, work: ClaimedExecution, outcome: Outcome) -> Request:
        """Write down what became of a claim."""
        with self.database.writing() as session:
            return records.record(session, self.context, work=work, outcome=outcome, now=self.now)

    def executes(self, request: Request) -> Request:
        """Claim, do, record."""
        work = self.work(request)
        asked = prior_lookup.ask_before(work, self.paytend)
        if isinstance(asked, ClaimedExecution):
            return self.records(work, self.does(asked))
        return self.records(work, asked)

    def looks_up(self) -> list[LookupResult]:
        """Ask Paytend about everything that is due."""
        with self.database.writing() as session:
            claims = reconciliation.claim_due(session, self.context, now=self.now)
        findings = []
        for claim in claims:
            result = reconciliation.ask(claim, self.paytend)
            findings.append(result)
            with self.database.writing() as session:
                reconciliation.record(
                    session, self.context, claim=claim, result=result, absences=self.absences, now=self.now
                )
        return findings

    def watches(self) -> int:
        """Ask Paytend about the ends that are due; return how many contradictions are new."""
        with self.database.writing() as session:
            end_watch.restore_cleared(session, self.context, now=self.now)
            claims = end_watch.claim_due(session, self.context, now=self.now)
        contradictions = 0
        for claim in claims:
            result = reconciliation.ask(claim, self.paytend)
            with self.database.writing() as session:
                contradictions += end_watch.record(session, self.context, claim=claim, result=result, now=self.now)
        return contradictions

    def gives_up(self) -> None:
        """Ask Paytend until the lookups give up."""
        for _ in range(3):
            self.passes(minutes=4)
            self.looks_up()

    def settles(
        self, request: Request, by: Member, *, happened: bool, reason: str = "seen in the portal"
    ) -> Request:
        """Say whether it happened."""
        self.members_by_account.setdefault(by.person.account, by)
        with self.database.writing() as session:
            return settlement_by_people.settle(
                session,
                self.context,
                request_id=request.id,
                digest=request.digest,
                member=by,
                members_by_account=self.members_by_account,
                happened=happened,
                reason=reason,
                now=self.now,
            )

    def does(self, work: ClaimedExecution) -> Outcome:
        """Send what was claimed."""
        return execution.do(work, self.paytend, monotonic=self.monotonic)

    def ticks(self) -> None:
        """Let the clocks of requests work."""
        with self.database.writing() as session:
            interrupted_executions.mark_stranded(session, self.context, watch=self.watch, now=self.now)
            deadlines.expire_due(session, self.context, now=self.now)
            deadlines.remind_due(session, self.context, now=self.now)
            due = lapses.find_due(session, self.context, now=self.now)
        for each in due:
            answer = lapses.ask(each, self.paytend)
            with self.database.writing() as session:
                lapses.record(session, self.context, request_id=each.request_id, answer=answer, now=self.now)

    def joined(self, first: Member, second: Member) -> Member:
        """Let two accounts be one person from now on, and return them with the second one in use."""
        accounts = frozenset((first.person.account, second.person.account))
        for account in accounts:
            who = self.members_by_account[account]
            known = replace(who.person, id=first.person.id, accounts=accounts)
            self.members_by_account[account] = replace(who, person=known)
        return self.members_by_account[second.person.account]

    def stops_claims(
        self, scope: StopScope = EVERYTHING, *, by: Member = MARA, reason: str = "fraud suspected"
    ) -> StandingStop:
        """Stop something."""
        with self.database.writing() as session:
            return self.stop_in(session, scope, by=by, reason=reason)

    def stop_in(
        self,
        session: Session,
        scope: StopScope = EVERYTHING,
        *,
        by: Member = MARA,
        reason: str = "fraud suspected",
    ) -> StandingStop:
        """Stop something in a transaction that the test commits."""
        return stopping.stop(session, self.context, scope=scope, member=by, reason=reason, now=self.now)

    def resume_all(self) -> None:
        """Let two people resume everything."""
        for who in (OLE, ADA):
            self.resumes(*self.standing(), by=who)

    def resumes(self, *stops: StandingStop, by: Member, reason: str = "") -> ResumeResult:
        """Say that stops shall end."""
        with self.database.reading() as session:
            accounts = resuming.find_speakers(session, self.context, now=self.now)
        with self.database.writing() as session:
            return resuming.resume(
                session,
                self.context,
                stop_ids=[stop.id for stop in stops],
                member=by,
                members_by_account={name: self.members_by_account[name] for name in accounts},
                reason=reason,
                now=self.now,
            )

    def standing(self) -> tuple[StandingStop, ...]:
        """Return the stops that stand."""
        with self.database.reading() as session:
            return standing.find_standing(session, self.context)

    def read(self, request: Request) -> Request:
        """Return the request as stored."""
        return self.find(request.id)

    def find(self, request_id: str) -> Request:
        """Return a request by its id."""
        with self.database.reading() as session:
            return stored.find(session, request_id)

    def execution(self, request: Request) -> Execution:
        """Return its execution as stored."""
        with self.database.reading() as session:
            return session.get_one(Execution, request.id)

    def message_facts(self, request: Request) -> dict[str, Any]:
        """Return what its message shows, as plain JSON."""
        with self.database.reading() as session:
            request = stored.find(session, request.id)
            message = make_request_message(view.read_view(session, self.context, request, now=self.now))
        facts: dict[str, Any] = make_plain(message)
        return facts

    def decisions(self, request: Request) -> int:
        """Return how many decisions there are."""
        with self.database.reading() as session:
            query = select(func.count()).select_from(Decision).where(Decision.request_id == request.id)
            return session.exec(query).one()

    def mine(self, who: Member) -> list[str]:
        """Return the ids of what somebody asked for."""
        with self.database.reading() as session:
            return [row.id for row in lists.mine(session, member=who).requests]

    def waiting(self, who: Member) -> list[str]:
        """Return the ids of what waits for somebody."""
        with self.database.reading() as session:
            return [row.id for row in lists.waiting(session, member=who, now=self.now).requests]

    def events(self) -> list[str]:
        """Return the names of all audit events."""
        with self.database.reading() as session:
            return list(session.exec(select(AuditEvent.event).order_by(col(AuditEvent.seq))))

    def verified(self, older: chain.Head | None = None) -> verification.Verification:
        """Check the trail."""
        with self.database.reading() as session:
            return verification.verify(session, key=self.context.audit_key, older=older)
