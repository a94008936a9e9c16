"""Moves a request: the guarded update, the notices and the audit event, in the transaction at hand."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from approvals.audit import chain
from approvals.context import ApprovalContext
from approvals.messages import notices, request_message
from approvals.refusals import Refusal
from approvals.requests import view
from approvals.requests.moves import MOVE
from approvals.statuses import OPEN
from approvals.tables import Request

CLOCK = "cardops"  # who acts when no person does


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
    """Make one move of MOVES, or raise Overtaken when the request is not as it was read.

    `words` tell people why; `values` are other columns to be set with the status.
    """
    step = MOVE[event]
    if step.to not in OPEN:
        values = {"ended_at": now, "reason": words, "remind_at": None, **values}
    session.flush()
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
    session.refresh(request)
    show(session, context, request, now=now)
    notices.reply_outcome(session, context.outbox, request, move=step, words=words, now=now)
    note(session, context, request, event, actor=actor, now=now, facts={"why": words, **(facts or {})})


def show(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> None:
    """Bring every copy of the card up to date."""
    facts = request_message.make_request_message(view.read_view(session, context, request, now=now))
    notices.edit_request_message(session, context.outbox, request, facts=facts, now=now)


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
    """Add an audit event about a request, with its status and digest."""
    content = {"status": request.status, "digest": request.digest, "version": request.version, **(facts or {})}
    chain.append(
        session, event, key=context.audit_key, actor=actor, subject=f"request:{request.id}", facts=content, now=now
    )
