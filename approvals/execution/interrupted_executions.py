"""Executions that were interrupted by the death of a process become unknown; they are never sent a second time."""

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from approvals.actions.outcomes import Outcome, Result
from approvals.context import ApprovalContext
from approvals.execution.records import mark_unknown
from approvals.requests.savepoints import for_each
from approvals.statuses import Status
from approvals.tables import Execution, Request

INTERRUPTED = "The execution was interrupted; it may or may not have happened."


class LeaseWatch:
    """Remembers when this process saw each lease for the first time, in seconds of its monotonic clock.

    A lease has ended when the same one was seen for its whole length. So no wall clock that jumps ends it early,
    not the database's either, while its holder waits for Paytend's answer.
    """

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        """Prepare with nothing seen."""
        self._monotonic = monotonic
        self._first_seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def find_ended(self, leases: Iterable[str], *, length: timedelta) -> set[str]:
        """Return those of all leases in force now that have ended."""
        with self._lock:
            now = self._monotonic()
            self._first_seen = {lease: self._first_seen.get(lease, now) for lease in leases}
            return {lease for lease, since in self._first_seen.items() if now - since >= length.total_seconds()}


def mark_stranded(
    session: Session, context: ApprovalContext, *, watch: LeaseWatch, now: datetime, limit: int = 50
) -> int:
    """Mark what is executing past its lease as unknown, and return how many; nothing is sent a second time."""
    held = session.exec(
        select(Request.id, Execution.lease)
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(Request.status == Status.EXECUTING.value)
    ).all()
    ended = watch.find_ended((lease for _, lease in held), length=context.lease)
    return _mark(session, context, leases=[lease for _, lease in held if lease in ended][:limit], now=now)


def mark_left_behind(session: Session, context: ApprovalContext, *, now: datetime) -> int:
    """Mark all that is executing as unknown, at the start of the only process: one that died left it behind."""
    held = session.exec(
        select(Execution.lease)
        .join(Request, col(Execution.request_id) == col(Request.id))
        .where(Request.status == Status.EXECUTING.value)
    ).all()
    return _mark(session, context, leases=held, now=now)


def _mark(session: Session, context: ApprovalContext, *, leases: Sequence[str], now: datetime) -> int:
    if not leases:
        return 0
    stranded = session.exec(
        select(Request, Execution)
        .join(Execution, col(Execution.request_id) == col(Request.id))
        # The lease again: a claim that was renewed meanwhile is another one.
        .where(Request.status == Status.EXECUTING.value, col(Execution.lease).in_(leases))
        .order_by(col(Request.created_at))
        .with_for_update(skip_locked=True)
    ).all()
    executions = {execution.request_id: execution for _, execution in stranded}

    def mark(request: Request) -> None:
        execution = executions[request.id]
        outcome = Outcome(result=Result.UNKNOWN, words=INTERRUPTED, why=INTERRUPTED)
        mark_unknown(session, context, request, execution, outcome=outcome, now=now)

    return for_each(session, [request for request, _ in stranded], mark)
