"""What the bot does with a request that the trail does not prove: it says so once, and does nothing else."""

from datetime import datetime

from sqlmodel import Session, col, select

from approvals.audit import chain
from approvals.context import ApprovalContext
from approvals.messages import notices
from approvals.requests.history import Unproven
from approvals.requests.move import CLOCK, note, subject_of
from approvals.tables import AuditEvent, Request

EVENT = "execution:unproven"


def report(
    session: Session, context: ApprovalContext, request: Request, *, refusal: Unproven, now: datetime
) -> None:
    """Tell on-call and the admins that a request does not fit the trail, once; its status stays as it is."""
    if _is_reported(session, context, request):
        return
    facts = notices.RequestUnproven(request=request.id, phrase=request.phrase, words=str(refusal), at=now)
    notices.reply(session, context.outbox, request, facts=facts, now=now, broadcast=True)
    for recipient in context.alarms:
        context.outbox.enqueue(
            session, kind=facts.template, facts=facts, recipient=recipient, now=now, urgent=True
        )
    note(session, context, request, EVENT, actor=CLOCK, now=now, facts={"why": str(refusal)})


def _is_reported(session: Session, context: ApprovalContext, request: Request) -> bool:
    query = select(AuditEvent).where(AuditEvent.subject == subject_of(request.id), AuditEvent.event == EVENT)
    rows = session.exec(query.order_by(col(AuditEvent.seq)).limit(20))
    # One that somebody made up must not keep us silent.
    return any(chain.fits(row, key=context.audit_key[name]) for row in rows for name in context.audit_key.names)
