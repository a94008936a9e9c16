"""Finds out what became of an execution whose answer was lost: claim the lookup, ask, record the result."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from approvals.actions.answer_evidence import Asked, judge_lookup
from approvals.actions.known_codes import NO_CODES, KnownCodes
from approvals.actions.outcomes import LookupResult, LookupStatus, Reading, Said
from approvals.actions.payloads import Payload
from approvals.actions.refusal_readers import RefusalContext, read_failure
from approvals.actions.table import UnknownAction, find_action
from approvals.audit import chain
from approvals.audit.quotes import digest_words
from approvals.canonical_json import read_object
from approvals.context import ApprovalContext
from approvals.execution import alarms
from approvals.execution.absence_watch import AbsenceWatch
from approvals.execution.due import is_due
from approvals.execution.records import PAUSES, describe_answer, finish, pause_after
from approvals.execution.settlement_by_people import settler_roles
from approvals.messages import notices
from approvals.requests import stored
from approvals.requests.move import CLOCK, note, subject_of, update_message
from approvals.requests.savepoints import for_each
from approvals.statuses import Status
from approvals.tables import Execution, Request
from paytend import Sender
from paytend.errors import PaytendError
from paytend.operations.encoding import NotSendable

NOT_READABLE = (
    "What was asked for cannot be read any more, so Paytend is not asked, and two people have to settle it. "
    "Please look in Paytend's portal for what the trail says: {trail}."
)
CANNOT_SAY = "Paytend cannot be asked about this afterwards, so two people have to settle it."
FRESH = timedelta(seconds=10)  # an answer that is older is asked for again before people settle
_MANY_LOOKUPS = 7  # their pauses are longer than `give_up_after`
_LEASE = timedelta(minutes=2)  # after which another process asks, if this one died


@dataclass(frozen=True, kw_only=True)
class LookupClaim:
    """A claim to ask Paytend about one execution; `lookups` counts this one too. The codes are the execution's."""

    request_id: str
    action: str
    payload: Payload = field(repr=False)
    reference: str
    lookups: int
    codes: KnownCodes = NO_CODES
    absent_code: str = ""
    refused_code: str = ""


def claim_due(session: Session, context: ApprovalContext, *, now: datetime, limit: int = 20) -> list[LookupClaim]:
    """Claim the lookups that are due, and return them; commit before `ask`.

    One whose content cannot be read is given up at once: people settle it with what the trail knows.
    """
    rows = session.exec(
        select(Request, Execution)
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(Request.status == Status.UNKNOWN.value, is_due(Execution.next_look_at, now=now, longest=PAUSES[-1]))
        .order_by(col(Execution.next_look_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    return claim_rows(session, context, rows, now=now)


def claim_rows(
    session: Session, context: ApprovalContext, rows: Iterable[tuple[Request, Execution]], *, now: datetime
) -> list[LookupClaim]:
    """Claim the lookups of these rows, which are locked, and return them."""
    claims = []
    executions = {execution.request_id: execution for _, execution in rows}

    def claim(request: Request) -> None:
        execution = executions[request.id]
        execution.looks += 1
        execution.next_look_at = now + _LEASE  # if this process dies, another one asks then
        try:
            payload = stored.read_payload(context, request)
        except (stored.Altered, UnknownAction):
            _give_up_unread(session, context, request, execution, now=now)
            return
        claims.append(
            LookupClaim(
                request_id=request.id,
                action=request.action,
                payload=payload,
                reference=request.reference,
                lookups=execution.looks,
                codes=context.codes,
                absent_code=execution.absent_code,
                refused_code=execution.refused_code,
            )
        )

    for_each(session, [request for request, _ in rows], claim)
    session.flush()
    return claims


def claim_stale(
    session: Session, context: ApprovalContext, *, request_id: str, now: datetime
) -> LookupClaim | None:
    """Claim a lookup of one unknown request if the last one is old; None if it is fresh or not needed."""
    row = session.exec(
        select(Request, Execution)
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(Request.id == request_id, Request.status == Status.UNKNOWN.value)
        .with_for_update()
    ).first()
    if row is None or find_action(row[0].action).lookup is None:
        return None
    asked_at = row[1].asked_at
    # An answer from a time to come is of a clock that was ahead: it may be old.
    if asked_at is not None and timedelta() <= now - asked_at < FRESH:
        return None
    return next(iter(claim_rows(session, context, [row], now=now)), None)


def ask(claim: LookupClaim, client: Sender) -> LookupResult:
    """Ask Paytend what became of it. Errors of Paytend are results too, so none is raised."""
    action = find_action(claim.action)
    if action.lookup is None or action.read_lookup is None:
        reading = Reading(said=Said.CANNOT_BE_ASKED, words=CANNOT_SAY)
        return judge_lookup(reading, question=action.question)
    try:
        answer = client.send(action.lookup(claim.payload, claim.reference))
    except NotSendable as error:  # a content that this version would not send
        reading = Reading(said=Said.NOT_SENDABLE, words=f"Paytend was not asked: {error}")
    except PaytendError as error:
        context = RefusalContext(
            asked=Asked.LATER,
            codes=claim.codes,
            absent_code=claim.absent_code,
            refused_code=claim.refused_code,
        )
        reading = read_failure(error, context=context)
    else:
        reading = action.read_lookup(answer, claim.payload, claim.reference)
    return judge_lookup(reading, question=action.question)


def record(
    session: Session,
    context: ApprovalContext,
    *,
    claim: LookupClaim,
    result: LookupResult,
    absences: AbsenceWatch,
    now: datetime,
) -> Request:
    """Record the result of a lookup: the end, or when to ask again. Return the request."""
    request = stored.find(session, claim.request_id, to_change=True)
    execution = session.get_one(Execution, claim.request_id, populate_existing=True)
    if request.status != Status.UNKNOWN:
        return request  # settled by people meanwhile
    note_answer(execution, result, now=now)
    absent = _measure_absence(execution, absences, now=now)
    if result.alarm and alarms.raise_alarm(session, context, request, execution, words=result.words, now=now):
        facts, proofs = describe_answer(result), digest_words(result.words)
        note(session, context, request, "execution:alarmed", actor=CLOCK, now=now, facts=facts, proofs=proofs)
    match result.status:
        case LookupStatus.EXECUTED | LookupStatus.FAILED:
            event = f"execution:found_{result.status}"
            finish(session, context, request, execution, event=event, outcome=result, actor=CLOCK, now=now)
        case LookupStatus.NOT_FOUND if execution.refused_code and absent >= context.absent_for:
            words = f"{execution.refused_words} It has no such order either, asked twice."
            failed = replace(result, status=LookupStatus.FAILED, words=words, confirm=True)
            event = "execution:found_failed"
            finish(session, context, request, execution, event=event, outcome=failed, actor=CLOCK, now=now)
        # NOT_FOUND as well: Paytend may carry it out late (F9), so its absence now does not prove a failure.
        case _:
            pause = pause_after(claim.lookups)
            if execution.refused_code and execution.absent_since is not None:
                # Not later than the second answer counts: the requester waits for it.
                pause = min(pause, max(PAUSES[0], context.absent_for - absent))
            _ask_later(session, context, request, execution, claim=claim, pause=pause, result=result, now=now)
    return request


def note_answer(execution: Execution, result: LookupResult, *, now: datetime) -> None:
    """Note when Paytend was asked and, if it was clear, what it said."""
    execution.asked_at = now
    if result.status is LookupStatus.UNREADABLE:
        return  # says nothing, so the last clear word stays
    execution.last_said = result.status.value
    is_absent = result.status is LookupStatus.NOT_FOUND
    execution.absent_since = min(execution.absent_since or now, now) if is_absent else None


def _measure_absence(execution: Execution, absences: AbsenceWatch, *, now: datetime) -> timedelta:
    """Return for how long Paytend has had no such order, by the clock that says less.

    After a signed refusal this decides that it failed, and what failed may be asked for again.
    """
    if execution.absent_since is None:
        return timedelta()
    known_for = absences.measure(execution.request_id, since=execution.absent_since)
    return min(known_for, now - execution.absent_since)


def _ask_later(
    session: Session,
    context: ApprovalContext,
    request: Request,
    execution: Execution,
    *,
    claim: LookupClaim,
    pause: timedelta,
    result: LookupResult,
    now: datetime,
) -> None:
    """Note when to ask again, and call for people if Paytend cannot say, or has not said for too long."""
    can_say = find_action(request.action).lookup is not None
    execution.words = result.words
    execution.next_look_at = now + pause if can_say else None
    session.flush()
    since = execution.unknown_since or now
    # A clock that was ahead may have written when it became unknown: then the lookups are counted instead.
    was_ahead = since > now and claim.lookups >= _MANY_LOOKUPS
    if execution.gave_up_at is None and (not can_say or was_ahead or now - since >= context.give_up_after):
        _call_people(session, context, request, execution, since=since, now=now, facts=describe_answer(result))


def _give_up_unread(
    session: Session, context: ApprovalContext, request: Request, execution: Execution, *, now: datetime
) -> None:
    """Ask no more; of an unknown outcome call for people, unless they were called already."""
    execution.next_look_at = execution.watched_until = None
    if request.status != Status.UNKNOWN:
        return
    execution.words = NOT_READABLE.format(trail=_read_trail(session, context, request))
    session.flush()
    if execution.gave_up_at is None:
        since = execution.unknown_since or now
        facts = {"why": "its content cannot be read"}
        _call_people(session, context, request, execution, since=since, now=now, facts=facts)


def _read_trail(session: Session, context: ApprovalContext, request: Request) -> str:
    """Return what was asked for as the trail has it, and the reference."""
    subject = subject_of(request.id)
    ours = chain.list_genuine(session, subject=subject, event="approval:opened", key=context.audit_key)
    opened = next(ours, None)
    facts = read_object(opened.facts) if opened else {}
    parts = (facts.get("action"), facts.get("money"), facts.get("subject"), f"reference {request.reference}")
    return ", ".join(part for part in parts if part)


def _call_people(
    session: Session,
    context: ApprovalContext,
    request: Request,
    execution: Execution,
    *,
    since: datetime,
    now: datetime,
    facts: Mapping[str, str],
) -> None:
    """Tell the channel that people have to settle this; the lookups go on all the same. The trail has `facts`."""
    words = execution.words
    execution.gave_up_at = max(now, since)  # the database refuses an earlier one
    session.flush()
    update_message(session, context, request, now=now)
    unknown = notices.RequestUnknown(
        request=request.id, phrase=request.phrase, words=words, since=since, roles=settler_roles(request)
    )
    # In the channel too: nobody rereads an old thread, and money is in doubt.
    notices.reply(session, context.outbox, request, facts=unknown, now=now, broadcast=True)
    proofs = digest_words(words)
    note(session, context, request, "execution:gave_up", actor=CLOCK, now=now, facts=facts, proofs=proofs)
