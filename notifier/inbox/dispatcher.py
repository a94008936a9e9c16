"""Turns what is in the inbox into notices: each event once, in the order of arrival."""

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Protocol

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from notifier.inbox import purchases
from notifier.inbox.admin_notices import AdminNotices
from notifier.inbox.cardholder_names import CardholderNames, Incomplete
from notifier.inbox.event_facts import EventFacts, TransactionNotice, UnrecognisedNotice
from notifier.inbox.inbox import digest_names, find_earlier
from notifier.inbox.missed_webhooks import FOUND
from notifier.inbox.notice_kinds import make_notification
from notifier.inbox.stored_events import open_event
from notifier.inbox.tables import InboxEvent
from notifier.outbox.notice_facts import WhyFacts
from notifier.outbox.outbox import Outbox
from notifier.routing import storms
from notifier.routing.announcer import announce, list_budgets
from notifier.routing.locks import lock_announcing
from notifier.routing.notification import Notification
from notifier.routing.routes import Routes, match
from paytend import AmountUnits
from paytend.webhooks import Event, TransactionHappened, UnrecognisedEvent
from storage.database import Database
from storage.vault import Unreadable, Vault

BATCH = 20
MOST_URGENT = 15  # of a batch: even in a flood of urgent ones the others go on
PAUSE = 2.0  # seconds: other replicas take webhooks in without waking this one
# A batch holds SQLite's one writer and the interpreter, which webhooks and Slack need meanwhile.
REST = 1  # times as long as a batch took
# When this many times more webhooks arrive than could be dispatched, taking them in goes first.
FLOOD, REST_IN_FLOOD = 4, 9
# How long after its arrival an event that failed so and so often is tried again; after the last it is given up.
PAUSES = (timedelta(0), timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
MOST_FAILURES = len(PAUSES)

_log = logging.getLogger(__name__)


class EventRecorder(Protocol):
    """What a package above records of an event, such as the result of a card order under its request."""

    def record(self, session: Session, event: Event) -> bool:
        """Record the event in the transaction that enqueues its notices; return whether the trail has it now."""
        ...


class IntakeCount(Protocol):
    """How many new webhooks this process has taken in (`GroupCommit`)."""

    @property
    def count(self) -> int:
        """The number so far."""
        ...


class Dispatcher:
    """Enqueues the notices of new events; several may run at once, as each locks the rows that it works on."""

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        routes: Routes,
        vault: Vault,
        units: AmountUnits,
        timezone: tzinfo,
        now_in: Callable[[Session], datetime],
        monotonic: Callable[[], float],
        wake_deliverer: Callable[[], None],
        intake: IntakeCount,
        recorder: EventRecorder | None = None,
        admins: Sequence[str] = (),
        cardholder_names: CardholderNames | None = None,
    ) -> None:
        """Prepare; `timezone` is that of the dates which Paytend writes.

        `admins` get what is not understood when no route names it, and what could not be dispatched.
        """
        self._database = database
        self._outbox = outbox
        self._routes = routes
        self._vault = vault
        self._units = units
        self._timezone = timezone
        self._now_in = now_in
        self._monotonic = monotonic
        self._wake_deliverer = wake_deliverer
        self._intake = intake
        self._recorder = recorder
        self._admins = AdminNotices(outbox=outbox, admins=admins)
        self._cardholder_names = cardholder_names
        self._recorded = False  # whether the last event left something in the trail
        self._incomplete: list[Incomplete] = []  # notices of this batch

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Dispatch until `stop` is set (then set `wake` too)."""
        while not stop.is_set():
            wake.clear()
            try:
                self._dispatch_all(stop)
            except Exception:  # noqa: BLE001 - the edge of this thread, without which nobody is told of anything
                _log.exception("telling.round_failed")
            wake.wait(PAUSE)

    def _dispatch_all(self, stop: threading.Event) -> None:
        rest = REST
        taken, began = self._intake.count, self._monotonic()
        while dispatched := self.dispatch_due():
            took = self._monotonic() - began
            if stop.wait(rest * took):
                return
            before, taken, began_before, began = taken, self._intake.count, began, self._monotonic()
            # How many batches there could have been meanwhile, had none of them rested longer than usual.
            batches = (began - began_before) / ((1 + REST) * took) if took else 1.0
            rest = REST_IN_FLOOD if taken - before > FLOOD * batches * dispatched else REST

    def dispatch_due(self) -> int:
        """Enqueue the notices of a batch of events, and return how many were dispatched or given up."""
        with self._database.writing() as session:
            # Before the events: each of them locks a purchase, and another replica's batch may have them in
            # another order.
            lock_announcing(session)
            now, dispatched = self._now_in(session), 0
            for row in _lock_due(session, now):
                dispatched += self._dispatch(session, row, now=now)
                if self._recorded:
                    break  # the lock of the trail is the last one of a transaction
            if dispatched:
                self._update_digests(session, now=now)
        # After the commit: a deliverer that is woken earlier finds nothing.
        if dispatched:
            self._wake_deliverer()
        if self._cardholder_names is not None and self._incomplete:
            self._cardholder_names.request(self._incomplete)
        self._incomplete.clear()
        return dispatched

    def _dispatch(self, session: Session, row: InboxEvent, *, now: datetime) -> bool:
        self._recorded = False
        try:
            # A savepoint: a failure undoes what this event wrote, and the rest of the batch goes on.
            with session.begin_nested():
                event = open_event(row, vault=self._vault, units=self._units)
                notification = self._make_notification(session, row, event, now=now)
                if not self._was_found(session, row, notification, now=now):
                    announce(session, notification, routes=self._routes, outbox=self._outbox, now=now)
                if isinstance(event, UnrecognisedEvent) and not self._is_routed(notification):
                    self._admins.tell_unrecognised(session, notification, notify_type=event.notify_type, now=now)
                told = notification.stage or notification.facts
                if isinstance(told, TransactionNotice) and told.amount_unclear:
                    self._admins.tell_unit(session, told.amount_unclear, now=now)
                # In the same savepoint: what is recorded of an event is undone with its notices.
                if self._recorder is not None:
                    self._recorded = self._recorder.record(session, event)
        except OperationalError:
            raise  # the database's own, such as a lost connection: no event is to blame
        except Exception:  # noqa: BLE001 - an edge: one event that cannot be dispatched must not block the others
            if not self._count_failure(session, row, now=now):
                return False
        else:
            row.failures = 0
        row.told_at = now
        return True

    def _count_failure(self, session: Session, row: InboxEvent, *, now: datetime) -> bool:
        """Count it, and return whether the event is given up; admins get one message."""
        row.failures += 1
        _log.exception("telling.failed", extra={"inbox_event": row.id, "failures": row.failures})
        # One that is replayed and fails again counts on, and admins get no second message.
        if row.failures == MOST_FAILURES:
            self._admins.tell_untold(session, event=row.id, about=row.kind, now=now)
        return row.failures >= MOST_FAILURES

    def _make_notification(
        self, session: Session, row: InboxEvent, event: Event, *, now: datetime
    ) -> Notification:
        notification = make_notification(event, timezone=self._timezone, now=now)
        facts = replace(notification.facts, why=WhyFacts(value={"event": row.id}))
        if isinstance(facts, EventFacts | UnrecognisedNotice):
            facts = replace(facts, found=True if row.form == FOUND else None)
        if isinstance(facts, TransactionNotice):
            return self._join(session, row, event, notification, facts, now=now)
        if isinstance(facts, EventFacts):
            facts = replace(facts, update=True if find_earlier(session, row) else None)
        return replace(notification, facts=facts)

    def _was_found(self, session: Session, row: InboxEvent, notification: Notification, *, now: datetime) -> bool:
        """Whether all that this webhook says was found and told already, when it did not come."""
        facts = notification.facts
        if not isinstance(facts, EventFacts) or not facts.update:
            return False
        earlier = find_earlier(session, row)
        if earlier is None or earlier.form != FOUND or row.form == FOUND:
            return False
        try:
            event = open_event(earlier, vault=self._vault, units=self._units)
        except Unreadable:  # retention took its content
            return False
        told = make_notification(event, timezone=self._timezone, now=now).facts
        return replace(facts, why=None, found=None, update=None) == told

    def _join(
        self,
        session: Session,
        row: InboxEvent,
        event: Event,
        notification: Notification,
        facts: TransactionNotice,
        *,
        now: datetime,
    ) -> Notification:
        """Return the notification of a movement as one of its purchase, with whose card it is if that is known."""
        card_id = facts.card_id
        if self._cardholder_names is not None and card_id:
            facts = replace(facts, holder_name=self._cardholder_names.find(card_id))
            facts = self._cardholder_names.explain(session, facts)
        joined = purchases.join(
            session,
            notification,
            facts,
            digests=_read_names(row, event, vault=self._vault),
            vault=self._vault,
            make_id=self._outbox.make_key,
            now=now,
        )
        is_named = isinstance(joined.facts, TransactionNotice) and joined.facts.holder_name
        is_unexplained = facts.status == "declined" or (
            isinstance(joined.facts, TransactionNotice) and joined.facts.despite is not None
        )
        if card_id and joined.subject and (is_unexplained or not is_named):
            wanted = Incomplete(card_id=card_id, subject=joined.subject, is_unexplained=is_unexplained)
            self._incomplete.append(wanted)
        return joined

    def _is_routed(self, notification: Notification) -> bool:
        """Whether a rule names it, and not only the default."""
        decisions = match(self._routes.rules, notification.kind, notification.facts).decisions
        return any(decision.matched and decision.rule is not None for decision in decisions)

    def _update_digests(self, session: Session, *, now: datetime) -> None:
        """Put the notices of a storm into the thread of its digest."""
        try:
            with session.begin_nested():
                rules = list_budgets(self._routes)
                storms.update_digests(
                    session, rules=rules, usual=self._routes.storms, outbox=self._outbox, now=now
                )
        except Exception:  # noqa: BLE001 - an edge: the notices are kept, and a job of the clock tries again
            _log.exception("telling.not_gathered")


def _read_names(row: InboxEvent, event: Event, *, vault: Vault) -> Mapping[str, Sequence[str]]:
    if row.names is not None:
        found: dict[str, list[str]] = json.loads(row.names)
        return found
    # A row of the first versions: the ids in its content may be masked, and nothing better is left.
    return digest_names(event.names, vault=vault) if isinstance(event, TransactionHappened) else {}


def _lock_due(session: Session, now: datetime) -> Sequence[InboxEvent]:
    """Return the next events that nobody else works on: first the urgent ones, each kind the oldest first."""
    urgent = session.exec(_select_due(now, urgent=True).limit(BATCH)).all()
    others = session.exec(_select_due(now, urgent=False).limit(BATCH - min(len(urgent), MOST_URGENT))).all()
    return [*urgent[: BATCH - len(others)], *others]


def _select_due(now: datetime, *, urgent: bool) -> SelectOfScalar[InboxEvent]:
    return (
        select(InboxEvent)
        .where(col(InboxEvent.told_at).is_(None), col(InboxEvent.urgent) == urgent, _is_due(now))
        .order_by(col(InboxEvent.seq), col(InboxEvent.id))
        .with_for_update(skip_locked=True)
    )


def _is_due(now: datetime) -> ColumnElement[bool]:
    """The condition that an event is to be tried now: one that failed waits, and does not block the others."""
    return or_(
        *(
            # What is new is due whatever the clock said of the replica that took it in.
            and_(
                col(InboxEvent.failures) == failures,
                *([col(InboxEvent.received_at) <= now - pause] if pause else []),
            )
            for failures, pause in enumerate(PAUSES)
        )
    )
