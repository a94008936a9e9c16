"""Looks for webhooks that never came: asks Paytend about cards and orders in use, and stores what it finds.

A few subjects each minute, those that were asked about longest ago first, so that Paytend gets few calls and every
subject has its turn. What it finds goes into the inbox like a webhook. It only reads at Paytend, and stops at once
when Paytend cannot be reached.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
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
from notifier.inbox.missed_webhooks import FOUND, LOOK_BACK, MissedWebhook, choose, read_movements, read_order
from notifier.inbox.tables import InboxEvent, Watched, WatchedKind
from paytend import AmountUnit, Client, PaytendError, Unreachable, operations
from paytend.webhooks import Event, TransactionHappened
from storage.database import Database
from storage.upsert import insert_once
from storage.vault import Vault

AGAIN_AFTER = timedelta(minutes=15)  # a subject is asked about at most this often
MOST_IN_A_RUN = 2  # subjects; a card takes two calls
KEPT = timedelta(days=7)  # a card that nobody used for so long is no longer watched
_NEVER = timedelta(days=365)  # so long ago that a new subject comes first
_ROWS = 30  # of one page of Paytend's
_READ = 200  # rows of ours that one run reads
_ON_CARDS = ("card.top_up", "card.found", "card.activate", "card.replace", "card.retrieve_password")
_LOOKS = ("card:read", "card:lost")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Subject:
    kind: str
    name: str
    since: datetime


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
    paytend: Client
    intake: GroupCommit
    vault: Vault
    make_id: Callable[[], str]
    unit: AmountUnit
    timezone: ZoneInfo  # of the dates at Paytend
    now: Callable[[], datetime]
    wake_dispatcher: Callable[[], None]

    def find(self) -> int:
        """Ask about the next few subjects, and return how many missed webhooks were stored."""
        now = self.now()
        with self.database.writing() as session:
            _learn(session, now=now)
            subjects = _take_turn(session, now=now)
        stored = 0
        for subject in subjects:
            try:
                stored += self._ask_about(subject, now=now)
            except Unreachable:
                _log.info("gaps.paytend_unreachable")
                break
            except PaytendError as error:  # this subject cannot be read now; others may
                _log.warning("gaps.not_read", extra={"kind": subject.kind, "reason": type(error).__name__})
        if stored:
            self.wake_dispatcher()
        return stored

    def _ask_about(self, subject: _Subject, *, now: datetime) -> int:
        ask = self._ask_order if subject.kind == WatchedKind.ORDER else self._ask_movements
        findings = ask(subject)
        with self.database.reading() as session:
            known = _known(session, findings)
            since = _since(session, subject)
        missed = choose(findings, known=known, since=since, now=now)
        stored = sum(self._store(each, now=now) for each in missed)
        if subject.kind == WatchedKind.ORDER and findings:
            with self.database.writing() as session:
                _forget(session, col(Watched.kind) == subject.kind, col(Watched.subject) == subject.name)
        return stored

    def _ask_movements(self, card: _Subject) -> list[MissedWebhook]:
        """Return what was settled and what was authorised on a card lately; two calls, one page each."""
        begin = (self.now() - LOOK_BACK).astimezone(self.timezone).date()
        period = {
            "card_id": card.name,
            "begin": begin,
            "end": self.now().astimezone(self.timezone).date(),
            "size": _ROWS,
        }
        settled = self.paytend.send(operations.GET_CARD_TRANSACTIONS(**period, status="ALL"))
        authorised = self.paytend.send(operations.GET_AUTHORIZATION_TRANSACTIONS(**period))
        return [
            finding
            for rows, source in ((settled.rows, "S"), (authorised.rows, "A"))
            for finding in read_movements(
                rows, card_id=card.name, source=source, unit=self.unit, timezone=self.timezone
            )
        ]

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


def _take_turn(session: Session, *, now: datetime) -> list[_Subject]:
    """Return the subjects that were asked about longest ago, and put each at the end of the queue."""
    rows = session.exec(
        select(Watched)
        .where(col(Watched.looked_at) <= now - AGAIN_AFTER)
        .order_by(col(Watched.looked_at), col(Watched.subject))
        .limit(MOST_IN_A_RUN)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.looked_at = now
    session.flush()
    return [_Subject(kind=row.kind, name=row.subject, since=row.since) for row in rows]


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
