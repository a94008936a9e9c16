"""What runs by itself, and what it does besides the executor and the watch: a table for the clock."""

from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from approvals import audit, orders
from approvals.desk import Desk
from bot import gaps, home
from bot.config import Config
from bot.executing import Executor
from bot.jobs import Job, sweep
from bot.parts import Parts
from bot.receiving import RefusedCount
from notifier.watch import BalanceWatch
from paytend.webhooks import CardApplied, Event


def make_jobs(
    config: Config, *, parts: Parts, executor: Executor, watch: BalanceWatch, refused: RefusedCount
) -> list[Job]:
    """Return the table of what runs by itself."""
    return [
        Job(name="requests", every=timedelta(seconds=10), run=executor.keep_time),
        Job(name="reconciliation", every=timedelta(seconds=2), run=executor.reconcile_due),
        Job(name="orders", every=timedelta(minutes=1), run=executor.follow_orders),
        Job(name="balance", every=config.balance.every, run=watch.poll, at_start=True),
        Job(name="refused_webhooks", every=timedelta(minutes=1), run=lambda: note_refused(parts, refused)),
        Job(
            name="sweep",
            every=timedelta(hours=1),
            run=lambda: sweep(parts.database, now=parts.clock.now()),
        ),
        Job(name="home", every=home.EVERY, run=lambda: home.refresh(parts)),
        Job(name="drafts", every=timedelta(minutes=5), run=parts.drafts.sweep),
    ]


def hear_order(session: Session, event: Event, *, desk: Desk, now: datetime) -> None:
    """Tell the result of a card order where it was asked for, when the event is one; watch the card of others."""
    gaps.hear(session, event, now=now)
    if isinstance(event, CardApplied):
        orders.record(session, desk, order=event.order, now=now)


def note_refused(parts: Parts, refused: RefusedCount) -> None:
    """Tell the trail how many webhooks were refused since the last time, by reason."""
    counts = refused.take()
    if not counts:
        return
    try:
        with parts.database.writing() as session:
            audit.append(
                session,
                "webhook:refused",
                key=parts.desk.audit_key,
                actor="paytend",
                subject="webhook",
                facts={"count": sum(counts.values()), "reasons": counts},
                now=parts.clock.now(),
            )
    except SQLAlchemyError:
        refused.add(counts)
        raise
