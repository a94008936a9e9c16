"""Finds out what became of an execution whose answer was lost: claim the lookup, ask, record the result."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from approvals.actions.outcomes import LookupResult, LookupStatus
from approvals.actions.payloads import Payload
from approvals.actions.table import find_action
from approvals.context import ApprovalContext
from approvals.execution.records import finish, pause_after
from approvals.execution.settlement_by_people import settler_roles
from approvals.messages import notices
from approvals.requests import stored
from approvals.requests.move import CLOCK, note, update_message
from approvals.statuses import Status
from approvals.tables import Execution, Request
from paytend import Sender
from paytend.errors import PaytendError, Refused

CANNOT_SAY = "Paytend cannot be asked about this afterwards, so two people have to settle it."
_LEASE = timedelta(minutes=2)  # after which another process asks, if this one died


@dataclass(frozen=True, kw_only=True)
class LookupClaim:
    """A claim to ask Paytend about one execution; `lookups` counts this one too."""

    request_id: str
    action: str
    payload: Payload = field(repr=False)
    reference: str
    lookups: int


def claim_due(session: Session, context: ApprovalContext, *, now: datetime, limit: int = 20) -> list[LookupClaim]:
    """Claim the lookups that are due, and return them; commit before `ask`."""
    rows = session.exec(
        select(Request, Execution)
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(Request.status == Status.UNKNOWN.value, col(Execution.next_look_at) <= now)
        .order_by(col(Execution.next_look_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    claims = []
    for request, execution in rows:
        execution.looks += 1
        execution.next_look_at = now + _LEASE  # if this process dies, another one asks then
        try:
            payload = stored.read_payload(context, request)
        except stored.Altered:
            continue  # what to ask about is not certain any more, so only people can settle it
        claims.append(
            LookupClaim(
                request_id=request.id,
                action=request.action,
                payload=payload,
                reference=request.reference,
                lookups=execution.looks,
            )
        )
    session.flush()
    return claims


def ask(claim: LookupClaim, client: Sender) -> LookupResult:
    """Ask Paytend what became of it. Errors of Paytend are results too, so none is raised."""
    action = find_action(claim.action)
    if action.lookup is None or action.read_lookup is None:
        return LookupResult(status=LookupStatus.UNREADABLE, words=CANNOT_SAY)
    try:
        answer = client.send(action.lookup(claim.payload, claim.reference))
    except Refused as error:
        # Only a signed refusal says anything, and only that Paytend has no such change, yet or ever.
        status = LookupStatus.NOT_FOUND if error.verified else LookupStatus.UNREADABLE
        return LookupResult(status=status, words=str(error), answer={"code": error.code})
    except PaytendError as error:
        words = str(error) or "The answer could not be trusted."
        return LookupResult(status=LookupStatus.UNREADABLE, words=words)
    return action.read_lookup(answer, claim.payload, claim.reference)


def record(
    session: Session, context: ApprovalContext, *, claim: LookupClaim, result: LookupResult, now: datetime
) -> Request:
    """Record the result of a lookup: the end, or when to ask again. Return the request."""
    request = stored.find(session, claim.request_id, to_change=True)
    execution = session.get_one(Execution, claim.request_id, populate_existing=True)
    if request.status != Status.UNKNOWN:
        return request  # settled by people meanwhile
    match result.status:
        case LookupStatus.EXECUTED | LookupStatus.FAILED:
            event = f"execution:found_{result.status}"
            finish(session, context, request, execution, event=event, outcome=result, actor=CLOCK, now=now)
        # NOT_FOUND as well: Paytend may carry it out late (F9), so its absence now does not prove a failure.
        case _:
            _ask_later(session, context, request, execution, claim=claim, words=result.words, now=now)
    return request


def _ask_later(
    session: Session,
    context: ApprovalContext,
    request: Request,
    execution: Execution,
    *,
    claim: LookupClaim,
    words: str,
    now: datetime,
) -> None:
    """Note when to ask again, and call for people if Paytend cannot say, or has not said for too long."""
    can_say = find_action(request.action).lookup is not None
    execution.words = words
    execution.next_look_at = now + pause_after(claim.lookups) if can_say else None
    session.flush()
    since = execution.unknown_since or now
    if execution.gave_up_at is None and (not can_say or now - since >= context.give_up_after):
        _call_people(session, context, request, execution, words=words, since=since, now=now)


def _call_people(
    session: Session,
    context: ApprovalContext,
    request: Request,
    execution: Execution,
    *,
    words: str,
    since: datetime,
    now: datetime,
) -> None:
    """Tell the channel that people have to settle this; the lookups go on all the same."""
    execution.gave_up_at = now
    session.flush()
    update_message(session, context, request, now=now)
    unknown = notices.RequestUnknown(
        request=request.id, phrase=request.phrase, words=words, since=since, roles=settler_roles(request)
    )
    # In the channel too: nobody rereads an old thread, and money is in doubt.
    notices.reply(session, context.outbox, request, facts=unknown, now=now, broadcast=True)
    note(session, context, request, "execution:gave_up", actor=CLOCK, now=now, facts={"words": words})
