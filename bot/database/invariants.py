"""What must always be true of the database, even while a bot runs; each check returns what breaks it, in words."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice

from sqlalchemy import Select, and_, exists, func, or_, select, true
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from approvals.actions.outcomes import Result
from approvals.audit import verification
from approvals.audit.chain import Head
from approvals.audit.trail_keys import TrailKey
from approvals.audit.verification import ChainBreak
from approvals.database_guards import trigger_sql
from approvals.database_guards.forbidden_changes import LIFTABLE
from approvals.statuses import Status, Verdict
from approvals.stops.standing import read_evidence
from approvals.tables import AuditEvent, Decision, Execution, Request, VoidedDecision
from bot.database import agreement
from notifier.outbox.outbox import NEWEST_FIRST
from notifier.outbox.sealed_facts import open_facts
from notifier.outbox.tables import Delivery
from storage.macs import MacKeys
from storage.vault import Unreadable, Vault

BEFORE = re.compile(r'"before":"([^"]+)"')
_PAGE = 1_000  # ids that are in memory at once
MOST = 20  # violations that each check lists
# Five times the longest lease (`execution_lease`), after which an execution becomes unknown by itself.
LONGEST_EXECUTION = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class InvariantResult:
    """One invariant and what breaks it."""

    name: str
    broken: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CheckContext:
    """What the checks need besides the database; `told` is a head of the trail that was posted before."""

    audit_key: TrailKey
    macs: MacKeys
    vault: Vault
    now: datetime
    told: Head | None = None


def examine(session: Session, means: CheckContext, *, report: Callable[[int], None]) -> Iterator[InvariantResult]:
    """Run all checks, one after the other; they only read. `report` gets the number of the last verified event."""
    for name, check in CHECKS.items():
        yield _result(name, check(session, means.now))
    yield _result("requests are what the trail proves", agreement.find_unproven(session, macs=means.macs))
    orphans = chain(agreement.find_orphans(session), agreement.find_made_up_changes(session))
    yield _result("what the trail has is there, and nothing else", orphans)
    # The later of two heads shows more: a tail that was cut between them fits the earlier one.
    disputed = agreement.find_disputed(session, key=means.audit_key, now=means.now)
    yield _result("what Paytend contradicts is in the trail and in the rows", disputed)
    older = max(
        (means.told, find_posted_head(session, vault=means.vault)), key=lambda head: head.seq if head else -1
    )
    verified = verification.verify(session, key=means.audit_key, older=older, report=report)
    broken = (f"at {write_range(each)}: {each.words}" for each in verified.open_breaks)
    yield _result("the audit trail is unbroken", broken, more=verified.more)
    yield _result("stops and resumptions are genuine", read_evidence(session, means).find_faults())
    yield _result("every trigger is there, as it was made", trigger_sql.find_faults(session.connection()))


def _result(name: str, found: Iterable[str], *, more: int = 0) -> InvariantResult:
    """Return what was found: the first in words, and how many others there are. Anybody can write any number."""
    each = iter(found)
    broken = tuple(islice(each, MOST))
    more += sum(1 for _ in each)
    return InvariantResult(name=name, broken=(*broken, f"and {more:,} more like it") if more else broken)


def write_range(broken: ChainBreak) -> str:
    """Return the numbers of the events of a break, for people."""
    return f"event {broken.first}" if broken.first == broken.last else f"events {broken.first} to {broken.last}"


def find_posted_head(session: Session, *, vault: Vault) -> Head | None:
    """Return the newest head of the trail that was posted to the audit channel, as far as it is kept."""
    rows = session.exec(
        select_rows(Delivery)
        .where(Delivery.kind == "audit_head", func.length(Delivery.facts) > 0)
        .order_by(*NEWEST_FIRST)
        .limit(1)
    )
    for row in rows:
        with suppress(Unreadable, KeyError):
            facts = open_facts(row.facts, vault=vault, delivery_id=row.id)
            return Head(seq=int(facts["number"]), hash=str(facts["hash"]))
    return None


def _executed_once(session: Session, _now: datetime) -> Iterator[str]:
    executed = and_(col(Execution.request_id) == col(Request.id), col(Execution.outcome) == Result.EXECUTED.value)
    query = select(col(Request.id)).where(
        col(Request.status) == Status.EXECUTED.value, ~exists(select(col(Execution.request_id)).where(executed))
    )
    return _name(session, query, "is executed, but no execution says so")


def _contents_kept(session: Session, _now: datetime) -> Iterator[str]:
    """Check that contents are only gone where retention, which notes it in the trail, has removed them."""
    removed = select(func.max(AuditEvent.facts)).where(
        col(AuditEvent.subject) == "retention", col(AuditEvent.event) == "retention:removed"
    )
    # The facts begin with the moment before which contents were removed, as text that sorts by time.
    found = BEFORE.search(session.connection().execute(removed).scalar() or "")
    ended = col(Request.ended_at)
    too_early = or_(ended.is_(None), ended >= datetime.fromisoformat(found[1])) if found else true()
    query = select(col(Request.id)).where(func.length(Request.payload) == 0, too_early)
    return _name(session, query, "has lost its content before its time")


def _has_quorum(session: Session, _now: datetime) -> Iterator[str]:
    voided = exists(
        select(col(VoidedDecision.person_id)).where(
            col(VoidedDecision.request_id) == col(Decision.request_id),
            col(VoidedDecision.person_id) == col(Decision.person_id),
        )
    )
    counted = (
        select(func.count(func.distinct(col(Decision.person_id))))
        .where(
            col(Decision.request_id) == col(Request.id),
            col(Decision.verdict) == Verdict.APPROVE.value,
            col(Decision.digest) == col(Request.digest),
            col(Decision.person_id) != col(Request.requester_id),
            ~voided,
        )
        .scalar_subquery()
    )
    after = [Status.APPROVED, Status.EXECUTING, Status.EXECUTED, Status.UNKNOWN]
    query = select(col(Request.id)).where(
        col(Request.status).in_([status.value for status in after]),
        counted < col(Request.quorum),
        # One that its rule lifted needs nobody else; the trail proves that it was.
        ~and_(col(Request.rule).contains('"lifted":true'), col(Request.action).in_(LIFTABLE)),
    )
    return _name(session, query, "went on without its quorum of other people")


def _decisions_match(session: Session, _now: datetime) -> Iterator[str]:
    query = (
        select(col(Request.id))
        .join(Decision, col(Decision.request_id) == col(Request.id))
        .where(
            or_(
                col(Decision.digest) != col(Request.digest),
                col(Decision.person_id) == col(Request.requester_id),
                col(Decision.account) == col(Request.requester_account),
            )
        )
    )
    return _name(session, query, "has a decision on other content, or by its requester")


def _denied_by_somebody(session: Session, _now: datetime) -> Iterator[str]:
    denied = exists(
        select(col(Decision.person_id)).where(
            col(Decision.request_id) == col(Request.id), col(Decision.verdict) == Verdict.DENY.value
        )
    )
    query = select(col(Request.id)).where(col(Request.status) == Status.DENIED.value, ~denied)
    return _name(session, query, "is denied by nobody")


def _not_stuck(session: Session, now: datetime) -> Iterator[str]:
    query = (
        select(col(Request.id))
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(col(Request.status) == Status.EXECUTING.value, col(Execution.claimed_at) < now - LONGEST_EXECUTION)
    )
    return _name(session, query, "has been executing for over an hour")


def _unknown_is_followed(session: Session, _now: datetime) -> Iterator[str]:
    query = (
        select(col(Request.id))
        .join(Execution, col(Execution.request_id) == col(Request.id), isouter=True)
        .where(
            col(Request.status) == Status.UNKNOWN.value,
            col(Execution.next_look_at).is_(None),
            col(Execution.gave_up_at).is_(None),
        )
    )
    return _name(session, query, "is unknown, and neither is Paytend asked nor were people called")


CHECKS: dict[str, Callable[[Session, datetime], Iterator[str]]] = {
    "what is executed has one execution": _executed_once,
    "contents are kept until retention removes them": _contents_kept,
    "nothing went on without its quorum": _has_quorum,
    "decisions are on their request's content, and by others": _decisions_match,
    "what is denied was denied by somebody": _denied_by_somebody,
    "nothing executes for over an hour": _not_stuck,
    "what is unknown is followed": _unknown_is_followed,
}


def _name(session: Session, query: "Select[str]", words: str) -> Iterator[str]:
    # A page at a time, as it may be every request that there is.
    found = session.connection().execute(query.distinct(), execution_options={"yield_per": _PAGE}).scalars()
    return (f"request {request_id} {words}" for request_id in found)
