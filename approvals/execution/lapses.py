"""Ends approved requests whose time is over, and says that nothing was sent only when Paytend says so too.

The database may not know what was sent: it may be a replica that was behind when the first one died. So where
Paytend finds what we send by its reference, it is asked before a request ends that nobody seems to have sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from approvals.actions.outcomes import Outcome, Result
from approvals.actions.table import BY_REFERENCE
from approvals.context import ApprovalContext
from approvals.execution import prior_lookup
from approvals.execution.after_restore import add_execution
from approvals.execution.execution import ClaimedExecution, lock_approved
from approvals.execution.records import mark_unknown
from approvals.requests import stored
from approvals.requests.deadlines import NOT_SENT, lapse
from approvals.requests.move import Overtaken
from approvals.statuses import Status
from approvals.tables import Execution, Request
from paytend import Sender

KNOWN = "The time to carry this out was over, but Paytend has its reference: it may have been sent."
NO_ANSWER = "The time to carry this out is over, and Paytend does not say whether it was sent."
UNREADABLE = "The time to carry this out is over. Its content can’t be read, so nobody knows whether it was sent."
GRACE = timedelta(minutes=10)  # for Paytend to answer after that time, before people are told so
_LIMIT = 20


@dataclass(frozen=True, kw_only=True)
class Lapse:
    """A request whose time is over, as it is asked about; `work` is None where its content cannot be read."""

    request_id: str
    work: ClaimedExecution | None


def find_due(session: Session, context: ApprovalContext, *, now: datetime) -> list[Lapse]:
    """Return the approved requests that Paytend has to be asked about before they end."""
    requests = session.exec(
        select(Request)
        .where(
            Request.status == Status.APPROVED.value,
            col(Request.execute_by) <= now,
            col(Request.action).in_(BY_REFERENCE),
        )
        # What could not be asked about comes last, so that it takes no turn from the others.
        .order_by(col(Request.put_off), col(Request.execute_by))
        .limit(_LIMIT)
    ).all()
    return [Lapse(request_id=request.id, work=_read_work(context, request)) for request in requests]


def ask(due: Lapse, client: Sender) -> ClaimedExecution | Outcome | None:
    """Ask Paytend whether it has the reference; None where nothing can be asked."""
    return prior_lookup.ask_before(due.work, client) if due.work is not None else None


def record(
    session: Session,
    context: ApprovalContext,
    *,
    request_id: str,
    answer: ClaimedExecution | Outcome | None,
    now: datetime,
) -> bool:
    """End the request, or make it unknown if Paytend has its reference; return whether it was one of both.

    While Paytend cannot say, it is asked again; from GRACE on the request is unknown. Nothing is sent any more.
    """
    try:
        request = lock_approved(session, request_id)
    except Overtaken:
        return False
    if request.execute_by is None or request.execute_by > now:
        return False
    match answer:
        case ClaimedExecution():
            lapse(session, context, request, words=NOT_SENT, now=now)
        case None:  # Paytend cannot be asked about it, so people settle it
            _doubt(session, context, request, words=UNREADABLE, now=now)
        case Outcome(result=Result.NEVER_SENT) if now < request.execute_by + GRACE:
            request.put_off += 1
            session.add(request)
            return False
        case Outcome(result=result):
            words = NO_ANSWER if result is Result.NEVER_SENT else KNOWN
            _doubt(session, context, request, words=words, now=now)
    return True


def _doubt(session: Session, context: ApprovalContext, request: Request, *, words: str, now: datetime) -> None:
    execution = session.get(Execution, request.id) or add_execution(session, context, request, now=now)
    outcome = Outcome(result=Result.UNKNOWN, words=words, why=words)
    mark_unknown(session, context, request, execution, outcome=outcome, now=now, event="execution:doubted")


def _read_work(context: ApprovalContext, request: Request) -> ClaimedExecution | None:
    try:
        payload = stored.read_payload(context, request)
    except stored.Altered:
        return None
    return ClaimedExecution(
        request_id=request.id,
        lease="",
        action=request.action,
        payload=payload,
        reference=request.reference,
        send_before=float("-inf"),  # it is never sent
        codes=context.codes,
    )
