"""Writes down what became of an execution: its end, that it is unknown, or that nothing was sent."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from approvals.actions.outcomes import LookupResult, LookupStatus, Outcome, Result
from approvals.actions.table import find_action
from approvals.audit.quotes import digest_text, keep_code
from approvals.context import ApprovalContext
from approvals.execution import alarms
from approvals.execution.execution import ClaimedExecution
from approvals.messages import notices
from approvals.policy.cardholder_changes import record_change
from approvals.refusals import Refusal
from approvals.requests import stored
from approvals.requests.move import CLOCK, move
from approvals.requests.moves import MOVE
from approvals.requests.recent_past import describe_change
from approvals.statuses import Status
from approvals.tables import Execution, Request
from paytend.redaction import mask_text, redact

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 10, 30, 60, 300, 900, 3600))
FIRST_FOLLOW = timedelta(minutes=1)  # after which the result of an order, or an end that is watched, is asked for
_LONGEST_ANSWER = 4000  # characters; Paytend keeps the whole answer


class ExecutionLeaseLost(Refusal):
    """This result comes from a claim that is not in force any more."""


def pause_after(tries: int) -> timedelta:
    """Return how long to wait after this many tries: 1 s after the first, at most an hour."""
    return PAUSES[min(tries, len(PAUSES) - 1)]


def record(
    session: Session, context: ApprovalContext, *, work: ClaimedExecution, outcome: Outcome, now: datetime
) -> Request:
    """Record what became of a claim, and return the request; raises ExecutionLeaseLost."""
    request = stored.find(session, work.request_id, to_change=True)
    execution = session.get(Execution, work.request_id, populate_existing=True)
    # A process that slept through its lease must not overwrite what was found out meanwhile.
    if execution is None or execution.lease != work.lease or request.status != Status.EXECUTING:
        raise ExecutionLeaseLost
    match outcome.result:
        case Result.EXECUTED | Result.FAILED:
            event = f"execution:{outcome.result}"
            finish(session, context, request, execution, event=event, outcome=outcome, actor=CLOCK, now=now)
        case Result.UNKNOWN:
            mark_unknown(session, context, request, execution, outcome=outcome, now=now)
        case Result.NEVER_SENT:
            _postpone(session, context, request, execution, outcome=outcome, now=now)
    return request


def is_held(session: Session, work: ClaimedExecution, *, now: datetime) -> bool:
    """Whether a claim is still in force by its row and by the database's clock."""
    row = session.exec(
        select(Request.status, Execution.lease, Execution.lease_until)
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(Request.id == work.request_id)
    ).first()
    return row is not None and row[:2] == (Status.EXECUTING, work.lease) and now < row[2]


def finish(
    session: Session,
    context: ApprovalContext,
    request: Request,
    execution: Execution,
    *,
    event: str,
    outcome: Outcome | LookupResult,
    actor: str,
    now: datetime,
    proofs: Mapping[str, Any] | None = None,
) -> None:
    """Record the end of an execution and move the request to it; `event` is one of MOVES."""
    status = MOVE[event].to
    changed = _note_cardholder_change(session, request, now=now) if status is Status.EXECUTED else {}
    execution.outcome = Result.EXECUTED.value if status is Status.EXECUTED else Result.FAILED.value
    execution.finished_at = now
    # The claim is the nearest moment that is known: `do` has no transaction in which it could write one.
    execution.sent_at = execution.sent_at or execution.claimed_at
    # Only by our reference: what a card is like weeks later may be anybody's doing.
    is_watched = outcome.confirm and not outcome.followed and find_action(request.action).by_reference
    execution.watched_until = now + context.watch_for if is_watched else None
    execution.next_look_at = now + FIRST_FOLLOW if outcome.followed or is_watched else None
    execution.looks = 0
    if isinstance(outcome, Outcome):
        execution.absent_code = outcome.absent_code
    _keep_answer(execution, outcome)
    words, why = outcome.words, outcome.why
    facts = {"provider_reference": execution.provider_reference, **describe_answer(outcome)}
    proofs = {"answer_digest": digest_text(execution.answer), **changed, **(proofs or {})}
    move(
        session,
        context,
        request,
        event,
        actor=actor,
        words=words,
        why=why,
        now=now,
        facts=facts,
        proofs=proofs,
    )
    if isinstance(outcome, Outcome) and outcome.secret is not None:
        _offer_secret(session, context, request, now=now)


def mark_unknown(
    session: Session,
    context: ApprovalContext,
    request: Request,
    execution: Execution,
    *,
    outcome: Outcome,
    now: datetime,
    event: str = "execution:unknown",
) -> None:
    """Record that it may or may not have happened; reconciliation asks Paytend from now on."""
    # It may have happened, so the person who asked for it rests as if it had.
    changed = _note_cardholder_change(session, request, now=now)
    execution.outcome = Result.UNKNOWN.value
    execution.sent_at = execution.sent_at or execution.claimed_at
    execution.unknown_since = now
    execution.next_look_at = now + pause_after(0)
    execution.looks = 0
    execution.refused_code, execution.absent_code = outcome.refused_code, outcome.absent_code
    execution.refused_words = outcome.words if outcome.refused_code else ""
    execution.last_said = LookupStatus.IN_PROGRESS.value if outcome.in_progress else ""
    _keep_answer(execution, outcome)
    words, why, facts = outcome.words, outcome.why, describe_answer(outcome)
    proofs = {"answer_digest": digest_text(execution.answer), **changed}
    move(
        session,
        context,
        request,
        event,
        actor=CLOCK,
        words=words,
        why=why,
        now=now,
        facts=facts,
        proofs=proofs,
    )
    if outcome.alarm:
        alarms.raise_alarm(session, context, request, execution, words=outcome.words, now=now)


def describe_answer(outcome: Outcome | LookupResult) -> dict[str, str]:
    """Return what the trail says of an answer instead of its words: what kind it was, and Paytend's code."""
    said = {"said": outcome.said.value} if outcome.said else {}
    return said | ({"code": keep_code(outcome.code)} if outcome.code else {})


def _postpone(
    session: Session,
    context: ApprovalContext,
    request: Request,
    execution: Execution,
    *,
    outcome: Outcome,
    now: datetime,
) -> None:
    """Record that nothing was sent; it is tried again after a pause, until `execute_by`."""
    execution.outcome = Result.NEVER_SENT.value
    execution.words = mask_text(outcome.words)
    execution.next_look_at = now + pause_after(execution.attempts)
    facts = {"lease": execution.lease, **describe_answer(outcome)}
    event, words = "execution:not_sent", outcome.words
    move(session, context, request, event, actor=CLOCK, words=words, why=outcome.why, now=now, facts=facts)


def _note_cardholder_change(session: Session, request: Request, *, now: datetime) -> Mapping[str, Any]:
    """Write down that a cardholder was changed, and return the fact of it for the trail; nothing if none was."""
    if not find_action(request.action).changes_cardholder:
        return {}
    record_change(
        session,
        request_id=request.id,
        cardholder_id=request.subject,
        person_id=request.requester_id,
        now=now,
    )
    return describe_change(request)


def _offer_secret(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> None:
    """Reply with a button that shows the secret; the secret itself is kept apart, for ten minutes."""
    secret = notices.RequestSecret(
        request=request.id,
        phrase=request.phrase,
        requester=request.requester_account,
        button_value={"request": request.id},
        at=now,
    )
    notices.reply(session, context.outbox, request, facts=secret, now=now, key=notices.secret_key(request.id))


def _keep_answer(execution: Execution, outcome: Outcome | LookupResult) -> None:
    execution.words = mask_text(outcome.words)
    execution.provider_reference = mask_text(outcome.provider_reference) or execution.provider_reference
    if outcome.answer:
        execution.answer = _summarise(outcome.answer)


def _summarise(answer: Mapping[str, Any]) -> str:
    # The models redact it already; once more, because people read it for as long as it is kept.
    return json.dumps(redact(dict(answer)), ensure_ascii=False, default=str, sort_keys=True)[:_LONGEST_ANSWER]
