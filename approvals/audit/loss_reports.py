"""Who reported a card lost, as the trail has it, unless it was found again since."""

import itertools

from sqlmodel import Session, col, select

from approvals.audit import chain
from approvals.audit.trail_keys import TrailKey
from approvals.statuses import Status
from approvals.tables import Request
from notifier.inbox.decline_reasons import LossReport


def find_loss(session: Session, card_id: str, *, key: TrailKey) -> LossReport | None:
    """Return the report that blocked a card; None where there is none, or the card was unblocked after it.

    Of several in a row the first counts: the later ones found the card blocked already.
    """
    # `card:lost_asked` alone says that Paytend's answer was lost.
    reports = chain.list_genuine(session, subject=card_id, event="card:lost", key=key)
    first = next(reports, None)
    if first is None:
        return None  # of most cards: this is asked for each of their purchases
    found_at = session.exec(
        select(Request.ended_at)
        .where(Request.subject == card_id, Request.action == "card.found", Request.status == Status.EXECUTED.value)
        .order_by(col(Request.ended_at).desc())
        .limit(1)
    ).first()
    for event in itertools.chain((first,), reports):
        if found_at is None or event.happened_at > found_at:
            return LossReport(account=event.actor, at=event.happened_at)
    return None
