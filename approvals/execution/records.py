"""Writes down what became of an execution: its end, a doubt, or that nothing was sent."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from approvals.actions.outcomes import LookupResult, Outcome, Result
from approvals.actions.table import find_action
from approvals.context import ApprovalContext
from approvals.messages import notices
from approvals.requests.move import CLOCK, move
from approvals.requests.moves import MOVE
from approvals.statuses import Status
from approvals.tables import CardholderChange, Execution, Request
from paytend.redaction import redact

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 10, 30, 60, 300, 900, 3600))
FIRST_FOLLOW = timedelta(minutes=1)  # after which the result of what was ordered is asked for
_LONGEST_ANSWER = 4000  # characters; the whole answer is Paytend's to keep


def pause_after(looks: int) -> timedelta:
    """Return how long to wait after this many tries: 1 s at first, an hour at last."""
    return PAUSES[min(looks, len(PAUSES) - 1)]


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
) -> None:
    """Write down the end of an execution and move the request to it; `event` is one of MOVES."""
    status = MOVE[event].to
    if status is Status.EXECUTED:
        note_cardholder_change(session, request, now=now)
    execution.outcome = Result.EXECUTED.value if status is Status.EXECUTED else Result.FAILED.value
    execution.finished_at = now
    execution.sent_at = execution.sent_at or execution.claimed_at
    execution.next_look_at = now + FIRST_FOLLOW if outcome.followed else None
    _keep_answer(execution, outcome)
    facts = {"provider_reference": execution.provider_reference, "answer": execution.answer}
    move(session, context, request, event, actor=actor, words=outcome.words, now=now, facts=facts)
    if isinstance(outcome, Outcome) and outcome.secret is not None:
        button = {"request": request.id}
        told = {"requester": request.requester_account, "button_value": button, "at": now.isoformat()}
        notices.reply(session, context.outbox, request, kind="request_secret", facts=told, now=now)


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
    """Write down that it may or may not have happened; reconciliation asks from here on."""
    note_cardholder_change(session, request, now=now)  # it may have happened
    execution.outcome = Result.UNKNOWN.value
    execution.sent_at = execution.sent_at or execution.claimed_at
    execution.unknown_since = now
    execution.next_look_at = now + pause_after(0)
    execution.looks = 0
    _keep_answer(execution, outcome)
    facts = {"answer": execution.answer}
    move(session, context, request, event, actor=CLOCK, words=outcome.words, now=now, facts=facts)


def postpone(
    session: Session,
    context: ApprovalContext,
    request: Request,
    execution: Execution,
    *,
    outcome: Outcome,
    now: datetime,
) -> None:
    """Write down that nothing was sent; it is tried again after a pause, until `execute_by`."""
    execution.outcome = Result.NEVER_SENT.value
    execution.words = outcome.words
    execution.next_look_at = now + pause_after(execution.attempts)
    move(session, context, request, "execution:not_sent", actor=CLOCK, words=outcome.words, now=now)


def note_cardholder_change(session: Session, request: Request, *, now: datetime) -> None:
    """Remember who changed a cardholder, once for a request: for a day they decide nothing about them."""
    if not find_action(request.action).changes_cardholder or session.get(CardholderChange, request.id) is not None:
        return
    session.add(
        CardholderChange(
            id=request.id, cardholder_id=request.subject, person_id=request.requester_id, changed_at=now
        )
    )
    session.flush()


def _keep_answer(execution: Execution, outcome: Outcome | LookupResult) -> None:
    execution.words = outcome.words
    execution.provider_reference = outcome.provider_reference or execution.provider_reference
    if outcome.answer:
        execution.answer = _summary(outcome.answer)


def _summary(answer: Mapping[str, Any]) -> str:
    return json.dumps(redact(dict(answer)), ensure_ascii=False, default=str, sort_keys=True)[:_LONGEST_ANSWER]
