"""What the clock removes: slots, deliveries of Slack, balances, purchases, messages, and old contents."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from approvals.audit.trail_keys import TrailKey
from bot.database import retention, row_retention
from bot.database.engine import SqlDatabase
from bot.jobs.scheduler import sweep
from notifier.balance import notices
from notifier.inbox import purchases
from notifier.routing.locks import lock_announcing

BALANCES_KEPT = timedelta(days=90)  # forecasts and pictures look back a week
REST = 0.05  # seconds between two batches: on SQLite webhooks wait for the one writer meanwhile
_log = logging.getLogger(__name__)
ACTOR = "cardops"  # in the trail, when no person acts


@dataclass(frozen=True, kw_only=True)
class Expiry:
    """Removes what is too old; each method is one job. `keep_days` is CARDOPS_RETENTION_DAYS."""

    database: SqlDatabase
    audit_key: TrailKey
    keep_days: int
    now: Callable[[], datetime]
    pause: Callable[[float], object]

    def remove_contents(self) -> retention.RemovedCounts:
        """Remove contents that are older than the retention; return how many."""
        steps = retention.run(self.database, days=self.keep_days, key=self.audit_key, actor=ACTOR, now=self.now)
        newest = retention.RemovedCounts()
        for done in steps:
            newest = done
            self.pause(REST)
        return newest

    def forget_rows(self) -> row_retention.ForgottenRows:
        """Remove rows of messages that nothing needs any more; return how many."""
        done = row_retention.forget(
            self.database, keep_days=self.keep_days, now=self.now(), rest=lambda: self.pause(REST)
        )
        _log.info("rows.removed", extra=vars(done))
        return done

    def forget_purchases(self) -> int:
        """Forget purchases that are complete, or older than the retention; return how many."""
        # Not longer than the retention: what a purchase is made of is content, too.
        before, done = self.now() - min(purchases.KEPT, timedelta(days=self.keep_days)), 0
        while True:
            with self.database.writing() as session:
                lock_announcing(session)  # a late stage of an old purchase may come at this moment
                count = purchases.forget_old(session, before=before, limit=row_retention.BATCH)
            done += count
            if count < row_retention.BATCH:
                return done
            self.pause(REST)

    def forget_balances(self) -> int:
        """Forget old samples of the partner balance; return how many."""
        with self.database.writing() as session:
            return notices.forget_old(session, before=self.now() - BALANCES_KEPT)

    def sweep_slots(self) -> int:
        """Forget old slots of the clock and seen deliveries of Slack; return how many."""
        return sweep(self.database, now=self.now())
