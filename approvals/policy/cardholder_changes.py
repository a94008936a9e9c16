"""Who changed a cardholder lately: for 24 hours they decide nothing about that cardholder."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from approvals.tables import CardholderChange, Request

CARDHOLDER_REST = timedelta(hours=24)


def find_recent_changers(session: Session, *, cardholder_id: str, now: datetime) -> frozenset[str]:
    """Return the ids and accounts of the people who changed a cardholder within the last 24 hours."""
    if not cardholder_id:  # an order of several cards, for example
        return frozenset()
    rows = session.exec(
        select(CardholderChange.person_id, Request.requester_account)
        # The account as well: the stored id was right under the identity map of that day.
        .join(Request, col(Request.id) == col(CardholderChange.id), isouter=True)
        .where(
            CardholderChange.cardholder_id == cardholder_id,
            col(CardholderChange.changed_at) > now - CARDHOLDER_REST,
        )
    )
    return frozenset(known for row in rows for known in row if known)


def record_change(session: Session, *, request_id: str, cardholder_id: str, person_id: str, now: datetime) -> None:
    """Write down who changed a cardholder, once for a request."""
    # An unknown outcome wrote it, and the end that was found later comes here again.
    if session.get(CardholderChange, request_id) is not None:
        return
    session.add(CardholderChange(id=request_id, cardholder_id=cardholder_id, person_id=person_id, changed_at=now))
    session.flush()
