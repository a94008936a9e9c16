"""The clocks of a request: what ends when it is not decided or carried out in time, and the reminders."""

from datetime import datetime

from sqlmodel import Session, col, select

from approvals.actions.table import BY_REFERENCE
from approvals.context import ApprovalContext
from approvals.messages import notices
from approvals.requests import decision_validity, stored
from approvals.requests.move import CLOCK, move, note
from approvals.requests.savepoints import for_each
from approvals.statuses import Status
from approvals.tables import Request

BATCH = 50  # requests in one transaction, which locks the trail: decisions wait until it ends
NOT_SENT = "Approved, but not sent in time. Nothing was sent."
REMINDERS = (0.5, 0.75)  # of the time to decide


def expire_due(session: Session, context: ApprovalContext, *, now: datetime, limit: int = BATCH) -> int:
    """End the requests that were not decided or not carried out in time, and return how many there were.

    Not those that Paytend finds by their reference: it is asked first, with execution.lapses.
    """
    undecided = session.exec(
        select(Request)
        .where(Request.status == Status.PENDING.value, col(Request.decide_by) <= now)
        .order_by(col(Request.decide_by))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    not_done = session.exec(
        select(Request)
        .where(
            Request.status == Status.APPROVED.value,
            col(Request.execute_by) <= now,
            col(Request.action).not_in(BY_REFERENCE),
        )
        .order_by(col(Request.execute_by))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()

    # A locked row is skipped: somebody is deciding it right now, and the next run finds it if it is still due.
    def expire(request: Request) -> None:
        words = (
            "Expired: nobody approved or denied it in time."
            if not request.approved_at
            else "Expired: it was not approved again in time."
        )
        move(session, context, request, "approval:expired", actor=CLOCK, words=words, why=words, now=now)

    return for_each(session, undecided, expire) + for_each(
        session, not_done, lambda request: lapse(session, context, request, words=NOT_SENT, now=now)
    )


def lapse(session: Session, context: ApprovalContext, request: Request, *, words: str, now: datetime) -> None:
    """End an approved request that was not carried out in time."""
    # What it waited for is perhaps in Paytend's words, which the trail does not have.
    told = f"{words} It waited because: {request.waits}" if request.waits else words
    move(session, context, request, "approval:lapsed", actor=CLOCK, words=told, why=words, now=now)


def remind_due(session: Session, context: ApprovalContext, *, now: datetime, limit: int = BATCH) -> int:
    """Remind people of waiting requests at half and three quarters of their time; return how many reminders."""
    waiting = session.exec(
        select(Request)
        .where(Request.status == Status.PENDING.value, col(Request.remind_at) <= now, col(Request.decide_by) > now)
        .order_by(col(Request.remind_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    return for_each(session, waiting, lambda request: _remind(session, context, request, now=now))


def reminder_time(request: Request, *, reminded: int) -> datetime | None:
    """Return when the next reminder is due after this many; None after the last."""
    if reminded >= len(REMINDERS):
        return None
    return request.created_at + (request.decide_by - request.created_at) * REMINDERS[reminded]


def _remind(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> None:
    # A loop, because after an outage both reminders may be due: people then get only one.
    while request.remind_at is not None and request.remind_at <= now:
        request.reminded += 1
        request.remind_at = reminder_time(request, reminded=request.reminded)
    session.flush()
    rule = stored.read_rule(request)
    earlier = stored.read_earlier(session, request, macs=context.macs)
    approved = decision_validity.count_approvals(earlier, same_person=context.same_person)
    reminder = notices.RequestReminder(
        request=request.id,
        phrase=request.phrase,
        mention=rule.mention,
        roles=rule.approvers,
        count=_count(request.quorum - approved, more=approved > 0),
        decide_by=request.decide_by,
    )
    notices.reply(session, context.outbox, request, facts=reminder, now=now)
    note(session, context, request, "approval:reminded", actor=CLOCK, now=now)


def _count(missing: int, *, more: bool) -> str:
    return f"{missing}{' more' if more else ''} {'approval' if missing == 1 else 'approvals'}"
