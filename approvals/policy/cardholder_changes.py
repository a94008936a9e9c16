"""Who changed a cardholder lately: for 24 hours they decide nothing about that cardholder."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from approvals.actions.table import find_action
from approvals.statuses import Status
from approvals.tables import CardholderChange, Request

CARDHOLDER_REST = timedelta(hours=24)
_SKEW = timedelta(minutes=10)  # by which the clocks of two replicas may differ


@dataclass(frozen=True, kw_only=True)
class ProvenChange:
    """A change of a cardholder as the trail has it; `ids` are the person and the account who asked for it."""

    cardholder_id: str
    ids: tuple[str, ...]
    changed_at: datetime


@dataclass(frozen=True, kw_only=True)
class RecentChanges:
    """Who changed the cardholder within the last 24 hours: all ids and accounts, and names for people.

    `of_anybody`: Paytend does not say who the cardholder is, so every cardholder's changes count.
    """

    ids: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    of_anybody: bool = False


def find_recent_changes(
    session: Session,
    *,
    action: str,
    cardholder_id: str,
    now: datetime,
    proven: Iterable[ProvenChange] = (),
) -> RecentChanges:
    """Return who changed the cardholder lately, as it matters to this action, by the rows and by the trail.

    Where money or a secret is at stake and the cardholder is not known, they count as changed: by everybody who
    changed any cardholder. A row counts also if the trail does not have it, as those of older versions do: a
    forged one can only make somebody rest.
    """
    of_anybody = not cardholder_id and find_action(action).is_delicate
    if not cardholder_id and not of_anybody:  # an order of several cards, for example
        return RecentChanges()
    query = (
        select(CardholderChange.person_id, Request.requester_account, Request.requester_name)
        # The account as well: the stored id was right under the identity map of that day.
        .join(Request, col(Request.id) == col(CardholderChange.id), isouter=True)
        .where(
            col(CardholderChange.changed_at) > now - CARDHOLDER_REST,
            # One of the far future would make them rest for ever.
            col(CardholderChange.changed_at) <= now + _SKEW,
        )
        .order_by(col(CardholderChange.changed_at))
    )
    if not of_anybody:
        query = query.where(CardholderChange.cardholder_id == cardholder_id)
    rows = session.exec(query).all()
    known = frozenset(known for person_id, account, _ in rows for known in (person_id, account) if known)
    more = [
        change
        for change in proven
        if change.changed_at > now - CARDHOLDER_REST and (of_anybody or change.cardholder_id == cardholder_id)
    ]
    names = [name or person_id for person_id, _, name in rows]
    names += [change.ids[0] for change in more if known.isdisjoint(change.ids)]
    return RecentChanges(
        ids=known.union(*(change.ids for change in more)),
        names=tuple(dict.fromkeys(names)),
        of_anybody=of_anybody,
    )


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
