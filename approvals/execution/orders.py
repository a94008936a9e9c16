"""Follows a card order until its result arrives, by webhook or by asking, and tells it where it was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from approvals.actions.answers import is_final, write_order_result
from approvals.context import ApprovalContext
from approvals.messages import notices
from approvals.requests.move import CLOCK, note
from approvals.statuses import Status
from approvals.tables import Execution, Request
from paytend import Sender, operations
from paytend.errors import PaytendError
from paytend.models import CardOrder

ACTION = "card.apply"
FOLLOWED_FOR = timedelta(days=60)
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (2, 5, 15, 60, 360))


@dataclass(frozen=True, kw_only=True)
class OpenOrder:
    """An order whose result is not known yet."""

    request_id: str
    reference: str


def due(session: Session, *, now: datetime, limit: int = 20) -> Sequence[OpenOrder]:
    """Return the orders to be asked about, each put off by a pause; commit before `ask`."""
    rows = session.exec(
        select(Request, Execution)
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(Request.status == Status.EXECUTED.value, Request.action == ACTION)
        .where(col(Execution.next_look_at) <= now)
        .order_by(col(Execution.next_look_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for request, execution in rows:
        execution.looks += 1
        age = now - (request.ended_at or now)
        pause = PAUSES[min(execution.looks, len(PAUSES) - 1)]
        execution.next_look_at = now + pause if age < FOLLOWED_FOR else None
    session.flush()
    return [OpenOrder(request_id=request.id, reference=request.reference) for request, _ in rows]


def ask(following: OpenOrder, client: Sender) -> CardOrder | None:
    """Return the result of an order; None as long as there is none that can be trusted."""
    try:
        answer = client.send(operations.GET_APPLY_RESULT(reference=following.reference))
    except PaytendError:
        return None
    return answer if answer.reference == following.reference else None


def record(session: Session, context: ApprovalContext, *, order: CardOrder, now: datetime) -> bool:
    """Tell the result under the card of its request, once; return whether it was told."""
    if not order.reference or not is_final(order):
        return False
    row = session.exec(
        select(Request, Execution)
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(Request.reference == order.reference, Request.action == ACTION)
        .where(Request.status == Status.EXECUTED.value, col(Execution.next_look_at).is_not(None))
        .with_for_update()
    ).first()
    if row is None:
        return False
    request, execution = row
    execution.next_look_at = None
    session.flush()
    words = write_order_result(order)
    facts = {
        "status": "",
        "event": "order:result",
        "words": words,
        "mention": [request.requester_account],
        "at": now.isoformat(),
    }
    notices.reply(session, context.outbox, request, kind="request_outcome", facts=facts, now=now)
    note(session, context, request, "order:result", actor=CLOCK, now=now, facts={"why": words})
    return True
