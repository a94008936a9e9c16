"""Who changed a cardholder lately: for 24 hours they decide nothing about that cardholder."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from approvals.actions.table import find_action
from approvals.statuses import Status
from approvals.tables import CardholderChange, Request

CARDHOLDER_REST = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class RecentChanges:
    """Who changed the cardholder within the last 24 hours: all ids and accounts, and names for people.

    `of_anybody`: Paytend does not say who the cardholder is, so every cardholder's changes count.
    """

    ids: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    of_anybody: bool = False


def find_recent_changes(session: Session, *, action: str, cardholder_id: str, now: datetime) -> RecentChanges:
    """Return who changed the cardholder lately, as it matters to this action.

    Where money or a secret is at stake and the cardholder is not known, they count as changed: by everybody who
    changed any cardholder.
    """
    of_anybody = not cardholder_id and find_action(action).is_delicate
    if not cardholder_id and not of_anybody:  # an order of several cards, for example
        return RecentChanges()
    query = (
        select(CardholderChange.person_id, Request.requester_account, Request.requester_name)
        # The account as well: the stored id was right under the identity map of that day.
        .join(Request, col(Request.id) == col(CardholderChange.id), isouter=True)
        .where(col(CardholderChange.changed_at) > now - CARDHOLDER_REST)
        .order_by(col(CardholderChange.changed_at))
    )
    if not of_anybody:
        query = query.where(CardholderChange.cardholder_id == cardholder_id)
    rows = session.exec(query).all()
    return RecentChanges(
        ids=frozenset(known for person_id, account, _ in rows for known in (person_id, account) if known),
        names=tuple(dict.fromkeys(name or person_id for person_id, _, name in rows)),
        of_anybody=of_anybody,
    )


def find_recent_changers(
    session: Session, *, cardholder_id: str, now: datetime, action: str = "cardholder.update"
) -> frozenset[str]:
    """Return the ids and accounts of the people who changed a cardholder within the last 24 hours."""
    return find_recent_changes(session, action=action, cardholder_id=cardholder_id, now=now).ids


def find_known_holder(session: Session, card_id: str) -> str:
    """Return the cardholder that a card was last activated for here; empty if it was not."""
    found = session.exec(
        select(Request.cardholder_id)
        .where(
            Request.subject == card_id,
            Request.action == "card.activate",
            Request.status == Status.EXECUTED.value,
        )
        .order_by(col(Request.ended_at).desc())
        .limit(1)
    ).first()
    return found or ""


def record_change(session: Session, *, request_id: str, cardholder_id: str, person_id: str, now: datetime) -> None:
    """Write down who changed a cardholder, once for a request."""
    # An unknown outcome wrote it, and the end that was found later comes here again.
    if session.get(CardholderChange, request_id) is not None:
        return
    session.add(CardholderChange(id=request_id, cardholder_id=cardholder_id, person_id=person_id, changed_at=now))
    session.flush()
