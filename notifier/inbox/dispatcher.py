"""Turns what is in the inbox into notices: each event once, in the order in which it came."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from notifier.inbox import purchases
from notifier.inbox.cardholder_names import CardholderNames
from notifier.inbox.events import WHY, make_notification
from notifier.inbox.missed_webhooks import FOUND
from notifier.inbox.stored_events import open_event
from notifier.inbox.tables import InboxEvent
from notifier.outbox.outbox import Outbox
from notifier.routing import storms
from notifier.routing.announcer import announce, list_budgets
from notifier.routing.notification import Notification
from notifier.routing.routes import Routes, match
from paytend import AmountUnit
from paytend.webhooks import Event, TransactionHappened, UnrecognisedEvent
from storage.database import Database
from storage.vault import Vault

BATCH = 20
PAUSE = 2.0  # seconds: other replicas take in without waking this one
# A batch holds SQLite's one writer and the interpreter, which whoever comes meanwhile needs too.
REST = 1  # times as long as a batch took
# While this many times as much comes as could be told anyway, taking it in goes first, and the rest is told later.
FLOOD, REST_IN_FLOOD = 4, 9
# How long after its arrival an event is tried again that could not be told so and so often; then it is put aside.
PAUSES = (timedelta(0), timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
MOST_FAILURES = len(PAUSES)

_log = logging.getLogger(__name__)


class Dispatcher:
    """Enqueues the notices of untold events; several may run at once, as rows are claimed."""

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        routes: Routes,
        vault: Vault,
        unit: AmountUnit,
        timezone: tzinfo,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        wake_deliverer: Callable[[], None],
        came: Callable[[], int] = lambda: 0,
        hear: Callable[[Session, Event], object] = lambda _session, _event: None,
        admins: Sequence[str] = (),
        names: CardholderNames | None = None,
    ) -> None:
        """Prepare; `timezone` is that of the dates which Paytend writes.

        `came` counts the webhooks that were taken in by now. `hear` is called with each event in the transaction
        that tells it, for whoever waits for one. `admins` hear of what is not understood when no route names it,
        and of what cannot be told. `names` knows cardholders.
        """
        self._database = database
        self._outbox = outbox
        self._routes = routes
        self._vault = vault
        self._unit = unit
        self._timezone = timezone
        self._now = now
        self._monotonic = monotonic
        self._wake_deliverer = wake_deliverer
        self._came = came
        self._hear = hear
        self._admins = admins
        self._names = names
        self._nameless: list[tuple[str, str]] = []

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
        rest = REST
        came, began = self._came(), self._monotonic()
        while told := self.dispatch_due():
            took = self._monotonic() - began
            if stop.wait(rest * took):
                return
            before, came, began_before, began = came, self._came(), began, self._monotonic()
            batches = (began - began_before) / ((1 + REST) * took) if took else 1.0  # that there could have been
            rest = REST_IN_FLOOD if came - before > FLOOD * batches * told else REST

    def dispatch_due(self) -> int:
        """Enqueue the notices of a batch of events, and return how many events were told or given up."""
        with self._database.writing() as session:
            events = session.exec(
                select(InboxEvent)
                .where(col(InboxEvent.told_at).is_(None), _is_due(self._now()))
                .order_by(col(InboxEvent.id))
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            told = sum(self._tell(session, event) for event in events)
            if told:
                self._gather(session)
        if told:
            self._wake_deliverer()
        if self._names is not None and self._nameless:
            self._names.want(self._nameless)
        self._nameless.clear()
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
            if event.failures == MOST_FAILURES:  # a replay that fails too counts on, and is not told again
                facts = {"event": event.id, "about": event.kind}
                self._tell_admins(session, "webhook_untold", facts, key=f"untold:{event.id}")
        else:
            event.failures = 0
        event.told_at = self._now()
        return True

    def _gather(self, session: Session) -> None:
        """Put what was told in a storm into the thread of its digest."""
        try:
            with session.begin_nested():
                rules = list_budgets(self._routes)
                storms.lock_announcing(session)
                storms.update_digests(session, rules=rules, outbox=self._outbox, now=self._now())
        except Exception:  # noqa: BLE001 - an edge: what was told is kept, and the clock's job gathers it
            _log.exception("telling.not_gathered")

    def _tell_admins(self, session: Session, kind: str, facts: Mapping[str, Any], *, key: str) -> None:
        """Tell each admin once of what this key is about."""
        known = self._outbox.recipients_of(session, key)
        for admin in self._admins:
            if admin not in known:
                self._outbox.enqueue(session, kind=kind, facts=facts, recipient=admin, now=self._now(), key=key)

    def _enqueue(self, session: Session, event: InboxEvent) -> None:
        read = open_event(event, vault=self._vault, unit=self._unit)
        notification = make_notification(read, timezone=self._timezone, now=self._now())
        more = {WHY: {"value": {"event": event.id}}} | ({"found": True} if event.form == FOUND else {})
        notification = replace(notification, facts={**notification.facts, **more})
        if isinstance(read, TransactionHappened):
            notification = self._join(session, notification)
        announce(session, notification, routes=self._routes, outbox=self._outbox, now=self._now())
        if isinstance(read, UnrecognisedEvent) and not self._is_routed(notification):
            facts = {**notification.facts, "mentions": []}
            self._tell_admins(session, notification.kind, facts, key=f"admins:unrecognised:{read.notify_type}")
        self._hear(session, read)

    def _join(self, session: Session, notification: Notification) -> Notification:
        """Return the notification of a movement as one of its purchase, with whose card it is if that is known."""
        card_id = notification.facts["card_id"]
        name = self._names.name_of(card_id) if self._names and card_id else None
        named = replace(notification, facts={**notification.facts, "holder_name": name})
        joined = purchases.join(session, named, vault=self._vault, make_id=self._outbox.make_key, now=self._now())
        if card_id and joined.subject and not joined.facts.get("holder_name"):
            self._nameless.append((card_id, joined.subject))
        return joined

    def _is_routed(self, notification: Notification) -> bool:
        """Whether a rule names it, and not only the default."""
        decisions = match(self._routes.rules, notification.kind, notification.facts).decisions
        return any(decision.matched and decision.rule is not None for decision in decisions)


def _is_due(now: datetime) -> ColumnElement[bool]:
    """The condition that an event is to be tried now: what fails for a while waits, and holds nobody."""
    return or_(
        *(
            and_(col(InboxEvent.failures) == failures, col(InboxEvent.received_at) <= now - pause)
            for failures, pause in enumerate(PAUSES)
        )
    )
