"""After a backup was restored: open requests may have gone on since the backup, so none of them is trusted.

An approved or executing request may have been carried out after the backup was taken: it becomes unknown, and
Paytend is asked about it. A pending one may have been decided and carried out too, but its decisions are lost: it
ends, and people are told to look at Paytend before they ask again. Nothing is sent.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from approvals.actions.outcomes import Outcome, Result
from approvals.context import ApprovalContext
from approvals.execution.records import mark_unknown
from approvals.requests.move import CLOCK, move
from approvals.statuses import Status
from approvals.tables import Execution, Request

UNKNOWN_WORDS = "The database was restored from a backup; this may or may not have been carried out since."
ENDED_WORDS = (
    "The database was restored from a backup, and this may have been decided and carried out since. "
    "Please look at Paytend before you ask again."
)


@dataclass(kw_only=True)
class RestoredCounts:
    """How many approved or executing requests became unknown, and how many pending ones ended."""

    unknown: int = 0
    ended: int = 0


def mark_open_requests(session: Session, context: ApprovalContext, *, now: datetime) -> RestoredCounts:
    """Set approved and executing requests to unknown, end the pending ones, and return how many there were."""
    counts = RestoredCounts()
    for request in _with(session, Status.APPROVED, Status.EXECUTING):
        execution = session.get(Execution, request.id) or add_execution(session, context, request, now=now)
        outcome = Outcome(result=Result.UNKNOWN, words=UNKNOWN_WORDS, why=UNKNOWN_WORDS)
        # A move of its own: nothing else leads from approved to unknown (MOVES).
        event = "execution:restored" if request.status == Status.APPROVED else "execution:unknown"
        mark_unknown(session, context, request, execution, outcome=outcome, now=now, event=event)
        counts.unknown += 1
    for request in _with(session, Status.PENDING):
        event, words = "approval:expired", ENDED_WORDS
        move(session, context, request, event, actor=CLOCK, words=words, why=words, now=now)
        counts.ended += 1
    return counts


def _with(session: Session, *statuses: Status) -> list[Request]:
    values = [status.value for status in statuses]
    query = select(Request).where(col(Request.status).in_(values)).order_by(col(Request.created_at))
    # No `skip_locked`: a request that is skipped stays approved and may be carried out a second time.
    return list(session.exec(query.with_for_update()).all())


def add_execution(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> Execution:
    """Write down an execution that the database does not have, so that Paytend can be asked about it."""
    execution = Execution(request_id=request.id, lease=context.make_id(), lease_until=now, claimed_at=now)
    session.add(execution)
    session.flush()
    return execution
