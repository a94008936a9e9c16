"""Reads everything that a card shows of a request."""

import json
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import Session, col, select

from approvals.actions.payloads import Payload
from approvals.actions.table import Action, find_action
from approvals.context import ApprovalContext
from approvals.messages.request_message import RequestView
from approvals.policy import limits
from approvals.policy.rules import Rule, as_json
from approvals.refusals import Refusal
from approvals.requests.digest import digest_of
from approvals.requests.moves import OPEN, EarlierDecision, RequestFacts, Status, Verdict, write_moment
from approvals.requests.snapshot import Snapshot
from approvals.tables import REQUEST_TABLE, Decision, Execution, Request, Settlement, VoidedDecision
from storage.vault import Unreadable

MOST_OTHERS = 5


class UnknownRequest(Refusal):
    """There is no such request."""


class Altered(Refusal):
    """What is stored of this request does not fit its digest, so nothing is done with it. Please tell an admin."""


def find(session: Session, request_id: str, *, to_change: bool = False) -> Request:
    """Return a request, held until the transaction ends when it is to be changed; raises UnknownRequest."""
    query = select(Request).where(Request.id == request_id)
    query = query.with_for_update() if to_change else query
    request = session.exec(query.execution_options(populate_existing=True)).first()
    if request is None:
        raise UnknownRequest
    return request


def find_named(session: Session, name: str) -> Request:
    """Return a request by its id or by the reference that its card shows; raises UnknownRequest."""
    wanted = name.lower()
    query = select(Request).where(or_(col(Request.id) == wanted, col(Request.reference) == wanted))
    request = session.exec(query).first()
    if request is None:
        raise UnknownRequest
    return request


def read_payload(context: ApprovalContext, request: Request) -> Payload:
    """Return what is to be done, after comparing it with the digest; raises Altered."""
    action = find_action(request.action)
    try:
        text = context.vault.open(request.payload, table=REQUEST_TABLE, row=request.id, column="payload")
        payload = action.payload.model_validate_json(text)
    except (Unreadable, ValueError) as error:
        raise Altered from error
    found = digest_of(
        action=request.action,
        payload=as_json(payload),
        requester_id=request.requester_id,
        rule=json.loads(request.rule),
    )
    if found != request.digest:
        raise Altered
    return payload


def read_shown(context: ApprovalContext, request: Request) -> tuple[str, Snapshot]:
    """Return the sentence and what people were shown beside it; empty after they were purged."""
    if not request.shown:
        return "", Snapshot(subject=request.subject)
    try:
        text = context.vault.open(request.shown, table=REQUEST_TABLE, row=request.id, column="shown")
        shown = json.loads(text)
        return shown["summary"], Snapshot.model_validate(shown["card"])
    except (Unreadable, ValueError) as error:
        raise Altered from error


def read_rule(request: Request) -> Rule:
    """Return the rule as it was when the request was made."""
    return Rule.model_validate_json(request.rule)


def read_earlier(session: Session, request_id: str) -> list[EarlierDecision]:
    """Return the decisions so far, in their order."""
    void = set(session.exec(select(VoidedDecision.person_id).where(VoidedDecision.request_id == request_id)))
    rows = session.exec(
        select(Decision)
        .where(Decision.request_id == request_id)
        .order_by(col(Decision.decided_at), col(Decision.person_id))
    )
    return [
        EarlierDecision(
            person_id=row.person_id,
            name=row.name,
            verdict=Verdict(row.verdict),
            decided_at=row.decided_at,
            is_void=row.person_id in void,
        )
        for row in rows
    ]


def read_asked(request: Request, *, earlier: list[EarlierDecision]) -> RequestFacts:
    """Return what the rules need to know of a request."""
    names = ", ".join(row.name for row in earlier if not row.is_void)
    moment = request.ended_at or request.approved_at
    since = (f" by {names}" if names else "") + (f" at {write_moment(moment)}" if moment else "")
    return RequestFacts(
        status=Status(request.status),
        digest=request.digest,
        requester_id=request.requester_id,
        requester_account=request.requester_account,
        decide_by=request.decide_by,
        rule=read_rule(request),
        since=since,
    )


def _payload_if_sound(context: ApprovalContext, request: Request) -> Payload | None:
    """Return the payload; None after it was purged, and when it does not fit: then there is nothing to show."""
    try:
        return read_payload(context, request) if request.payload else None
    except Altered:
        return None


def _shown_if_sound(context: ApprovalContext, request: Request) -> tuple[str, Snapshot]:
    try:
        return read_shown(context, request)
    except Altered:
        return "", Snapshot(subject=request.subject)


def action_of(request: Request) -> Action:
    """Return the action of a request."""
    return find_action(request.action)


def view(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> RequestView:
    """Return everything that the card of a request shows."""
    summary, snapshot = _shown_if_sound(context, request)
    payload = _payload_if_sound(context, request)
    money = payload.moves if payload else None
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
        rule=read_rule(request),
        snapshot=snapshot,
        decisions=tuple(decisions),
        void=frozenset(void),
        execution=session.get(Execution, request.id),
        settlements=tuple(settlements),
        others=tuple(others),
        limits=tuple(
            limits.limit_states(
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
        day=limits.sum_of_day(
            session, action=request.action, currency=money.currency, card_id=request.subject, now=now
        )
        if money
        else None,
    )
