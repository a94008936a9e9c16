"""Asks Paytend for some weeks whether an end stays true; if it says the opposite, people settle it again."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from approvals.actions.outcomes import LookupResult, LookupStatus
from approvals.audit.quotes import digest_words
from approvals.context import ApprovalContext
from approvals.execution import alarms
from approvals.execution.due import is_due
from approvals.execution.reconciliation import LookupClaim, claim_rows, note_answer
from approvals.execution.records import describe_answer
from approvals.requests import stored
from approvals.requests.contradictions import find_contradictions
from approvals.requests.move import CLOCK, note, update_message
from approvals.statuses import Status
from approvals.tables import CONTRADICTED_EVENT, Execution, Request

_FEWEST_LOOKUPS = 20  # in thirty days there are more, unless the bot was down
_NEXT = timedelta(microseconds=1)
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 360, 1440))
# What contradicts an end. In progress too: then it may still be done.
_OPPOSITES = {
    Status.FAILED: (LookupStatus.EXECUTED, LookupStatus.IN_PROGRESS),
    Status.EXECUTED: (LookupStatus.FAILED, LookupStatus.NOT_FOUND),
}
_SAYS = {
    LookupStatus.EXECUTED: "that this was done",
    LookupStatus.IN_PROGRESS: "that this is in progress",
    LookupStatus.FAILED: "that this failed",
    LookupStatus.NOT_FOUND: "that it has no such order",
}
_COUNTS = {Status.FAILED: "not done", Status.EXECUTED: "done"}
CONTRADICTED = (
    "Paytend says now {says}, but it counts as {counts} here. No more money moves on this card until two people "
    "other than the requester have settled it again, with the buttons of the card."
)


def claim_due(session: Session, context: ApprovalContext, *, now: datetime, limit: int = 20) -> list[LookupClaim]:
    """Claim the ends that are due for a lookup, and return them; commit before `reconciliation.ask`."""
    rows = session.exec(
        select(Request, Execution)
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(
            col(Request.status).in_([status.value for status in _OPPOSITES]),
            col(Execution.watched_until).is_not(None),
            is_due(Execution.next_look_at, now=now, longest=PAUSES[-1]),
        )
        .order_by(col(Execution.next_look_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    return claim_rows(session, context, rows, now=now)


def restore_cleared(session: Session, context: ApprovalContext, *, now: datetime) -> int:
    """Write down again what the trail has as contradicted and somebody cleared in the row; return how many.

    People settle it with the buttons that its message then has.
    """
    restored = 0
    for each in find_contradictions(session, key=context.audit_key):
        request = stored.find(session, each.request_id, to_change=True)
        execution = session.get(Execution, each.request_id, populate_existing=True)
        if execution is None or execution.contradicted_at is not None:
            continue
        # Again under the lock: people may have settled it since.
        if each in find_contradictions(session, key=context.audit_key):
            execution.contradicted_at = each.since
            session.flush()
            update_message(session, context, request, now=now)
            restored += 1
    return restored


def record(
    session: Session, context: ApprovalContext, *, claim: LookupClaim, result: LookupResult, now: datetime
) -> bool:
    """Record what Paytend says about an end by now; return whether it is a new contradiction."""
    request = stored.find(session, claim.request_id, to_change=True)
    execution = session.get_one(Execution, claim.request_id, populate_existing=True)
    status = Status(request.status)
    if status not in _OPPOSITES or execution.watched_until is None:
        return False
    note_answer(execution, result, now=now)
    execution.next_look_at = now + PAUSES[min(claim.lookups, len(PAUSES) - 1)]
    is_sure = status is Status.EXECUTED and result.status is LookupStatus.EXECUTED
    # Counted too: a clock that jumps a year ahead must not end all watches, as nobody would begin them again.
    is_over = now >= execution.watched_until and claim.lookups >= _FEWEST_LOOKUPS
    # Done, as Paytend says itself and no person had to: nothing is left to watch.
    if is_over or (is_sure and not stored.find_settlements(session, request.id)):
        execution.watched_until = execution.next_look_at = None
    # The same word again is not news: people have settled it in spite of it.
    is_new = result.status in _OPPOSITES[status] and execution.contradicted_by != result.status.value
    if is_new:
        said = [row.settled_at for row in stored.find_settlements(session, request.id)]
        # After every word so far, also by a clock that was put back: else old words would settle it again.
        execution.contradicted_at = max([now, *(at + _NEXT for at in said)])
        execution.contradicted_by = result.status.value
        words = CONTRADICTED.format(says=_SAYS[result.status], counts=_COUNTS[status])
        alarms.raise_alarm(session, context, request, execution, words=words, now=now)
        update_message(session, context, request, now=now)
        facts = {**describe_answer(result), "says": result.status.value}
        proofs = digest_words(result.words)
        note(session, context, request, CONTRADICTED_EVENT, actor=CLOCK, now=now, facts=facts, proofs=proofs)
    session.flush()
    return is_new
