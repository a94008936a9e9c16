"""Who changed a cardholder lately."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from approvals.tables import CardholderChange

CARDHOLDER_REST = timedelta(hours=24)


def find_recent_changers(session: Session, *, cardholder_id: str, now: datetime) -> frozenset[str]:
    """Return who changed a cardholder within the last 24 hours: they decide nothing about their cards."""
    if not cardholder_id:
        return frozenset()
    return frozenset(
        session.exec(
            select(CardholderChange.person_id).where(
                CardholderChange.cardholder_id == cardholder_id,
                col(CardholderChange.changed_at) > now - CARDHOLDER_REST,
            )
        )
    )
