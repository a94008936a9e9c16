"""Executions that were interrupted by the death of a process become unknown; they are never sent a second time."""

from datetime import datetime

from sqlmodel import Session, col, select

from approvals.actions.outcomes import Outcome, Result
from approvals.context import ApprovalContext
from approvals.execution.records import mark_unknown
from approvals.statuses import Status
from approvals.tables import Execution, Request

INTERRUPTED = "The execution was interrupted; it may or may not have happened."


def mark_stranded(
    session: Session, context: ApprovalContext, *, now: datetime, at_start: bool = False, limit: int = 50
) -> int:
    """Mark what is executing past its lease as unknown, and return how many; nothing is sent a second time.

    `at_start`: this is the only process, so everything that is executing was left by one that died.
    """
    stranded = session.exec(
        select(Request)
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(
            Request.status == Status.EXECUTING.value, *([] if at_start else [col(Execution.lease_until) <= now])
        )
        .order_by(col(Request.created_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for request in stranded:
        execution = session.get_one(Execution, request.id)
        outcome = Outcome(result=Result.UNKNOWN, words=INTERRUPTED)
        mark_unknown(session, context, request, execution, outcome=outcome, now=now)
    return len(stranded)
