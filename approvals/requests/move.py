"""Moves a request: the guarded update, the notices and the audit event, in the transaction at hand."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from approvals.audit import chain
from approvals.context import ApprovalContext
from approvals.messages import notices
from approvals.messages.request_message import make_request_message
from approvals.refusals import Refusal
from approvals.requests.moves import MOVE, Audience
from approvals.requests.view import read_view
from approvals.statuses import OPEN
from approvals.tables import Request
from notifier.rendering.facts import make_plain
from paytend.redaction import mask_text

CLOCK = "cardops"  # the actor in the trail when no person acts


class Overtaken(Refusal):
    """Somebody else was quicker. Please look at the request again."""


def move(
    session: Session,
    context: ApprovalContext,
    request: Request,
    event: str,
    *,
    actor: str,
    words: str,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
    **values: Any,
) -> None:
    """Make one move of MOVES; raises Overtaken if the request is not as it was read.

    `words` tell people why; `facts` go to the audit trail; `values` are columns that change with the status.
    """
    step = MOVE[event]
    words = mask_text(words)  # Paytend's may be among them, and they stay for ever
    if step.to not in OPEN:
        values = {"ended_at": now, "reason": words, "remind_at": None, **values}
    session.flush()  # the statement below goes past the session, so what is pending must be written first
    # The version guards against a second process, also where the database has no row locks (SQLite).
    changed = session.connection().execute(
        update(Request)
        .where(
            col(Request.id) == request.id,
            col(Request.status) == step.source,
            col(Request.version) == request.version,
        )
        .values(status=step.to.value, version=request.version + 1, **values)
    )
    if changed.rowcount != 1:
        raise Overtaken
    # The UPDATE went past the session, and the message below must show the new status.
    session.refresh(request)
    update_message(session, context, request, now=now)
    if step.audience is not Audience.NOBODY:
        outcome = notices.RequestOutcome(
            request=request.id,
            phrase=request.phrase,
            status=step.to.value,
            event=event,
            words=words,
            mention=(request.requester_account,) if step.audience is Audience.REQUESTER else (),
            at=now,
        )
        notices.reply(session, context.outbox, request, facts=outcome, now=now)
    # Last, because it locks the trail until the transaction ends.
    note(session, context, request, event, actor=actor, now=now, facts={"why": words, **(facts or {})})


def update_message(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> None:
    """Bring every copy of the request message up to date."""
    message = make_request_message(read_view(session, context, request, now=now))
    key = notices.message_key(request.id)
    context.outbox.edit(session, key=key, kind=message.template, facts=make_plain(message), now=now)


def note(
    session: Session,
    context: ApprovalContext,
    request: Request,
    event: str,
    *,
    actor: str,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Add an audit event about a request, with its status, digest and version."""
    # With the digest, the trail alone proves which content a decision was about.
    content = {"status": request.status, "digest": request.digest, "version": request.version, **(facts or {})}
    chain.append(
        session, event, key=context.audit_key, actor=actor, subject=f"request:{request.id}", facts=content, now=now
    )
