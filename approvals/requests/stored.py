"""The stored request: finds it, opens what is sealed in it, and compares that with its digest."""

import json

from pydantic import ValidationError
from sqlalchemy import or_
from sqlmodel import Session, col, select

from approvals.actions.payloads import Payload
from approvals.actions.snapshot import Snapshot
from approvals.actions.table import find_action
from approvals.audit import row_macs
from approvals.context import ApprovalContext
from approvals.policy.rules import Rule
from approvals.refusals import Refusal, write_moment
from approvals.requests.decision_validity import EarlierDecision, RequestState
from approvals.requests.digest import digest_of
from approvals.statuses import Status, Verdict
from approvals.tables import REQUEST_TABLE, Decision, Request, Settlement, VoidedDecision
from approvals.written_ids import normalize_id
from storage.macs import MacKeys
from storage.vault import Unreadable


class UnknownRequest(Refusal):
    """No such request."""


class Altered(Refusal):
    """The stored request doesn’t match its digest, so nothing is done with it. Tell an admin."""


def find(session: Session, request_id: str, *, to_change: bool = False) -> Request:
    """Return a request; `to_change` locks its row until the transaction ends. Raises UnknownRequest."""
    query = select(Request).where(Request.id == request_id)
    # `populate_existing` below: a row that this session has read before would keep its old values under the lock.
    query = query.with_for_update() if to_change else query
    request = session.exec(query.execution_options(populate_existing=True)).first()
    if request is None:
        raise UnknownRequest
    return request


def find_named(session: Session, name: str) -> Request:
    """Return a request by its id or by the reference that its message shows; raises UnknownRequest."""
    wanted = normalize_id(name).lower()
    query = select(Request).where(or_(col(Request.id) == wanted, col(Request.reference) == wanted))
    request = session.exec(query).first()
    if request is None:
        raise UnknownRequest
    return request


def read_payload(context: ApprovalContext, request: Request) -> Payload:
    """Return the payload; raises Altered if it does not fit the digest that people approved."""
    action = find_action(request.action)
    try:
        text = context.vault.open(request.payload, table=REQUEST_TABLE, row=request.id, column="payload")
        payload = action.payload.model_validate_json(text)
        found = digest_of(
            action=request.action,
            # Both as stored, not as they are read: a field that a later version added must not change the digest.
            payload=json.loads(text),
            requester_id=request.requester_id,
            rule=json.loads(request.rule),
            # A request from before there were MACs has a digest without its reference.
            reference=request.reference if request.mac else "",
        )
    except (Unreadable, ValueError) as error:
        raise Altered from error
    # What others are compared with must be what was approved; older rows do not name the new card.
    if request.subject != payload.subject or request.new_card not in (None, payload.new_card):
        raise Altered
    # The seal proves that somebody with the key wrote this; the digest, that it is what people approved.
    if found != request.digest:
        raise Altered
    return payload


def read_shown(context: ApprovalContext, request: Request) -> tuple[str, Snapshot]:
    """Return the summary and the snapshot that people were shown; both are empty after retention purged them."""
    if not request.shown:
        return "", Snapshot(subject=request.subject)
    try:
        text = context.vault.open(request.shown, table=REQUEST_TABLE, row=request.id, column="shown")
        shown = json.loads(text)
        return shown["summary"], Snapshot.model_validate(shown["card"])
    except (Unreadable, ValueError) as error:
        raise Altered from error


def say_shown(context: ApprovalContext, request: Request) -> str:
    """Return the summary that people were shown; empty where it is purged or cannot be read."""
    try:
        return read_shown(context, request)[0]
    except Altered:
        return ""


def read_rule(request: Request) -> Rule:
    """Return the rule as it was when the request was made; raises Altered if it cannot be read."""
    try:
        return Rule.model_validate_json(request.rule)
    except ValidationError as error:
        raise Altered from error


def find_decisions(session: Session, request_id: str) -> tuple[Decision, ...]:
    """Return the decisions so far, void ones included, in their order; every rule reads them here."""
    query = (
        select(Decision)
        .where(Decision.request_id == request_id)
        .order_by(col(Decision.decided_at), col(Decision.person_id))
    )
    return tuple(session.exec(query))


def find_settlements(session: Session, request_id: str) -> tuple[Settlement, ...]:
    """Return what people said about an unknown outcome, in their order; a person may have said it twice."""
    query = (
        select(Settlement)
        .where(Settlement.request_id == request_id)
        .order_by(col(Settlement.settled_at), col(Settlement.id))
    )
    return tuple(session.exec(query))


def find_voidings(session: Session, request_id: str) -> tuple[VoidedDecision, ...]:
    """Return the voidings of a request, in the order of the people."""
    query = select(VoidedDecision).where(VoidedDecision.request_id == request_id)
    return tuple(session.exec(query.order_by(col(VoidedDecision.person_id))))


def find_void(session: Session, request: Request, *, macs: MacKeys) -> frozenset[str]:
    """Return the ids of the people whose decisions do not count: voided since, or not made through the bot."""
    # A voiding counts even if its MAC does not fit: anyone who forges one can only stop a request.
    voided = {row.person_id for row in find_voidings(session, request.id)}
    if request.mac == row_macs.NONE:  # from before there were MACs: it is shown as it was, and never carried out
        return frozenset(voided)
    decisions = find_decisions(session, request.id)
    return frozenset(voided | {row.person_id for row in decisions if not row_macs.fits_decision(row, macs=macs)})


def find_approvals(session: Session, request: Request, *, macs: MacKeys) -> list[Decision]:
    """Return the approvals that count, in their order."""
    void = find_void(session, request, macs=macs)
    return [
        row
        for row in find_decisions(session, request.id)
        if row.verdict == Verdict.APPROVE and row.person_id not in void
    ]


def read_earlier(session: Session, request: Request, *, macs: MacKeys) -> list[EarlierDecision]:
    """Return the decisions so far as the rules need them, in their order."""
    void = find_void(session, request, macs=macs)
    return [
        EarlierDecision(
            person_id=row.person_id,
            account=row.account,
            name=row.name,
            verdict=Verdict(row.verdict),
            decided_at=row.decided_at,
            is_void=row.person_id in void,
        )
        for row in find_decisions(session, request.id)
    ]


def read_state(request: Request, *, earlier: list[EarlierDecision]) -> RequestState:
    """Return what the rules need to know about a request."""
    names = ", ".join(row.name for row in earlier if not row.is_void)
    moment = request.ended_at or request.approved_at
    since = (f" by {names}" if names else "") + (f" at {write_moment(moment)}" if moment else "")
    return RequestState(
        status=Status(request.status),
        digest=request.digest,
        requester_id=request.requester_id,
        requester_account=request.requester_account,
        decide_by=request.decide_by,
        rule=read_rule(request),
        since=since,
    )
