"""Finds out what became of an execution whose answer was lost: due, ask, record; two people settle the rest."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from approvals.actions.outcomes import LookupResult, LookupStatus
from approvals.actions.payloads import Payload
from approvals.actions.table import find_action
from approvals.context import ApprovalContext
from approvals.execution.records import finish, pause_after
from approvals.execution.settlement import settler_roles
from approvals.messages import notices
from approvals.requests import stored
from approvals.requests.move import CLOCK, note, show
from approvals.statuses import Status
from approvals.tables import Execution, Request
from paytend import Sender
from paytend.errors import PaytendError, Refused

CANNOT_SAY = "Paytend cannot be asked about this afterwards, so two people have to settle it."
_LOOKUP_LEASE = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class LookupClaim:
    """A claim to ask Paytend about one execution."""

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
        execution.next_look_at = now + _LOOKUP_LEASE  # if whoever asks dies, another one asks
        try:
            payload = stored.read_payload(context, request)
        except stored.Altered:
            continue  # only people can settle what does not fit its digest
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
    """Ask Paytend what became of it; never raises for what Paytend can do."""
    action = find_action(claim.action)
    if action.lookup is None or action.read_lookup is None:
        return LookupResult(status=LookupStatus.UNREADABLE, words=CANNOT_SAY)
    try:
        answer = client.send(action.lookup(claim.payload, claim.reference))
    except Refused as error:
        found = LookupStatus.NOT_FOUND if error.verified else LookupStatus.UNREADABLE
        return LookupResult(status=found, words=str(error), answer={"code": error.code})
    except PaytendError as error:
        return LookupResult(status=LookupStatus.UNREADABLE, words=str(error) or "The answer could not be trusted.")
    return action.read_lookup(answer, claim.payload, claim.reference)


def record(
    session: Session, context: ApprovalContext, *, claim: LookupClaim, result: LookupResult, now: datetime
) -> Request:
    """Write down what a look found, and return the request: its end, or when to look again."""
    request = stored.find(session, claim.request_id, to_change=True)
    execution = session.get_one(Execution, claim.request_id, populate_existing=True)
    if request.status != Status.UNKNOWN:
        return request
    match result.status:
        case LookupStatus.EXECUTED | LookupStatus.FAILED:
            event = f"execution:found_{result.status}"
            finish(session, context, request, execution, event=event, outcome=result, actor=CLOCK, now=now)
        case _:
            can_say = find_action(request.action).lookup is not None
            execution.words = result.words
            execution.next_look_at = now + pause_after(claim.lookups) if can_say else None
            session.flush()
            _give_up(session, context, request, execution, words=result.words, at_once=not can_say, now=now)
    return request


def _give_up(
    session: Session,
    context: ApprovalContext,
    request: Request,
    execution: Execution,
    *,
    words: str,
    at_once: bool,
    now: datetime,
) -> None:
    """Call for people once the lookups went on for too long; they go on all the same."""
    since = execution.unknown_since or now
    if execution.gave_up_at is not None or not (at_once or now - since >= context.give_up_after):
        return
    execution.gave_up_at = now
    session.flush()
    show(session, context, request, now=now)
    facts = {"words": words, "since": since.isoformat(), "roles": list(settler_roles(request))}
    notices.reply(session, context.outbox, request, kind="request_unknown", facts=facts, now=now, broadcast=True)
    note(session, context, request, "execution:gave_up", actor=CLOCK, now=now, facts={"words": words})
