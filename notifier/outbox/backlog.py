"""What waits and what died: figures for health checks, the list of dead letters, and trying one again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from notifier.outbox.tables import Delivery, DeliveryStatus, Lane, Message, SlackOperation
from notifier.outbox.turns import ALL, lane_of_edits


class NoSuchLetter(Exception):
    """There is no dead delivery with this id."""


class AlreadyPosted(Exception):
    """This message was posted by a later delivery; the dead one would only repeat older facts."""


class ContentGone(Exception):
    """What this delivery said was removed by retention, so there is nothing to post."""


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """The figures of the outbox; `paused_until` is set while Slack as a whole refuses us."""

    waiting: int
    dead: int
    oldest: timedelta | None
    paused_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A delivery that was not made; its facts stay sealed."""

    id: str
    kind: str
    recipient: str
    error: str
    attempts: int
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class DeadLetter(Letter):
    """A delivery that is not tried again."""

    died_at: datetime


def waiting(session: Session) -> int:
    """Return how many deliveries wait."""
    return _count(session, DeliveryStatus.WAITING)


def gathering(session: Session) -> int:
    """Return how many deliveries are to become lines of a digest."""
    return _count(session, DeliveryStatus.GATHERING)


def silenced(session: Session) -> int:
    """Return how many deliveries silences hold back."""
    return _count(session, DeliveryStatus.SILENCED)


def dead(session: Session) -> int:
    """Return how many deliveries died."""
    return _count(session, DeliveryStatus.DEAD)


def measure(session: Session, *, now: datetime) -> Backlog:
    """Return the figures of the outbox."""
    oldest: datetime | None = session.exec(
        select(func.min(col(Delivery.created_at))).where(Delivery.status == DeliveryStatus.WAITING)
    ).one()
    whole = session.get(Lane, ALL)
    paused_until = whole.blocked_until if whole else None
    return Backlog(
        waiting=waiting(session),
        dead=dead(session),
        oldest=None if oldest is None else now - oldest,
        paused_until=paused_until if paused_until and paused_until > now else None,
    )


def list_dead(session: Session, *, limit: int = 50, before: str | None = None) -> list[DeadLetter]:
    """Return dead letters, the newest first; `before` is the last id of the page before."""
    query = select(Delivery).where(Delivery.status == DeliveryStatus.DEAD)
    if before is not None:
        query = query.where(Delivery.id < before)
    rows = session.exec(query.order_by(col(Delivery.id).desc()).limit(limit)).all()
    return [
        DeadLetter(
            id=row.id,
            kind=row.kind,
            recipient=row.recipient,
            error=row.last_error or "",
            attempts=row.attempts,
            created_at=row.created_at,
            died_at=row.finished_at or row.due_at,
        )
        for row in rows
    ]


def list_waiting(
    session: Session,
    *,
    status: DeliveryStatus = DeliveryStatus.WAITING,
    limit: int = 50,
    after: str | None = None,
) -> list[Letter]:
    """Return what waits, or gathers, the oldest first; `after` is the last id of the page before."""
    query = select(Delivery).where(Delivery.status == status)
    if after is not None:
        query = query.where(Delivery.id > after)
    rows = session.exec(query.order_by(col(Delivery.id)).limit(limit)).all()
    return [
        Letter(
            id=row.id,
            kind=row.kind,
            recipient=row.recipient,
            error=row.last_error or "",
            attempts=row.attempts,
            created_at=row.created_at,
        )
        for row in rows
    ]


def retry(session: Session, delivery_id: str, *, now: datetime) -> None:
    """Put a dead letter back into the outbox; raises NoSuchLetter, AlreadyPosted or ContentGone.

    A post that may have been made before is looked for first.
    """
    row = session.exec(select(Delivery).where(Delivery.id == delivery_id).with_for_update()).first()
    if row is None or row.status != DeliveryStatus.DEAD:
        raise NoSuchLetter
    if not row.facts:
        raise ContentGone
    posted = select(Message).where(Message.key == row.key, Message.recipient == row.recipient)
    if row.operation == SlackOperation.POST and session.exec(posted).first() is not None:
        raise AlreadyPosted
    row.status, row.due_at, row.finished_at = DeliveryStatus.WAITING, now, None
    # With the old counts it would die at once. `doubt_since` stays: that is why it is looked for.
    row.attempts, row.repeats, row.first_tried_at, row.last_error = 0, 0, None, None
    row.alone_since = None
    # Its own channel may be open again.
    is_edit = row.operation == SlackOperation.EDIT
    row.fallback, row.lane = False, lane_of_edits(row.recipient) if is_edit else row.recipient
    session.flush()


def _count(session: Session, status: DeliveryStatus) -> int:
    return session.exec(select(func.count()).select_from(Delivery).where(Delivery.status == status)).one()
