"""Turns what is in the inbox into notices: each event once, in the order in which it came."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from notifier.announcing import announce
from notifier.events import Notification, make_notification
from notifier.inbox import open_content
from notifier.outbox import Outbox
from notifier.routes import Routes, match
from notifier.storage import Transactions
from notifier.tables import InboxEvent
from notifier.vault import Vault
from paytend import AmountUnit, strictjson
from paytend.envelope import Form, Webhook
from paytend.webhooks import Event, UnrecognisedEvent, read_event

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
        admins: Sequence[str] = (),
    ) -> None:
        """Prepare; `timezone` is that of the dates which Paytend writes.

        `hear` is called with each event in the transaction that tells it, for whoever waits for one. `admins` hear
        of what is not understood when no route names it, and of what cannot be told.
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
        self._admins = admins

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
            self._tell_admins(session, "webhook_untold", {"event": event.id, "about": event.kind})
        event.told_at = self._now()
        return True

    def _tell_admins(self, session: Session, kind: str, facts: Mapping[str, Any]) -> None:
        for admin in self._admins:
            self._outbox.enqueue(session, kind=kind, facts=facts, recipient=admin, now=self._now())

    def _enqueue(self, session: Session, event: InboxEvent) -> None:
        read = read_kept(event, vault=self._vault, unit=self._unit)
        notification = make_notification(read, timezone=self._timezone, now=self._now())
        announce(session, notification, routes=self._routes, outbox=self._outbox, now=self._now())
        if isinstance(read, UnrecognisedEvent) and not self._is_routed(notification):
            self._tell_admins(session, notification.kind, {**notification.facts, "mentions": []})
        self._hear(session, read)

    def _is_routed(self, notification: Notification) -> bool:
        """Whether a rule names it, and not only the default."""
        decisions = match(self._routes.rules, notification.kind, notification.facts).decisions
        return any(decision.matched and decision.rule is not None for decision in decisions)


def read_kept(event: InboxEvent, *, vault: Vault, unit: AmountUnit) -> Event:
    """Return the event of a kept webhook; raises Unreadable when its content was removed or cannot be opened."""
    text = open_content(event, vault=vault)
    webhook = Webhook(
        notify_type=event.notify_type,
        content=strictjson.parse_object(text),
        text=text,
        form=Form(event.form),
        key=event.verified_by,
    )
    return read_event(webhook, unit=unit)
