"""Alarms about money: in the thread of a request, in its channel, and to on-call and managers."""

from datetime import datetime

from sqlmodel import Session

from approvals.context import ApprovalContext
from approvals.messages import notices
from approvals.requests.stored import say_shown
from approvals.tables import Execution, Request
from notifier.rendering.facts import make_plain


def raise_alarm(
    session: Session,
    context: ApprovalContext,
    request: Request,
    execution: Execution,
    *,
    words: str,
    now: datetime,
) -> bool:
    """Alarm on-call and managers about a request, once for the same words; return whether it was new."""
    # Lookups go on and say the same again and again.
    if execution.alarmed == words:
        return False
    execution.alarmed = words
    session.flush()
    facts = notices.RequestAlarm(
        request=request.id,
        phrase=request.phrase,
        reference=request.reference,
        summary=say_shown(context, request),
        words=words,
        mention=context.alarms.mentions,
        at=now,
    )
    # In the channel too: nobody rereads an old thread.
    notices.reply(session, context.outbox, request, facts=facts, now=now, broadcast=True)
    told = request.told.split()
    for channel in dict.fromkeys(context.alarms.channels):
        if channel not in told:
            context.outbox.enqueue(
                session, kind=facts.template, facts=make_plain(facts), recipient=channel, now=now, urgent=True
            )
    return True
