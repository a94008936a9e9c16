"""Finds out what became of an execution whose answer was lost: due, ask, record; two people settle the rest."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from approvals.actions.outcomes import LookupResult, LookupStatus
from approvals.actions.payloads import Payload
from approvals.actions.table import find_action
from approvals.context import ApprovalContext
from approvals.execution.records import finish, pause_after
from approvals.messages import notices
from approvals.policy.people import Member, admit, require_role
from approvals.refusals import Refusal
from approvals.requests import moves, view
from approvals.requests.move import CLOCK, note, show
from approvals.requests.moves import Status
from approvals.tables import Execution, Request, Settlement
from paytend import Sender
from paytend.errors import PaytendError, Refused

SETTLERS = ("admin",)  # besides the approver roles of the rule; without those, who could have done it alone
CANNOT_SAY = "Paytend cannot be asked about this afterwards, so two people have to settle it."
_LOOK_LEASE = timedelta(minutes=2)
_PEOPLE_TO_SETTLE = 2


class NotUnknown(Refusal):
    """This request is {status}, so there is nothing to settle."""


class StillAsking(Refusal):
    """Paytend is still being asked. You can settle it when the lookups have given up."""


class RequesterSettles(Refusal):
    """You asked for this yourself, so two others have to settle it."""


class AlreadySaid(Refusal):
    """You have said so already; a second person has to say the same."""


@dataclass(frozen=True, kw_only=True)
class LookupClaim:
    """A claim to ask Paytend about one execution."""

    request_id: str
    action: str
    payload: Payload = field(repr=False)
    reference: str
    looks: int


def due(session: Session, context: ApprovalContext, *, now: datetime, limit: int = 20) -> list[LookupClaim]:
    """Claim the lookups that are due, and return them; commit before `ask`."""
    rows = session.exec(
        select(Request, Execution)
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(Request.status == Status.UNKNOWN.value, col(Execution.next_look_at) <= now)
        .order_by(col(Execution.next_look_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    looks = []
    for request, execution in rows:
        execution.looks += 1
        execution.next_look_at = now + _LOOK_LEASE  # if whoever asks dies, another one asks
        try:
            payload = view.read_payload(context, request)
        except view.Altered:
            continue  # only people can settle what does not fit its digest
        looks.append(
            LookupClaim(
                request_id=request.id,
                action=request.action,
                payload=payload,
                reference=request.reference,
                looks=execution.looks,
            )
        )
    session.flush()
    return looks


def ask(look: LookupClaim, client: Sender) -> LookupResult:
    """Ask Paytend what became of it; never raises for what Paytend can do."""
    action = find_action(look.action)
    if action.question is None or action.read_question is None:
        return LookupResult(found=LookupStatus.UNREADABLE, words=CANNOT_SAY)
    try:
        answer = client.send(action.question(look.payload, look.reference))
    except Refused as error:
        found = LookupStatus.NOT_FOUND if error.verified else LookupStatus.UNREADABLE
        return LookupResult(found=found, words=str(error), answer={"code": error.code})
    except PaytendError as error:
        return LookupResult(found=LookupStatus.UNREADABLE, words=str(error) or "The answer could not be trusted.")
    return action.read_question(answer, look.payload, look.reference)


def record(
    session: Session, context: ApprovalContext, *, look: LookupClaim, finding: LookupResult, now: datetime
) -> Request:
    """Write down what a look found, and return the request: its end, or when to look again."""
    request = view.find(session, look.request_id, to_change=True)
    execution = session.get_one(Execution, look.request_id, populate_existing=True)
    if request.status != Status.UNKNOWN:
        return request
    match finding.found:
        case LookupStatus.EXECUTED | LookupStatus.FAILED:
            event = f"execution:found_{finding.found}"
            finish(session, context, request, execution, event=event, outcome=finding, actor=CLOCK, now=now)
        case _:
            can_say = find_action(request.action).question is not None
            execution.words = finding.words
            execution.next_look_at = now + pause_after(look.looks) if can_say else None
            session.flush()
            _give_up(session, context, request, execution, words=finding.words, at_once=not can_say, now=now)
    return request


def settle(
    session: Session,
    context: ApprovalContext,
    *,
    request_id: str,
    digest: str,
    member: Member,
    happened: bool,
    reason: str,
    now: datetime,
) -> Request:
    """Count one person's word on what Paytend cannot say, and return the request; the second same word ends it."""
    person = member.person
    admit(person)
    moves.check_reason(reason)
    request = view.find(session, request_id, to_change=True)
    execution = session.get(Execution, request_id, populate_existing=True)
    words = _read_words(session, request.id)
    _refuse_settling(
        request, execution, digest=digest, member=member, said=words.get(person.id), happened=happened
    )
    settlement = Settlement(
        id=context.make_id(),
        request_id=request.id,
        person_id=person.id,
        account=person.account,
        name=person.called,
        happened=happened,
        reason=reason.strip(),
        settled_at=now,
    )
    session.add(settlement)
    session.flush()
    words[person.id] = happened
    same = sum(word is happened for word in words.values())
    _tell_word(session, context, request, settlement=settlement, same=same, differs=same < len(words), now=now)
    if same >= _PEOPLE_TO_SETTLE and execution is not None:
        _finish_settled(session, context, request, execution, settlement=settlement, now=now)
    else:
        show(session, context, request, now=now)
        facts = {"happened": happened, "reason": reason.strip()}
        note(session, context, request, "execution:word_given", actor=person.account, now=now, facts=facts)
    return request


def _refuse_settling(
    request: Request,
    execution: Execution | None,
    *,
    digest: str,
    member: Member,
    said: bool | None,
    happened: bool,
) -> None:
    if request.digest != digest:
        raise moves.OtherContent
    if request.status != Status.UNKNOWN:
        raise NotUnknown(status=request.status)
    person = member.person
    if person.is_known_as(request.requester_id, request.requester_account):
        raise RequesterSettles
    require_role(member, roles=settlers_of(request))
    if execution is None or execution.gave_up_at is None:
        raise StillAsking
    if said is happened:
        raise AlreadySaid


def settlers_of(request: Request) -> tuple[str, ...]:
    """Return the roles of which two people settle what is unknown."""
    roles = view.read_rule(request).approvers or find_action(request.action).requesters
    return (*roles, *(role for role in SETTLERS if role not in roles))


def _read_words(session: Session, request_id: str) -> dict[str, bool]:
    """Return what each person said last."""
    rows = session.exec(
        select(Settlement)
        .where(Settlement.request_id == request_id)
        .order_by(col(Settlement.settled_at), col(Settlement.id))
    )
    return {row.person_id: row.happened for row in rows}


def _tell_word(
    session: Session,
    context: ApprovalContext,
    request: Request,
    *,
    settlement: Settlement,
    same: int,
    differs: bool,
    now: datetime,
) -> None:
    facts = {
        "by": settlement.account,
        "happened": settlement.happened,
        "reason": settlement.reason,
        "count": f"{same} of {_PEOPLE_TO_SETTLE}",
        "differs": differs,
        "at": now.isoformat(),
    }
    notices.reply(session, context.outbox, request, kind="request_settled", facts=facts, now=now)


def _finish_settled(
    session: Session,
    context: ApprovalContext,
    request: Request,
    execution: Execution,
    *,
    settlement: Settlement,
    now: datetime,
) -> None:
    event = "execution:settled_happened" if settlement.happened else "execution:settled_not"
    said = "it happened" if settlement.happened else "it did not happen"
    finding = LookupResult(
        found=LookupStatus.EXECUTED if settlement.happened else LookupStatus.FAILED,
        words=f"Two people settled that {said}: {settlement.reason}",
    )
    finish(session, context, request, execution, event=event, outcome=finding, actor=settlement.account, now=now)


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
    facts = {"words": words, "since": since.isoformat(), "roles": list(settlers_of(request))}
    notices.reply(session, context.outbox, request, kind="request_unknown", facts=facts, now=now, broadcast=True)
    note(session, context, request, "execution:gave_up", actor=CLOCK, now=now, facts={"words": words})
