"""Urgent messages that somebody has to acknowledge, and who gets them when nobody does in time."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from notifier.outbox.notice_facts import ACKNOWLEDGE, AcknowledgementFacts, NoticeFacts
from notifier.outbox.outbox import Outbox
from notifier.routing.locks import lock_announcing
from notifier.routing.routes import Routes
from notifier.routing.tables import Acknowledgement
from storage.savepoints import try_each
from storage.upsert import insert_once

_BATCH = 50


@dataclass(frozen=True, kw_only=True)
class NoticeEscalated(NoticeFacts, template="notice_escalated"):
    """A reply under an urgent message: who gets it too, after how long without an acknowledgement."""

    to: str
    after: timedelta


class NothingToAcknowledge(Exception):
    """There is no urgent message with this key."""


class AlreadyAcknowledged(Exception):
    """Somebody is on it: `by` is their account, `at` when they said so."""

    def __init__(self, by: str, at: datetime) -> None:
        super().__init__("somebody is on it already")
        self.by = by
        self.at = at


def request(
    session: Session, key: str, *, within: timedelta | None = None, then: Sequence[str] = (), now: datetime
) -> AcknowledgementFacts:
    """Ask for an acknowledgement; `then` are notified one by one when nobody gives it `within` the time."""
    insert_once(
        session,
        Acknowledgement,
        {
            "key": key,
            "asked_at": now,
            "within": int(within.total_seconds()) if within else 0,
            "then": json.dumps(list(then)),
            "step": 0,
            "due_at": now + within if within and then else None,
        },
    )
    return state_of(session, key) or AcknowledgementFacts(key=key)


def request_again(
    session: Session, key: str, *, within: timedelta | None = None, then: Sequence[str] = (), now: datetime
) -> None:
    """Ask once more about a message of which somebody may have taken an earlier state on."""
    request(session, key, within=within, then=then, now=now)
    row = _hold(session, key)
    # `request` has just made it: there is no earlier answer to take back.
    if row is None or row.asked_at == now:
        return
    row.asked_at, row.step = now, 0
    row.acknowledged_by = row.acknowledged_at = None
    row.within, row.then = int(within.total_seconds()) if within else 0, json.dumps(list(then))
    row.due_at = now + within if within and then else None
    session.flush()


def state_of(session: Session, key: str) -> AcknowledgementFacts | None:
    """Return what a message shows: its key, and who is on it since when; None when nobody is asked."""
    row = session.get(Acknowledgement, key)
    if row is None:
        return None
    return AcknowledgementFacts(key=key, by=row.acknowledged_by, at=row.acknowledged_at)


def acknowledge(session: Session, key: str, *, account: str, outbox: Outbox, now: datetime) -> None:
    """Record who is on it, and show it on every copy; raises NothingToAcknowledge and AlreadyAcknowledged."""
    lock_announcing(session)
    row = _hold(session, key)
    if row is None:
        raise NothingToAcknowledge
    if row.acknowledged_by is not None:
        raise AlreadyAcknowledged(row.acknowledged_by, row.acknowledged_at or now)
    row.acknowledged_by, row.acknowledged_at, row.due_at = account, now, None
    session.flush()
    # Without mentions: somebody is on it, so no one else is to be called.
    outbox.amend(session, key, {"mentions": [], ACKNOWLEDGE: state_of(session, key)}, now=now)


def escalate_due(session: Session, *, routes: Routes, outbox: Outbox, now: datetime) -> int:
    """Tell the next recipients of what nobody took on in time; return how many messages that were."""
    due = select(Acknowledgement.key).where(col(Acknowledgement.due_at) <= now)
    keys = session.exec(due.order_by(col(Acknowledgement.key)).limit(_BATCH)).all()

    def escalate(key: str) -> int:
        return _escalate(session, key, routes=routes, outbox=outbox, now=now)

    return try_each(session, keys, escalate, event="routing.item_broken")


def move(session: Session, key: str, *, to: str) -> None:
    """Ask for the acknowledgement of another message, of which this one has become a part."""
    asked = update(Acknowledgement).where(col(Acknowledgement.key) == key)
    if session.get(Acknowledgement, to) is None:
        session.connection().execute(asked.values(key=to))
    else:
        # The digest is asked about already: the part must not escalate as well.
        session.connection().execute(asked.values(due_at=None))


def _hold(session: Session, key: str) -> Acknowledgement | None:
    query = select(Acknowledgement).where(Acknowledgement.key == key).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).first()


def _escalate(session: Session, key: str, *, routes: Routes, outbox: Outbox, now: datetime) -> bool:
    row = _hold(session, key)
    if row is None or row.due_at is None or row.due_at > now:
        return False  # acknowledged, or escalated by another replica, meanwhile
    names: list[str] = json.loads(row.then)
    name, within = names[row.step], timedelta(seconds=row.within)
    row.step += 1
    row.due_at = now + within if row.step < len(names) else None
    newest = outbox.newest(session, key)
    if newest is None:
        return False
    channel, mentions = routes.resolve(name), list(routes.mentions.get(name, ()))
    known = outbox.recipients_of(session, key)
    for recipient in sorted(known):
        outbox.enqueue(
            session,
            kind=NoticeEscalated.template,
            facts=NoticeEscalated(
                to=channel, after=within * row.step, mentions=mentions if recipient == channel else ()
            ),
            recipient=recipient,
            now=now,
            thread_of=key,
            urgent=True,
        )
    if channel not in known:
        facts = {**outbox.read(newest), "mentions": mentions, ACKNOWLEDGE: state_of(session, key)}
        outbox.enqueue(session, kind=newest.kind, facts=facts, recipient=channel, now=now, key=key, urgent=True)
    return True
