"""Turns what is in the inbox into notices: each event once, in the order in which it came."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, tzinfo

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from notifier.announcing import announce
from notifier.events import make_notification
from notifier.gaps import FOUND
from notifier.inbox import TABLE
from notifier.outbox import Outbox
from notifier.routes import Routes
from notifier.storage import Transactions
from notifier.tables import InboxEvent
from notifier.vault import Unreadable, Vault
from paytend import AmountUnit, strictjson
from paytend.envelope import Form, Webhook
from paytend.webhooks import Event, read_event

BATCH = 50
PAUSE = 2.0  # seconds: other replicas take in without waking this one
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
        self._wake_deliverer = wake_deliverer
        self._hear = hear

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Tell until `stop` is set (then set `wake` too)."""
        while not stop.is_set():
            wake.clear()
            try:
                while self.tell_due() and not stop.is_set():
                    pass
            except SQLAlchemyError:
                _log.exception("telling.database_failed")
            wake.wait(PAUSE)

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

    def _enqueue(self, session: Session, event: InboxEvent) -> None:
        if event.body is None:
            raise Unreadable("the body was removed before it was told")
        text = self._vault.open(event.body, table=TABLE, row=event.id, column="body").decode()
        webhook = Webhook(
            notify_type=event.notify_type,
            content=strictjson.parse_object(text),
            text=text,
            form=Form.RAW if event.form == FOUND else Form(event.form),
            key=event.verified_by,
        )
        read = read_event(webhook, unit=self._unit)
        notification = make_notification(read, timezone=self._timezone, now=self._now())
        if event.form == FOUND:
            notification = replace(notification, facts={**notification.facts, "found": True})
        announce(session, notification, routes=self._routes, outbox=self._outbox, now=self._now())
        self._hear(session, read)
