"""Card orders that Paytend took: followed until their result comes, and told in the thread.

The result comes by webhook or by asking. There is a row for each executed order; whoever ends it first tells of
it, so that it is told once.
"""

import logging
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from approvals import notices
from approvals.readers import is_final, say_result
from approvals.rules import Status
from approvals.tables import Request
from bot.parts import Parts
from bot.tables import FollowedOrder
from notifier.upsert import insert_once
from paytend import PaytendError, operations
from paytend.models import CardOrder
from paytend.webhooks import CardApplied, Event

EVERY = timedelta(seconds=30)
FIRST_LOOK = timedelta(minutes=2)
LONGEST_PAUSE = timedelta(hours=6)
GIVEN_UP_AFTER = timedelta(days=60)  # a parcel takes weeks; afterwards `/card order` still tells
_BATCH = 10
_ACTION = "card.apply"

_log = logging.getLogger(__name__)


def follow(parts: Parts) -> int:
    """Take up executed orders and ask about those that are due; return how many came to an end."""
    now = parts.clock.now()
    with parts.database.writing() as session:
        _take_up(session, now=now)
        due = _claim_due(session, now=now)
    return sum(_ask(parts, reference) for reference in due)


def hear(session: Session, parts: Parts, event: Event) -> None:
    """Tell in the thread what a webhook says of one of our orders; anything else is let pass."""
    if not isinstance(event, CardApplied) or not event.order.reference or not is_final(event.order):
        return
    request = session.exec(
        select(Request).where(Request.reference == event.order.reference, Request.action == _ACTION)
    ).first()
    if request is not None:
        now = parts.clock.now()
        _follow(session, request, now=now)
        _end(session, parts, request.reference, event.order, now=now)


def _take_up(session: Session, *, now: datetime) -> None:
    known = select(FollowedOrder.request_id)
    new = session.exec(
        select(Request).where(
            Request.status == Status.EXECUTED.value,
            Request.action == _ACTION,
            col(Request.ended_at) > now - GIVEN_UP_AFTER,
            col(Request.id).not_in(known),
        )
    ).all()
    for request in new:
        _follow(session, request, now=now)


def _follow(session: Session, request: Request, *, now: datetime) -> None:
    insert_once(
        session,
        FollowedOrder,
        {
            "reference": request.reference,
            "request_id": request.id,
            "next_look_at": now + FIRST_LOOK,
            "looks": 0,
        },
    )


def _claim_due(session: Session, *, now: datetime) -> list[str]:
    """Return the orders to be asked about now; the next look is set before, whoever dies meanwhile."""
    rows = session.exec(
        select(FollowedOrder)
        .where(col(FollowedOrder.ended_at).is_(None), col(FollowedOrder.next_look_at) <= now)
        .order_by(col(FollowedOrder.next_look_at))
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.looks += 1
        row.next_look_at = now + min(FIRST_LOOK * 2 ** min(row.looks, 10), LONGEST_PAUSE)
    session.flush()
    return [row.reference for row in rows]


def _ask(parts: Parts, reference: str) -> bool:
    try:
        order = parts.paytend.send(operations.GET_APPLY_RESULT(reference=reference))
    except PaytendError as error:
        _log.info("order.not_told", extra={"reason": type(error).__name__})
        return False
    if not is_final(order) or order.reference not in (None, reference):
        return False
    with parts.database.writing() as session:
        told = _end(session, parts, reference, order, now=parts.clock.now())
    parts.wake_deliverer()
    return told


def _end(session: Session, parts: Parts, reference: str, order: CardOrder, *, now: datetime) -> bool:
    """Tell the result in the thread of the request, unless it was told already; return whether it was now."""
    row = session.exec(select(FollowedOrder).where(FollowedOrder.reference == reference).with_for_update()).one()
    if row.ended_at is not None:
        return False
    row.ended_at = now
    request = session.get_one(Request, row.request_id)
    facts = {
        "words": say_result(order),
        "reference": reference,
        "mention": [request.requester_account],
        "at": now.isoformat(),
    }
    notices.reply(session, parts.desk.outbox, request, kind="order_result", facts=facts, now=now)
    session.flush()
    return True
