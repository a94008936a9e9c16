"""Follows a card order until its result arrives, by webhook or lookup, and replies with it to the request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from approvals.actions.answer_readers import is_final, write_order_result
from approvals.audit.quotes import digest_words, keep_code
from approvals.context import ApprovalContext
from approvals.execution.due import is_due
from approvals.messages import notices
from approvals.requests.move import CLOCK, note
from approvals.statuses import Status
from approvals.tables import Execution, Request
from paytend import Sender, operations
from paytend.errors import PaytendError
from paytend.models import CardOrder

ACTION = "card.apply"
FOLLOWED_FOR = timedelta(days=60)  # after this nobody expects a result any more
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (2, 5, 15, 60, 360))


@dataclass(frozen=True, kw_only=True)
class OpenOrder:
    """An order whose result is not known yet."""

    request_id: str
    reference: str


def claim_due(session: Session, *, now: datetime, limit: int = 20) -> Sequence[OpenOrder]:
    """Claim the orders that are due for a lookup, and return them; commit before `ask`."""
    rows = session.exec(
        select(Request, Execution)
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(Request.status == Status.EXECUTED.value, Request.action == ACTION)
        # One that is watched after people settled it is asked about by `end_watch`.
        .where(is_due(Execution.next_look_at, now=now, longest=PAUSES[-1]), col(Execution.watched_until).is_(None))
        .order_by(col(Execution.next_look_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for request, execution in rows:
        execution.looks += 1
        age = now - (request.ended_at or now)
        pause = PAUSES[min(execution.looks, len(PAUSES)) - 1]
        execution.next_look_at = now + pause if age < FOLLOWED_FOR else None
    session.flush()
    return [OpenOrder(request_id=request.id, reference=request.reference) for request, _ in rows]


def ask(order: OpenOrder, client: Sender) -> CardOrder | None:
    """Return the result of an order; None if Paytend does not answer, or answers about another order."""
    try:
        answer = client.send(operations.GET_APPLY_RESULT(reference=order.reference))
    except PaytendError:  # the claim has set the next lookup already
        return None
    # One that names another order, or none, says nothing about this one (A11).
    return answer if answer.reference == order.reference else None


def record(session: Session, context: ApprovalContext, *, order: CardOrder, now: datetime) -> bool:
    """Reply with the result in the thread of its request, once; return whether it was new."""
    if not order.reference or not is_final(order):
        return False
    row = session.exec(
        select(Request, Execution)
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(Request.reference == order.reference, Request.action == ACTION)
        # No `skip_locked`: the result may come from a webhook, which is not sent again once it was answered.
        .where(Request.status == Status.EXECUTED.value, col(Execution.next_look_at).is_not(None))
        .where(col(Execution.watched_until).is_(None))
        .with_for_update()
    ).first()
    if row is None:
        return False
    request, execution = row
    execution.next_look_at = None  # webhook and lookup may both bring the result: the second finds no row
    session.flush()
    words = write_order_result(order)
    outcome = notices.RequestOutcome(
        request=request.id,
        phrase=request.phrase,
        status="",  # the request itself was done when Paytend took the order
        event="order:result",
        words=words,
        mention=(request.requester_account,),
        at=now,
    )
    notices.reply(session, context.outbox, request, facts=outcome, now=now)
    # Not the words: Paytend's own are among them, and the trail is kept for ever.
    facts = {"status": keep_code(str(order.status or "")), "cards": len(order.cards)}
    proofs = digest_words(words)
    note(session, context, request, "order:result", actor=CLOCK, now=now, facts=facts, proofs=proofs)
    return True
