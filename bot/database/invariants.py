"""What must always be true of the database, even while a bot runs; each check returns what breaks it, in words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlmodel import Session, col

from approvals.actions.outcomes import Result
from approvals.audit import verification
from approvals.audit.trail_keys import TrailKey
from approvals.statuses import Status, Verdict
from approvals.tables import Decision, Execution, Request, Settlement, VoidedDecision

MOST = 20  # violations that each check lists
LONGEST_EXECUTION = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class InvariantResult:
    """One invariant and what breaks it."""

    name: str
    broken: tuple[str, ...]


def examine(
    session: Session, *, audit_key: TrailKey, now: datetime, report: Callable[[int], None]
) -> Iterator[InvariantResult]:
    """Run all checks, one after the other; they only read. `report` gets the number of the last verified event."""
    for name, check in CHECKS.items():
        yield InvariantResult(name=name, broken=tuple(check(session, now)))
    verified = verification.verify(session, key=audit_key, report=report)
    broken = () if verified.is_intact else (f"at event {verified.broken_at}: {verified.words}",)
    yield InvariantResult(name="the audit trail is unbroken", broken=broken)


def _executed_once(session: Session, _now: datetime) -> list[str]:
    executed = and_(col(Execution.request_id) == col(Request.id), col(Execution.outcome) == Result.EXECUTED.value)
    query = select(col(Request.id)).where(
        col(Request.status) == Status.EXECUTED.value, ~exists(select(col(Execution.request_id)).where(executed))
    )
    return _name(session, query, "is executed, but no execution says so")


def _has_reference(session: Session, _now: datetime) -> list[str]:
    """Check that money that moved has Paytend's reference, or that two people settled that it moved."""
    settled = exists(select(col(Settlement.id)).where(col(Settlement.request_id) == col(Request.id)))
    query = (
        select(col(Request.id))
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(
            col(Request.status) == Status.EXECUTED.value,
            col(Request.amount_minor).is_not(None),
            col(Execution.provider_reference) == "",
            ~settled,
        )
    )
    return _name(session, query, "moved money without a reference of Paytend's")


def _has_quorum(session: Session, _now: datetime) -> list[str]:
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
        col(Request.status).in_([status.value for status in after]), counted < col(Request.quorum)
    )
    return _name(session, query, "went on without its quorum of other people")


def _decisions_match(session: Session, _now: datetime) -> list[str]:
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


def _denied_by_somebody(session: Session, _now: datetime) -> list[str]:
    denied = exists(
        select(col(Decision.person_id)).where(
            col(Decision.request_id) == col(Request.id), col(Decision.verdict) == Verdict.DENY.value
        )
    )
    query = select(col(Request.id)).where(col(Request.status) == Status.DENIED.value, ~denied)
    return _name(session, query, "is denied by nobody")


def _not_stuck(session: Session, now: datetime) -> list[str]:
    query = (
        select(col(Request.id))
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(col(Request.status) == Status.EXECUTING.value, col(Execution.claimed_at) < now - LONGEST_EXECUTION)
    )
    return _name(session, query, "has been executing for over an hour")


def _unknown_is_followed(session: Session, _now: datetime) -> list[str]:
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


CHECKS: dict[str, Callable[[Session, datetime], list[str]]] = {
    "what is executed has one execution": _executed_once,
    "money that moved has a reference of Paytend's": _has_reference,
    "nothing went on without its quorum": _has_quorum,
    "decisions are on their request's content, and by others": _decisions_match,
    "what is denied was denied by somebody": _denied_by_somebody,
    "nothing executes for over an hour": _not_stuck,
    "what is unknown is followed": _unknown_is_followed,
}


def _name(session: Session, query: "Select[str]", words: str) -> list[str]:
    found = session.connection().execute(query.distinct().limit(MOST)).scalars()
    return [f"request {request_id} {words}" for request_id in found]
