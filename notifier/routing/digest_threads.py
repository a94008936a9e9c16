"""Gathers notices into the thread of one message: the digest of a storm, or what a silence has held back.

What is to be gathered are deliveries that wait for nothing but this; each becomes one line of a reply, the urgent
ones first, as many to a reply as Slack takes. A reply that nobody has begun to post takes more lines.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from notifier.outbox.outbox import Outbox
from notifier.outbox.tables import Delivery, DeliveryStatus
from notifier.routing.digest_lines import DigestPage, write_line
from storage.vault import Unreadable

HOLD = timedelta(seconds=4)  # a reply waits so long for more lines, and so does an edit of the digest
_BATCH = 500  # rows that are read at a time


@dataclass(kw_only=True)
class DigestThread:
    """Where lines go: the message with this key, in one channel; `pages` counts the replies so far, by urgency."""

    key: str
    channel: str
    pages: dict[bool, int]

    def page_key(self, *, urgent: bool) -> str:
        """Return the key of the newest reply."""
        return f"{self.key}:{'urgent' if urgent else 'page'}:{self.pages[urgent]}"


def gather(
    session: Session,
    thread: DigestThread,
    *,
    part_of: str,
    recipient: str | None = None,
    outbox: Outbox,
    now: datetime,
    hold: timedelta = HOLD,
    count: Callable[[str, Mapping[str, Any]], None] = lambda _kind, _facts: None,
) -> int:
    """Put what is gathering for `part_of` into the thread and return how many; `count` is called with each.

    With a `recipient` only what was for that one. A new reply is not begun before `hold` has passed.
    """
    writer = _LineWriter(session=session, thread=thread, outbox=outbox, now=now, hold=hold, count=count)
    done = 0
    while rows := _gathering(session, part_of, recipient=recipient):
        for urgent in (True, False):
            of_these = [row for row in rows if row.urgent is urgent]
            if of_these:
                writer.write(of_these, urgent=urgent)
        changed = update(Delivery).where(col(Delivery.id).in_([row.id for row in rows]))
        session.connection().execute(changed.values(status=DeliveryStatus.GATHERED, finished_at=now))
        # The UPDATE went past the session, which would still see the old status.
        for row in rows:
            session.expire(row)
        done += len(rows)
    return done


def is_unposted(session: Session, thread: DigestThread) -> bool:
    """Whether the message itself, or the newest reply under it, is still to be posted."""
    keys = [thread.key, *(thread.page_key(urgent=urgent) for urgent in (True, False))]
    waiting = select(Delivery.id).where(
        col(Delivery.key).in_(keys),
        Delivery.recipient == thread.channel,
        Delivery.status == DeliveryStatus.WAITING,
        Delivery.operation == "post",
    )
    return session.exec(waiting.limit(1)).first() is not None


def _gathering(session: Session, part_of: str, *, recipient: str | None) -> list[Delivery]:
    only = [Delivery.recipient == recipient] if recipient is not None else []
    query = (
        select(Delivery)
        .where(Delivery.part_of == part_of, Delivery.status == DeliveryStatus.GATHERING, *only)
        .order_by(col(Delivery.urgent).desc(), col(Delivery.seq), col(Delivery.id))
        .limit(_BATCH)
    )
    return list(session.exec(query).all())


@dataclass(frozen=True, kw_only=True)
class _LineWriter:
    """Writes the lines of rows into the replies of one thread."""

    session: Session
    thread: DigestThread
    outbox: Outbox
    now: datetime
    hold: timedelta
    count: Callable[[str, Mapping[str, Any]], None]

    def write(self, rows: Iterable[Delivery], *, urgent: bool) -> None:
        """Fill the newest reply, and begin others, with a line for each row."""
        key = self.thread.page_key(urgent=urgent)
        post = self.outbox.unbegun(self.session, key=key, recipient=self.thread.channel)
        page = DigestPage.read(self.outbox.read(post)) if post is not None else DigestPage()
        for row in rows:
            line = self._line(row)
            if not page.add(line, at=row.created_at):
                self._store(page, post, urgent=urgent)
                post, page = None, DigestPage()
                page.add(line, at=row.created_at)
        self._store(page, post, urgent=urgent)

    def _line(self, row: Delivery) -> str:
        try:
            facts = self.outbox.read(row)
        except Unreadable:
            facts = {"reference": row.id}  # the line says at least that there was one
        self.count(row.kind, facts)
        return write_line(row.kind, facts, at=row.created_at)

    def _store(self, page: DigestPage, post: Delivery | None, *, urgent: bool) -> None:
        facts = page.write(urgent=urgent)
        if post is not None:
            self.outbox.renew(post, kind=facts.template, facts=facts)
            return
        self.thread.pages[urgent] += 1
        self.outbox.enqueue(
            self.session,
            kind=facts.template,
            facts=facts,
            recipient=self.thread.channel,
            now=self.now,
            key=self.thread.page_key(urgent=urgent),
            thread_of=self.thread.key,
            urgent=urgent,
            hold=self.hold,
        )
