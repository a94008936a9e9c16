"""What the bot does with a request that nothing proves: it says so once, and does not carry it out."""

import json
from datetime import datetime

from sqlmodel import Session, col, select

from approvals.audit import chain, row_macs
from approvals.context import ApprovalContext
from approvals.messages import notices
from approvals.requests.deadlines import BATCH
from approvals.requests.history import Unproven
from approvals.requests.move import CLOCK, move, note, subject_of
from approvals.requests.stored import say_shown
from approvals.statuses import Status
from approvals.tables import AuditEvent, Request

EVENT = "execution:unproven"
UNSIGNED = (
    "This was asked for before the bot could prove who decided what, so it is not carried out. Please ask again."
)


def report(
    session: Session, context: ApprovalContext, request: Request, *, refusal: Unproven, now: datetime
) -> None:
    """Tell on-call and the admins that a request does not fit the trail, once; its status stays as it is."""
    if _is_reported(session, context, request):
        return
    facts = notices.RequestUnproven(
        request=request.id,
        phrase=request.phrase,
        summary=say_shown(context, request),
        words=str(refusal),
        mention=context.alarms.mentions,
        at=now,
    )
    notices.reply(session, context.outbox, request, facts=facts, now=now, broadcast=True)
    for recipient in context.alarms.everybody:
        context.outbox.enqueue(
            session, kind=facts.template, facts=facts, recipient=recipient, now=now, urgent=True
        )
    note(session, context, request, EVENT, actor=CLOCK, now=now, facts={"why": str(refusal)})


def report_lost_events(session: Session, context: ApprovalContext, *, now: datetime) -> int:
    """Tell on-call and the admins, once a day, that the trail lost events; return how many were told.

    Without an event of the trail: nothing can be written to it any more.
    """
    key = f"trail_shortened:{now:%Y-%m-%d}"
    if not chain.has_gone_back(session, chain.head(session)) or context.outbox.recipients_of(session, key):
        return 0
    facts = notices.TrailShortened(at=now, mention=context.alarms.mentions)
    for recipient in context.alarms.everybody:
        context.outbox.enqueue(
            session, kind=facts.template, facts=facts, recipient=recipient, now=now, key=key, urgent=True
        )
    return len(context.alarms.everybody)


def end_unsigned(session: Session, context: ApprovalContext, *, now: datetime, limit: int = BATCH) -> int:
    """End the open requests from before there were MACs, and return how many; people ask for them again.

    One whose MAC was taken away is not ended but reported: the trail says that it had one.
    """
    unsigned = session.exec(
        select(Request)
        .where(col(Request.status).in_(list(_ENDS)), Request.mac == row_macs.NONE)
        .order_by(col(Request.created_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for request in unsigned:
        opened = _find_events(session, context, request, "approval:opened")
        # By the trail and not by the row, whose MAC anybody who writes to the database can empty.
        if len(opened) == 1 and not json.loads(opened[0].facts).get("request"):
            event = _ENDS[request.status]
            move(session, context, request, event, actor=CLOCK, words=UNSIGNED, why=UNSIGNED, now=now)
        else:
            report(session, context, request, refusal=Unproven(what="its MAC was taken away"), now=now)
    return len(unsigned)


_ENDS = {Status.PENDING.value: "approval:expired", Status.APPROVED.value: "approval:lapsed"}


def _is_reported(session: Session, context: ApprovalContext, request: Request) -> bool:
    return bool(_find_events(session, context, request, EVENT))


def _find_events(session: Session, context: ApprovalContext, request: Request, event: str) -> list[AuditEvent]:
    """Return the events of a request with this name, without those that somebody made up."""
    return list(chain.list_genuine(session, subject=subject_of(request.id), event=event, key=context.audit_key))
