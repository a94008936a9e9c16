"""Looks for webhooks that never came: asks Paytend about cards and orders in use, and stores what it finds.

So many calls each minute, about those first that had their turn longest ago, so that Paytend gets few calls and
every subject has its turn. What no look has seen yet is seen by the next, however late; what it cannot see is
counted (`count_coverage`). What it finds goes into the inbox like a webhook. It only reads at Paytend, and stops
at once when Paytend cannot be reached.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Update, bindparam, delete, func, update
from sqlmodel import Session, col, select

from approvals.actions.answer_readers import is_final
from approvals.execution.orders import ACTION as ORDERED
from approvals.execution.orders import FOLLOWED_FOR
from approvals.statuses import Status
from approvals.tables import AuditEvent, Request
from notifier.inbox.group_commit import GroupCommit
from notifier.inbox.inbox import make_row
from notifier.inbox.missed_webhooks import (
    FOUND,
    LOOK_BACK,
    MissedWebhook,
    choose,
    find_begin,
    read_movements,
    read_order,
)
from notifier.inbox.tables import InboxEvent, Watched, WatchedKind
from notifier.routing.locks import lock_announcing
from paytend import AmountUnit, Call, PaytendError, Sender, Unreachable, operations
from paytend.models import Transaction, Transactions
from paytend.webhooks import Event, TransactionHappened
from storage.database import Database
from storage.upsert import insert_once
from storage.vault import Vault

AGAIN_AFTER = timedelta(minutes=15)  # a subject is asked about at most this often
CALLS_IN_A_RUN = 20  # one run a minute; a card takes two calls or more for each currency
KEPT = timedelta(days=7)  # a card that nobody used for so long is no longer watched
_NEVER = timedelta(days=365)  # so long ago that a new subject comes first
_ROWS = 30  # of one page of Paytend's
_LEAST_ROWS = 10  # what a page has when Paytend does not follow the size that it is asked for
_MOST_PAGES = 20  # of one list
_READ = 200  # rows of ours that one run reads
_ON_CARDS = ("card.top_up", "card.found", "card.activate", "card.replace", "card.retrieve_password")
_LOOKS = ("card:read", "card:lost")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Subject:
    kind: str
    name: str
    since: datetime
    covered_until: datetime | None


class _NotAllSeen(Exception):
    """A list has more pages than are read, or Paytend repeats one."""


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How many cards and orders are watched, and what the search for missed webhooks does not cover.

    `late` were not seen whole within the look-back, though each look goes back to the last one that was; of
    `troubled` the last look did not see everything. `cards_an_hour` is how many can be asked about.
    """

    watched: int
    late: int
    troubled: int
    cards_an_hour: int


def count_coverage(session: Session, *, currencies: int, now: datetime) -> Coverage:
    """Return what the search covers; `currencies` is how many are asked about."""
    seen = func.coalesce(col(Watched.covered_until), col(Watched.since))
    counts = select(
        func.count(),
        func.count().filter(seen < now - LOOK_BACK),
        func.count().filter(col(Watched.trouble).is_not(None)),
    ).select_from(Watched)
    watched, late, troubled = session.exec(counts).one()
    return Coverage(
        watched=watched, late=late, troubled=troubled, cards_an_hour=60 * CALLS_IN_A_RUN // (2 * currencies)
    )


def watch(session: Session, kind: WatchedKind, subject: str, *, since: datetime, now: datetime) -> None:
    """Remember that a card or an order is in use; webhooks since `since` are looked for."""
    named = {"of_kind": kind, "named": subject, "at": now}
    if not session.connection().execute(_make_seen(), named).rowcount:
        known = {"kind": kind, "subject": subject, "since": since, "seen_at": now, "looked_at": now - _NEVER}
        insert_once(session, Watched, known)


@cache  # building it takes longer than running it, and it runs for every transaction
def _make_seen() -> Update:
    known = col(Watched.kind) == bindparam("of_kind"), col(Watched.subject) == bindparam("named")
    return update(Watched).where(*known).values(seen_at=bindparam("at"))


def watch_card(session: Session, event: Event, *, now: datetime) -> None:
    """Watch the card of a transaction; other events change nothing."""
    if isinstance(event, TransactionHappened) and event.transaction.card_id:
        watch(session, WatchedKind.CARD, event.transaction.card_id, since=now, now=now)


@dataclass(frozen=True, kw_only=True)
class MissedWebhookFinder:
    """Asks Paytend for what no webhook reported; several replicas may run it."""

    database: Database
    paytend: Sender
    intake: GroupCommit
    vault: Vault
    make_id: Callable[[], str]
    unit: AmountUnit
    currencies: Sequence[str]
    timezone: ZoneInfo  # of the dates at Paytend
    now_in: Callable[[Session], datetime]
    wake_dispatcher: Callable[[], None]

    def find(self) -> int:
        """Ask about the next few subjects, and return how many missed webhooks were stored."""
        with self.database.writing() as session:
            lock_announcing(session)  # each of several cards is a row that the dispatcher writes to as well
            now = self.now_in(session)
            _learn(session, now=now)
            subjects = _take_turn(session, now=now, most=max(1, CALLS_IN_A_RUN // (2 * len(self.currencies))))
        stored = 0
        for subject in subjects:
            trouble = None
            try:
                stored += self._ask_about(subject, now=now)
            except Unreachable:
                _log.info("gaps.paytend_unreachable")
                break
            except (PaytendError, _NotAllSeen) as error:  # this subject cannot be read whole now; others may
                trouble = type(error).__name__.lstrip("_")
                _log.warning("gaps.not_read", extra={"kind": subject.kind, "reason": trouble})
            self._record(subject, trouble, now=now)
        if stored:
            self.wake_dispatcher()
        return stored

    def _record(self, subject: _Subject, trouble: str | None, *, now: datetime) -> None:
        """Record until when this subject is covered, or why it is not."""
        of_it = col(Watched.kind) == subject.kind, col(Watched.subject) == subject.name
        changes: dict[str, Any] = {"trouble": trouble} | ({} if trouble else {"covered_until": now})
        with self.database.writing() as session:
            session.connection().execute(update(Watched).where(*of_it).values(**changes))

    def _ask_about(self, subject: _Subject, *, now: datetime) -> int:
        is_order = subject.kind == WatchedKind.ORDER
        with self.database.reading() as session:
            since = find_begin(since=_since(session, subject), covered_until=subject.covered_until, now=now)
        findings = self._ask_order(subject) if is_order else self._ask_movements(subject, since=since, now=now)
        with self.database.reading() as session:
            known = _known(session, findings)
        missed = choose(findings, known=known, since=since, now=now)
        stored = sum(self._store(each, now=now) for each in missed)
        if is_order and findings:
            with self.database.writing() as session:
                _forget(session, col(Watched.kind) == subject.kind, col(Watched.subject) == subject.name)
        return stored

    def _ask_movements(self, card: _Subject, *, since: datetime, now: datetime) -> list[MissedWebhook]:
        """Return what was settled and what was authorised on a card since then; raises _NotAllSeen."""
        period = {
            "card_id": card.name,
            "begin": since.astimezone(self.timezone).date(),
            "end": now.astimezone(self.timezone).date(),
        }
        return [
            finding
            for currency in self.currencies
            for source, ask in (
                ("S", partial(operations.GET_CARD_TRANSACTIONS, **period, status="ALL", currency=currency)),
                ("A", partial(operations.GET_AUTHORIZATION_TRANSACTIONS, **period, currency=currency)),
            )
            for finding in read_movements(
                self._read_list(ask), card_id=card.name, source=source, unit=self.unit, timezone=self.timezone
            )
        ]

    def _read_list(self, ask: Callable[..., Call[Transactions]]) -> list[Transaction]:
        """Return the rows of all pages; raises _NotAllSeen when there are too many."""
        rows: list[Transaction] = []
        first = 0
        for _ in range(_MOST_PAGES):
            page = self.paytend.send(ask(start=len(rows), size=_ROWS))
            if rows and page.rows and page.rows[0].raw == rows[0].raw:
                if page.total is not None and len(rows) >= page.total:
                    return rows  # there are no more, so it gives the first again
                raise _NotAllSeen  # Paytend does not turn the page
            rows += page.rows
            first = first or len(page.rows)
            # A page that is shorter than the first is the last. A total only says that there are more: it may
            # count the page alone.
            is_short = len(page.rows) < max(first, _LEAST_ROWS)
            if not page.rows or (is_short and (page.total is None or len(rows) >= page.total)):
                return rows
        raise _NotAllSeen

    def _ask_order(self, order: _Subject) -> list[MissedWebhook]:
        answer = self.paytend.send(operations.GET_APPLY_RESULT(reference=order.name))
        # Another order's result would be stored as this one's (A11).
        is_about_it = answer.reference == order.name and is_final(answer)
        return read_order(answer, unit=self.unit) if is_about_it else []

    def _store(self, missed: MissedWebhook, *, now: datetime) -> bool:
        """Store what was found like a webhook; return whether it is new."""
        row = make_row(missed.webhook, missed.event, now=now, vault=self.vault, make_id=self.make_id)
        is_new = self.intake.keep({**row, "form": FOUND}).result()
        _log.warning("gaps.found", extra={"kind": missed.event.kind, "new": is_new})
        return is_new


def _learn(session: Session, *, now: datetime) -> None:
    """Watch the cards and orders of new requests, and cards that were shown; forget those that are out of use."""
    _forget(session, col(Watched.kind) == WatchedKind.CARD, col(Watched.seen_at) < now - KEPT)
    _forget(session, col(Watched.kind) == WatchedKind.ORDER, col(Watched.since) < now - FOLLOWED_FOR)
    lately = now - timedelta(minutes=10)
    asked = select(Request).where(col(Request.created_at) > lately, col(Request.action).in_(_ON_CARDS))
    for request in session.exec(asked.limit(_READ)):
        watch(session, WatchedKind.CARD, request.subject, since=request.created_at, now=now)
    ordered = select(Request).where(
        Request.status == Status.EXECUTED.value, Request.action == ORDERED, col(Request.ended_at) > lately
    )
    for request in session.exec(ordered.limit(_READ)):
        watch(session, WatchedKind.ORDER, request.reference, since=request.created_at, now=now)
    newest = session.exec(select(func.max(AuditEvent.seq))).one() or 0
    looked = select(AuditEvent).where(
        col(AuditEvent.seq) > newest - _READ,
        col(AuditEvent.event).in_(_LOOKS),
        col(AuditEvent.happened_at) > lately,
    )
    for event in session.exec(looked):
        watch(session, WatchedKind.CARD, event.subject, since=event.happened_at, now=now)


def _take_turn(session: Session, *, now: datetime, most: int) -> list[_Subject]:
    """Return the subjects that were asked about longest ago, and put each at the end of the queue."""
    rows = session.exec(
        select(Watched)
        .where(col(Watched.looked_at) <= now - AGAIN_AFTER)
        .order_by(col(Watched.looked_at), col(Watched.subject))
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.looked_at = now
    session.flush()
    return [
        _Subject(kind=row.kind, name=row.subject, since=row.since, covered_until=row.covered_until) for row in rows
    ]


def _since(session: Session, subject: _Subject) -> datetime:
    """Return since when webhooks are expected: a day before the subject was first seen, not before our first."""
    first = session.exec(select(InboxEvent.received_at).order_by(col(InboxEvent.id)).limit(1)).first()
    return max(first, subject.since - timedelta(days=1)) if first else subject.since


def _known(session: Session, findings: Iterable[MissedWebhook]) -> frozenset[str]:
    digests = [digest for finding in findings for digest in finding.digests]
    rows = session.exec(select(InboxEvent.business_digest).where(col(InboxEvent.business_digest).in_(digests)))
    return frozenset(rows)


def _forget(session: Session, *where: Any) -> None:
    session.connection().execute(delete(Watched).where(*where))
