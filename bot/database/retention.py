"""Retention: removes contents older than CARDOPS_RETENTION_DAYS; rows, digests and the trail stay.

It says so in the trail before requests lose anything: the triggers ask for that, and for the period to be over.
It empties the bodies of dispatched webhooks, payload, shown text and what Paytend said of ended requests, and the
facts of finished deliveries, and forgets cards that have not passed here since. What makes a webhook unique, who
decided what and why, and the audit chain stay forever.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, bindparam, select, text, update
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from approvals.audit import chain
from approvals.audit.trail_keys import TrailKey
from approvals.statuses import SAID_BY_PEOPLE
from approvals.tables import Execution, Request, RetentionPeriod
from bot.database import card_index
from bot.database.engine import SqlDatabase
from bot.database.tables import KnownCard
from notifier.inbox.tables import InboxEvent
from notifier.outbox.outbox import NEWEST_FIRST
from notifier.outbox.tables import Delivery, DeliveryStatus

HEAD = "audit_head"  # the kind whose newest delivery shows a cut tail of the trail
BATCH = 500  # rows in one transaction: SQLite has one writer, and others wait for it


@dataclass(kw_only=True)
class RemovedCounts:
    """How many contents were removed."""

    webhooks: int = 0
    requests: int = 0
    deliveries: int = 0
    cards: int = 0

    @property
    def total(self) -> int:
        """The sum of all kinds."""
        return self.webhooks + self.requests + self.deliveries + self.cards


def cutoff(now: datetime, *, days: int) -> datetime:
    """Return the moment before which contents are removed."""
    return now - timedelta(days=days)


def purge(database: SqlDatabase, *, before: datetime) -> Iterator[RemovedCounts]:
    """Remove in batches, each in its own transaction; yields the counts so far after each."""
    done = RemovedCounts()
    for name, remove in _STEPS.items():
        while True:
            with database.writing() as session:
                count = remove(session, before)
            setattr(done, name, getattr(done, name) + count)
            yield done
            if count < BATCH:
                break


def run(
    database: SqlDatabase, *, days: int, key: TrailKey, actor: str, now: Callable[[], datetime]
) -> Iterator[RemovedCounts]:
    """Remove what is too old, and record in the trail how much it was; yields the counts so far."""
    begun_at = now()
    before = cutoff(begun_at, days=days)
    with database.writing() as session:
        if _find_requests(session, before):
            _announce(session, days=days, before=before, key=key, actor=actor, now=begun_at)
    done = RemovedCounts()
    for done in purge(database, before=before):
        yield done
    if done.total:
        with database.writing() as session:
            facts = {
                "before": before.isoformat(),
                "webhooks": done.webhooks,
                "requests": done.requests,
                "deliveries": done.deliveries,
                "cards": done.cards,
            }
            chain.append(
                session, "retention:removed", key=key, actor=actor, subject="retention", facts=facts, now=now()
            )


def _announce(session: Session, *, days: int, before: datetime, key: TrailKey, actor: str, now: datetime) -> None:
    """Write into the trail that requests are about to lose their contents, and for which period of retention.

    The triggers let nothing go before: so nobody destroys contents without an event that would have to be forged.
    """
    # Before the newest period is read: two replicas would give the next one the same number.
    chain.lock(session)
    newest = session.exec(
        select_rows(RetentionPeriod).order_by(col(RetentionPeriod.number).desc()).limit(1)
    ).first()
    same = newest is not None and newest.days == days
    number = (newest.number if newest else 0) + (not same)
    facts = {"before": before.isoformat(), "days": days}
    subject = f"retention:{number}"
    chain.append(session, "retention:begun", key=key, actor=actor, subject=subject, facts=facts, now=now)
    if not same:
        session.add(RetentionPeriod(number=number, days=days, begun_at=now))
        session.flush()


def _webhooks(session: Session, before: datetime) -> int:
    old = (
        col(InboxEvent.body).is_not(None),
        col(InboxEvent.received_at) < before,
        # Without this a webhook whose notice is not made yet would lose what the notice needs.
        col(InboxEvent.told_at).is_not(None),
    )
    ids = _find(session, InboxEvent, *old, order=col(InboxEvent.received_at))
    # The names too: nothing is read from the body any more, so they join nothing.
    return _empty(session, InboxEvent, ids, body=None, names=None)


def _requests(session: Session, before: datetime) -> int:
    ids = _find_requests(session, before)
    _empty(session, Execution, ids, name="request_id", answer="", words="", refused_words="", alarmed="")
    said_by_people = col(Request.status).in_([status.value for status in SAID_BY_PEOPLE])
    _empty(session, Request, ids, ~said_by_people, reason="")
    return _empty(session, Request, ids, payload=b"", shown=b"", waits="")


def _find_requests(session: Session, before: datetime) -> list[str]:
    # Only an ended request has `ended_at`. Written as in the partial index: otherwise the index is not used.
    old = (
        text("length(payload) > 0"),
        col(Request.ended_at) < before,
    )
    return _find(session, Request, *old, order=col(Request.ended_at))


def _deliveries(session: Session, before: datetime) -> int:
    old = (
        text("length(facts) > 0"),
        col(Delivery.finished_at) < before,
        col(Delivery.status) != DeliveryStatus.WAITING.value,
    )
    ids = _find(session, Delivery, *old, order=col(Delivery.finished_at))
    if told := find_told_head(session, ids):
        ids = _find(session, Delivery, *old, col(Delivery.id) != told, order=col(Delivery.finished_at))
    return _empty(session, Delivery, ids, facts=b"")


def find_told_head(session: Session, ids: Sequence[str]) -> str | None:
    """Return the id of the newest head of the trail that was posted, if it may be among these deliveries.

    It is kept, with what it says, however old: `cardops check` finds a cut tail by it.
    """
    if not ids:
        return None
    is_head = col(Delivery.kind) == HEAD
    among = select_rows(Delivery.id).where(col(Delivery.id).in_(ids), is_head).limit(1)
    if session.exec(among).first() is None:  # mostly; else all deliveries would be walked over for nothing
        return None
    newest = select_rows(Delivery.id).where(is_head, text("length(facts) > 0"))
    return session.exec(newest.order_by(*NEWEST_FIRST).limit(1)).first()


def _cards(session: Session, before: datetime) -> int:
    old = col(KnownCard.seen_at) < before
    return card_index.forget(session, _find(session, KnownCard, old, order=col(KnownCard.seen_at)))


_STEPS: dict[str, Callable[[Session, datetime], int]] = {
    "webhooks": _webhooks,
    "requests": _requests,
    "deliveries": _deliveries,
    "cards": _cards,
}


def _find(session: Session, model: Any, *old: Any, order: Any) -> list[str]:
    # What another replica or a key rotation holds comes with the next run, instead of a deadlock.
    query = select(model.id).where(*old).order_by(order).limit(BATCH).with_for_update(skip_locked=True)
    return list(session.connection().execute(query).scalars())


def _empty(session: Session, model: Any, ids: list[str], *only: Any, name: str = "id", **values: Any) -> int:
    if not ids:
        return 0
    table: Table = model.__table__
    chosen = table.c[name].in_(bindparam("ids", ids, expanding=True))
    return int(session.connection().execute(update(table).where(chosen, *only).values(**values)).rowcount)
