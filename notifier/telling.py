"""Turns what is in the inbox into notices: each event once, in the order in which it came."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, tzinfo

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from notifier import purchases, weathering
from notifier.announcing import announce, list_budgets
from notifier.events import WHY, make_notification
from notifier.gaps import FOUND
from notifier.outbox import Outbox
from notifier.routes import Routes
from notifier.storage import Transactions
from notifier.stored_events import open_event
from notifier.tables import InboxEvent
from notifier.vault import Vault
from paytend import AmountUnit
from paytend.webhooks import Event, TransactionHappened

BATCH = 20
PAUSE = 2.0  # seconds: other replicas take in without waking this one
# A batch holds SQLite's one writer and the interpreter; in a flood the webhooks that still come have most of both.
REST = 2  # times as long as a batch took
MOST_FAILURES = 5

_log = logging.getLogger(__name__)


class Teller:
    """Enqueues the notices of untold events; several may run at once, as rows are claimed."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        outbox: Outbox,
        routes: Routes,
        vault: Vault,
        unit: AmountUnit,
        timezone: tzinfo,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        wake_deliverer: Callable[[], None],
        hear: Callable[[Session, Event], object] = lambda _session, _event: None,
    ) -> None:
        """Prepare; `timezone` is that of the dates which Paytend writes.

        `hear` is called with each event in the transaction that tells it, for whoever waits for one.
        """
        self._transactions = transactions
        self._outbox = outbox
        self._routes = routes
        self._vault = vault
        self._unit = unit
        self._timezone = timezone
        self._now = now
        self._monotonic = monotonic
        self._wake_deliverer = wake_deliverer
        self._hear = hear

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Tell until `stop` is set (then set `wake` too)."""
        while not stop.is_set():
            wake.clear()
            try:
                self._tell_all(stop)
            except SQLAlchemyError:
                _log.exception("telling.database_failed")
            wake.wait(PAUSE)

    def _tell_all(self, stop: threading.Event) -> None:
        began = self._monotonic()
        while self.tell_due() and not stop.wait(REST * (self._monotonic() - began)):
            began = self._monotonic()

    def tell_due(self) -> int:
        """Enqueue the notices of a batch of events, and return how many events were told or given up."""
        with self._transactions.writing() as session:
            events = session.exec(
                select(InboxEvent)
                .where(col(InboxEvent.told_at).is_(None))
                .order_by(col(InboxEvent.id))
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            told = sum(self._tell(session, event) for event in events)
            if told:
                self._gather(session)
        if told:
            self._wake_deliverer()
        return told

    def _tell(self, session: Session, event: InboxEvent) -> bool:
        try:
            with session.begin_nested():
                self._enqueue(session, event)
        except Exception:  # noqa: BLE001 - an edge: one event that cannot be told must not hold the others
            event.failures += 1
            _log.exception("telling.failed", extra={"event": event.id, "failures": event.failures})
            if event.failures < MOST_FAILURES:
                return False
        event.told_at = self._now()
        return True

    def _gather(self, session: Session) -> None:
        """Put what was told in a storm into the thread of its digest."""
        try:
            with session.begin_nested():
                rules = list_budgets(self._routes)
                weathering.hold_still(session)
                weathering.keep_weather(session, rules=rules, outbox=self._outbox, now=self._now())
        except Exception:  # noqa: BLE001 - an edge: what was told is kept, and the clock's job gathers it
            _log.exception("telling.not_gathered")

    def _enqueue(self, session: Session, event: InboxEvent) -> None:
        read = open_event(event, vault=self._vault, unit=self._unit)
        notification = make_notification(read, timezone=self._timezone, now=self._now())
        more = {WHY: {"value": {"event": event.id}}} | ({"found": True} if event.form == FOUND else {})
        notification = replace(notification, facts={**notification.facts, **more})
        if isinstance(read, TransactionHappened):
            make_id = self._outbox.make_key
            notification = purchases.join(
                session, notification, vault=self._vault, make_id=make_id, now=self._now()
            )
        announce(session, notification, routes=self._routes, outbox=self._outbox, now=self._now())
        self._hear(session, read)
