"""Reads everything that the request message is made from."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, col, select

from approvals.actions.payloads import Payload
from approvals.actions.snapshot import Snapshot
from approvals.actions.table import ACTIONS, Action, UnknownAction, find_action
from approvals.context import ApprovalContext
from approvals.messages.request_view import RequestView
from approvals.policy import limits
from approvals.policy.rules import Rule
from approvals.requests import stored
from approvals.requests.recent_past import find_recent_changes, read_limit_states
from approvals.statuses import OPEN, Status
from approvals.stops.evidence import StandingStop
from approvals.stops.standing import find_standing
from approvals.tables import Execution, Request
from paytend.money import Money

MOST_OTHERS = 5


def read_view(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> RequestView:
    """Return everything that the request message is made from."""
    summary, snapshot = _read_shown(context, request)
    payload = _read_payload(context, request)
    money = payload.moved_money if payload else None
    return RequestView(
        request=request,
        action=_find_action(request),
        summary=summary,
        payload=payload,
        rule=_read_rule(request),
        snapshot=snapshot,
        decisions=stored.find_decisions(session, request.id),
        void=stored.find_void(session, request, macs=context.macs),
        execution=session.get(Execution, request.id),
        settlements=stored.find_settlements(session, request.id),
        others=_find_others(session, request),
        limits=tuple(read_limit_states(session, context, request, money=money, now=now)),
        day=_read_day(session, request, money=money, now=now),
        stops=find_stops(session, context, request),
        changes=find_recent_changes(
            session, context, action=request.action, cardholder_id=request.cardholder_id, now=now
        ),
    )


def find_stops(session: Session, context: ApprovalContext, request: Request) -> tuple[StandingStop, ...]:
    """Return the stops that a request waits for; none once it was sent or has ended."""
    if request.status not in (Status.PENDING, Status.APPROVED):
        return ()
    # Both cards of a replacement: a stop of either keeps it waiting.
    cards = tuple(filter(None, (request.subject, request.new_card)))
    standing = find_standing(session, context)
    return tuple(stop for stop in standing if stop.scope.covers(action=request.action, cards=cards))


# A message must be drawn even if a row was tampered with, so these show what is left where others refuse.


def _read_payload(context: ApprovalContext, request: Request) -> Payload | None:
    """Return the payload; None after it was purged, and if it does not fit its digest."""
    try:
        return stored.read_payload(context, request) if request.payload else None
    except (stored.Altered, UnknownAction):
        return None


def _read_shown(context: ApprovalContext, request: Request) -> tuple[str, Snapshot]:
    try:
        return stored.read_shown(context, request)
    except stored.Altered:
        return "", Snapshot(subject=request.subject)


def _find_action(request: Request) -> Action:
    """Return the action, or one that nobody may ask for if this version does not know it."""
    try:
        return find_action(request.action)
    except UnknownAction:
        return replace(
            ACTIONS["card.top_up"], name=request.action, title="Unknown action", requesters=(), notes=()
        )


def _read_rule(request: Request) -> Rule:
    """Return the rule, or one without approvers that lifts nothing if it cannot be read."""
    try:
        return stored.read_rule(request)
    except stored.Altered:
        return Rule.model_construct(name=request.rule_name, action=request.action)


def read_summary(context: ApprovalContext, request: Request) -> str:
    """Return the sentence about a request for a list; empty if it was purged or cannot be read."""
    return _read_shown(context, request)[0]


def names_somebody(context: ApprovalContext, request: Request) -> bool:
    """Whether what people are shown of a request names a cardholder."""
    return _read_shown(context, request)[1].names_somebody


def _find_others(session: Session, request: Request) -> tuple[Request, ...]:
    """Return other open requests about the same subject, the oldest first."""
    query = (
        select(Request)
        .where(
            Request.subject == request.subject,
            col(Request.status).in_([status.value for status in OPEN]),
            Request.id != request.id,
        )
        .order_by(col(Request.created_at), col(Request.id))
        .limit(MOST_OTHERS)
    )
    return tuple(session.exec(query))


def _read_day(session: Session, request: Request, *, money: Money | None, now: datetime) -> Money | None:
    if money is None:
        return None
    return limits.sum_day(
        session, action=request.action, currency=money.currency, card_id=request.subject, now=now
    )
