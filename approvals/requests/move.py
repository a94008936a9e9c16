"""Moves a request: the guarded update, the notices and the audit event, in the transaction at hand."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from approvals.audit import chain, row_macs
from approvals.audit.quotes import digest_words
from approvals.context import ApprovalContext
from approvals.messages import notices
from approvals.messages.request_message import make_request_message, say_done
from approvals.messages.request_view import RequestView
from approvals.refusals import Refusal
from approvals.requests.moves import MOVE, Audience, Move
from approvals.requests.view import read_view
from approvals.statuses import OPEN, Verdict
from approvals.tables import Request
from notifier.rendering.facts import make_plain
from paytend.redaction import mask_text
from storage.macs import MacKeys

CLOCK = "cardops"  # the actor in the trail when no person acts


class Overtaken(Refusal):
    """Someone just changed this request. Open it again."""


def move(
    session: Session,
    context: ApprovalContext,
    request: Request,
    event: str,
    *,
    actor: str,
    words: str,
    now: datetime,
    why: str = "",
    facts: Mapping[str, Any] | None = None,
    proofs: Mapping[str, Any] | None = None,
    **values: Any,
) -> None:
    """Make one move of MOVES; raises Overtaken if the request is not as it was read.

    `words` tell people why. Paytend's may be among them, so the trail has only their digest, and `why`, which is
    ours or a person's. So are `facts` and `proofs` (not redacted); `values` are columns that change.
    """
    step = MOVE[event]
    words = mask_text(words)  # Paytend's may be among them
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
    view = update_message(session, context, request, now=now)
    if step.audience is not Audience.NOBODY:
        _reply(session, context, view, step, words=words, now=now)
    # Last, because it locks the trail until the transaction ends.
    said = {**({"why": why} if why else {}), **(facts or {})}
    proofs = {**(digest_words(words) if words != why else {}), **(proofs or {})}
    note(session, context, request, event, actor=actor, now=now, facts=said, proofs=proofs)


def _reply(
    session: Session, context: ApprovalContext, view: RequestView, step: Move, *, words: str, now: datetime
) -> None:
    request = view.request
    denial = next((row for row in view.decisions if row.verdict == Verdict.DENY), None)
    outcome = notices.RequestOutcome(
        request=request.id,
        phrase=request.phrase,
        status=step.to.value,
        event=step.event,
        words=words,
        mention=(request.requester_account,) if step.audience is Audience.REQUESTER else (),
        at=now,
        done=say_done(view),
        moves_money=view.action.moves_balance,
        denied_by=denial.account if denial else "",
        denial=denial.reason if denial else "",
    )
    notices.reply(session, context.outbox, request, facts=outcome, now=now)


def approve(request: Request, *, within: timedelta, macs: MacKeys, now: datetime) -> dict[str, Any]:
    """Return the columns that change when a request is approved; the MAC binds them to its next version."""
    now = now.astimezone(UTC)  # adding hours to a local time would follow its summer time
    bound = {"id": request.id, "digest": request.digest, "approved_at": now, "execute_by": now + within}
    return {
        "approved_at": now,
        "execute_by": now + within,
        "remind_at": None,
        "approval_mac": row_macs.sign_approval({**bound, "version": request.version + 1}, macs=macs),
    }


def update_message(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> RequestView:
    """Bring every copy of the request message up to date, and return what it is made from."""
    view = read_view(session, context, request, now=now)
    message = make_request_message(view)
    key = notices.message_key(request.id)
    context.outbox.edit(session, key=key, kind=message.template, facts=make_plain(message), now=now)
    return view


def note(
    session: Session,
    context: ApprovalContext,
    request: Request,
    event: str,
    *,
    actor: str,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
    proofs: Mapping[str, Any] | None = None,
) -> None:
    """Add an audit event about a request, with its status, digest and version."""
    chain.append(
        session,
        event,
        key=context.audit_key,
        actor=actor,
        subject=subject_of(request.id),
        facts={"status": request.status, "version": request.version, **(facts or {})},
        # With the digest, the trail alone proves which content a decision was about.
        proofs={"digest": request.digest, **(proofs or {})},
        now=now,
    )


def subject_of(request_id: str) -> str:
    """Return what the trail calls a request."""
    return f"request:{request_id}"
