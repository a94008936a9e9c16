"""The webhook edge: verify, keep, enqueue, commit, answer; nothing else happens before the answer."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError

from bot.web import Answer, say
from notifier.events import make_notification
from notifier.inbox import take_in, tell
from notifier.outbox import Outbox
from notifier.routes import Routes
from notifier.storage import Transactions
from notifier.vault import Vault
from paytend import AmountUnit, Keys, ProtocolError, envelope
from paytend.webhooks import read_event

TAKEN = say("200 OK", {"status": "00", "msg": "success"})
REFUSED = say("401 Unauthorized", {"status": "01", "msg": "refused"})
LATER = say("503 Service Unavailable", {"status": "99", "msg": "try again"})

_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class RefusedCount:
    """How many webhooks were refused since the trail was told; a flood makes one line of it."""

    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self) -> None:
        """Count one."""
        with self._lock:
            self._count += 1

    def take(self) -> int:
        """Return the count and start anew."""
        with self._lock:
            count, self._count = self._count, 0
        return count


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Takes webhooks in: each once, for ever, with its notices in the same transaction."""

    transactions: Transactions
    keys: Keys = field(repr=False)
    partner_id: str
    unit: AmountUnit
    timezone: tzinfo
    routes: Routes
    outbox: Outbox
    vault: Vault
    make_id: Callable[[], str]
    now: Callable[[], datetime]
    wake_deliverer: Callable[[], None]
    refused: RefusedCount
    counter: Counter

    def __call__(self, body: bytes) -> Answer:
        """Return what the sender is told: "00" only for what is on the disk."""
        try:
            webhook = envelope.open_webhook(body, keys=self.keys, partner_id=self.partner_id)
        except ProtocolError:
            self.refused.add()
            self.counter.labels(outcome="refused").inc()
            _log.warning("webhook.refused")
            return REFUSED
        event = read_event(webhook, unit=self.unit)
        try:
            with self.transactions.writing() as session:
                now = self.now()
                new = take_in(session, event, body=webhook.text, now=now, vault=self.vault, make_id=self.make_id)
                if new:
                    notification = make_notification(event, timezone=self.timezone, now=now)
                    tell(session, notification, routes=self.routes, outbox=self.outbox, now=now)
        except SQLAlchemyError:
            _log.exception("webhook.not_kept")
            self.counter.labels(outcome="not_kept").inc()
            return LATER
        outcome = "taken" if new else "known"
        self.counter.labels(outcome=outcome).inc()
        _log.info(
            "webhook.taken", extra={"kind": event.kind, "new": new, "form": webhook.form, "key": webhook.key}
        )
        if new:
            self.wake_deliverer()
        return TAKEN
