"""Reads everything that a card shows of a request."""

from datetime import datetime

from sqlmodel import Session, col, select

from approvals.actions.payloads import Payload
from approvals.actions.snapshot import Snapshot
from approvals.actions.table import Action, find_action
from approvals.context import ApprovalContext
from approvals.messages.request_message import RequestView
from approvals.policy import limits
from approvals.requests import stored
from approvals.statuses import OPEN
from approvals.tables import Decision, Execution, Request, Settlement, VoidedDecision

MOST_OTHERS = 5


def _payload_if_sound(context: ApprovalContext, request: Request) -> Payload | None:
    """Return the payload; None after it was purged, and when it does not fit: then there is nothing to show."""
    try:
        return stored.read_payload(context, request) if request.payload else None
    except stored.Altered:
        return None


def _shown_if_sound(context: ApprovalContext, request: Request) -> tuple[str, Snapshot]:
    try:
        return stored.read_shown(context, request)
    except stored.Altered:
        return "", Snapshot(subject=request.subject)


def action_of(request: Request) -> Action:
    """Return the action of a request."""
    return find_action(request.action)


def read_view(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> RequestView:
    """Return everything that the card of a request shows."""
    summary, snapshot = _shown_if_sound(context, request)
    payload = _payload_if_sound(context, request)
    money = payload.moved_money if payload else None
    decisions = session.exec(
        select(Decision)
        .where(Decision.request_id == request.id)
        .order_by(col(Decision.decided_at), col(Decision.person_id))
    ).all()
    void = set(session.exec(select(VoidedDecision.person_id).where(VoidedDecision.request_id == request.id)))
    settlements = session.exec(
        select(Settlement).where(Settlement.request_id == request.id).order_by(col(Settlement.id))
    ).all()
    others = session.exec(
        select(Request)
        .where(
            Request.subject == request.subject,
            col(Request.status).in_([status.value for status in OPEN]),
            Request.id != request.id,
        )
        .order_by(col(Request.created_at), col(Request.id))
        .limit(MOST_OTHERS)
    ).all()
    return RequestView(
        request=request,
        action=action_of(request),
        summary=summary,
        payload=payload,
        rule=stored.read_rule(request),
        snapshot=snapshot,
        decisions=tuple(decisions),
        void=frozenset(void),
        execution=session.get(Execution, request.id),
        settlements=tuple(settlements),
        others=tuple(others),
        limits=tuple(
            limits.read_limit_states(
                session,
                context.policy,
                action=request.action,
                money=money,
                requester_id=request.requester_id,
                card_id=request.subject,
                now=now,
                before=request,
            )
        ),
        day=limits.sum_day(
            session, action=request.action, currency=money.currency, card_id=request.subject, now=now
        )
        if money
        else None,
    )
