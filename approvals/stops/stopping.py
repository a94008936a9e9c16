"""Stops something, for a person or by a condition of cardops.yml: at once, and without a second person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from approvals.audit import chain, row_macs
from approvals.context import ApprovalContext
from approvals.free_text import require_reason
from approvals.policy.eligibility import require_eligible
from approvals.policy.people import Member
from approvals.policy.stop_conditions import StopCause, find_condition
from approvals.refusals import Refusal, write_moment
from approvals.stops import notices, standing
from approvals.stops.evidence import BEGAN, StandingStop
from approvals.stops.scope import EVERYTHING, StopKind, StopScope
from approvals.tables import Stop

STOPPERS = ("manager", "oncall", "admin")
ITSELF = "cardops"  # who stops by a condition


class AlreadyStopped(Refusal):
    """You already stopped {what} at {when}: {reason}."""

    is_recorded = False


def stop(
    session: Session, context: ApprovalContext, *, scope: StopScope, member: Member, reason: str, now: datetime
) -> StandingStop:
    """Stop something for a person; when this is committed, no claim of it can be. Raises a Refusal.

    Somebody else may have stopped the same: each has its own reason, and each is to be resumed.
    """
    # Before anything is read: each claim ends before this stop, or sees it.
    standing.lock_for_change(session)
    require_eligible(member, requester=(), role_lists=(STOPPERS,))
    require_reason(reason)
    for earlier in standing.find_standing(session, context):
        if earlier.scope == scope and member.person.is_known_as(earlier.person_id, earlier.account):
            raise AlreadyStopped(what=scope.words, when=write_moment(earlier.stopped_at), reason=earlier.reason)
    row = Stop(
        id=context.make_id(),
        scope=scope.stored,
        cause=StopCause.PERSON.value,
        reason=reason.strip(),
        person_id=member.person.id,
        account=member.person.account,
        name=member.person.display_name,
        stopped_at=now,
        mac="",
    )
    return _add(session, context, row, now=now)


def stop_by_itself(
    session: Session, context: ApprovalContext, *, cause: StopCause, reason: str, mark: str, now: datetime
) -> StandingStop | None:
    """Stop for a condition that came true, if `stop_when` of cardops.yml has it; else do nothing.

    `mark` names what fulfilled it (a difference, a broken event): nothing is stopped twice for the same, so that
    what two people have resumed does not stop again before there is something new.
    """
    condition = find_condition(context.stop_when, cause)
    if condition is None:
        return None
    standing.lock_for_change(session)
    evidence = standing.read_evidence(session, context)
    if any(row.cause == cause and row.mark == mark for row in evidence.stops):
        return None
    if any(earlier.cause == cause for earlier in evidence.find_standing()):
        return None  # it stands, and one line in the channel is enough
    scope = StopScope(kind=StopKind.TOP_UPS) if condition.stops == StopKind.TOP_UPS.value else EVERYTHING
    row = Stop(
        id=context.make_id(),
        scope=scope.stored,
        cause=cause.value,
        mark=mark,
        reason=reason,
        person_id=ITSELF,
        account=ITSELF,
        name=ITSELF,
        stopped_at=now,
        mac="",
    )
    return _add(session, context, row, now=now)


def note(
    session: Session,
    context: ApprovalContext,
    event: str,
    *,
    actor: str,
    now: datetime,
    facts: Mapping[str, Any],
    proofs: Mapping[str, Any],
) -> None:
    """Add an event about a stop to the trail; `proofs` are our own ids, which nothing may be taken out of."""
    chain.append(
        session,
        event,
        key=context.audit_key,
        actor=actor,
        subject=standing.SUBJECT,
        facts=facts,
        now=now,
        proofs=proofs,
    )


def _add(session: Session, context: ApprovalContext, row: Stop, *, now: datetime) -> StandingStop:
    row.mac = row_macs.sign_stop(row, macs=context.macs)
    session.add(row)
    session.flush()
    stopped = StandingStop(
        id=row.id,
        scope=StopScope.read(row.scope),
        cause=row.cause,
        mark=row.mark,
        reason=row.reason,
        person_id=row.person_id,
        account=row.account,
        name=row.name,
        stopped_at=row.stopped_at,
    )
    notices.post_stop(session, context, stopped, now=now)
    facts = {"cause": row.cause, "mark": row.mark, "reason": row.reason, "by": row.account}
    proofs = {"stop": row.id, "scope": row.scope, "mac": row.mac}
    note(session, context, BEGAN, actor=row.account, now=now, facts=facts, proofs=proofs)
    return stopped
