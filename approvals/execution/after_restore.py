"""After a backup was restored: what may have gone on since then is not believed to stand as it did.

An approved or executing request may have been carried out after the backup was taken, and a pending one decided
and carried out, too. So the first become unknown and Paytend is asked about them, and the
second end; nothing is sent.
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
    """How many requests were set to unknown, and how many pending ones ended."""

    unknown: int = 0
    ended: int = 0


def mark_open_requests(session: Session, context: ApprovalContext, *, now: datetime) -> RestoredCounts:
    """Set approved and executing requests to unknown and end the pending ones; return how many."""
    done = RestoredCounts()
    for request in _with(session, Status.APPROVED, Status.EXECUTING):
        execution = session.get(Execution, request.id) or _write_down(session, context, request, now=now)
        outcome = Outcome(result=Result.UNKNOWN, words=UNKNOWN_WORDS)
        event = "execution:restored" if request.status == Status.APPROVED else "execution:unknown"
        mark_unknown(session, context, request, execution, outcome=outcome, now=now, event=event)
        done.unknown += 1
    for request in _with(session, Status.PENDING):
        move(session, context, request, "approval:expired", actor=CLOCK, words=ENDED_WORDS, now=now)
        done.ended += 1
    return done


def _with(session: Session, *statuses: Status) -> list[Request]:
    values = [status.value for status in statuses]
    query = select(Request).where(col(Request.status).in_(values)).order_by(col(Request.created_at))
    return list(session.exec(query.with_for_update()).all())


def _write_down(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> Execution:
    """Write down the execution that the backup knows nothing of, so that it can be asked about."""
    execution = Execution(request_id=request.id, lease=context.make_id(), lease_until=now, claimed_at=now)
    session.add(execution)
    session.flush()
    return execution
