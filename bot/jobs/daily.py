"""What the clock does once a day: tells the audit channel the head of the trail, and removes what is too old."""

from datetime import timedelta

from bot.database import retention
from bot.jobs import audit_head
from bot.jobs.scheduler import Job
from bot.wiring.dependencies import Parts
from notifier.balance import notices
from notifier.inbox import purchases
from notifier.outbox.outbox import Outbox

DAY = timedelta(days=1)
BALANCES_KEPT = timedelta(days=90)  # forecasts and pictures look back a week
CLOCK = "cardops"  # who acts when no person does


def make_jobs(parts: Parts, *, outbox: Outbox, keep_days: int) -> list[Job]:
    """Return the daily jobs; `keep_days` is CARDOPS_RETENTION_DAYS."""
    return [
        Job(name="audit_head", every=DAY, run=lambda: tell_head(parts, outbox)),
        Job(name="balance_history", every=DAY, run=lambda: forget_balances(parts)),
        Job(name="purchases", every=DAY, run=lambda: forget_purchases(parts, days=keep_days)),
        Job(name="retention", every=DAY, run=lambda: keep(parts, days=keep_days), lease=timedelta(hours=1)),
    ]


def tell_head(parts: Parts, outbox: Outbox) -> None:
    """Tell the head of the trail."""
    with parts.database.writing() as session:
        audit_head.tell_head(
            session,
            outbox=outbox,
            channel=parts.config.channels.audit,
            now=parts.clock.now(),
        )
    parts.wake_deliverer()


def keep(parts: Parts, *, days: int) -> retention.RemovedCounts:
    """Remove contents that are older than these days; return how many."""
    steps = retention.run(parts.database, days=days, key=parts.context.audit_key, actor=CLOCK, now=parts.clock.now)
    return list(steps)[-1]


def forget_purchases(parts: Parts, *, days: int) -> int:
    """Forget purchases of which nothing more will come, or that are older than these days; return how many."""
    kept = min(purchases.KEPT, timedelta(days=days))
    with parts.database.writing() as session:
        return purchases.forget_old(session, before=parts.clock.now() - kept)


def forget_balances(parts: Parts) -> int:
    """Forget what the partner balance was long ago; return how many rows that were."""
    with parts.database.writing() as session:
        return notices.forget_old(session, before=parts.clock.now() - BALANCES_KEPT)
