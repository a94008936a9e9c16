"""What runs by itself, and what it does besides the executor and the watch: a table for the clock."""

from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from approvals.audit import chain
from approvals.context import ApprovalContext
from approvals.execution import orders
from bot.http.paytend_webhook import RefusalCounter
from bot.jobs import missed_webhooks
from bot.jobs.executor import Executor
from bot.jobs.scheduler import Job, sweep
from bot.settings.cardops_yml import Config
from bot.slack import home
from bot.wiring.dependencies import Parts
from notifier.balance.watch import BalanceWatch
from paytend.webhooks import CardApplied, Event


def make_jobs(
    config: Config, *, parts: Parts, executor: Executor, watch: BalanceWatch, refused: RefusalCounter
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


def hear_order(session: Session, event: Event, *, context: ApprovalContext, now: datetime) -> None:
    """Tell the result of a card order where it was asked for, when the event is one; watch the card of others."""
    missed_webhooks.hear(session, event, now=now)
    if isinstance(event, CardApplied):
        orders.record(session, context, order=event.order, now=now)


def note_refused(parts: Parts, refused: RefusalCounter) -> None:
    """Tell the trail how many webhooks were refused since the last time, by reason."""
    counts = refused.take()
    if not counts:
        return
    try:
        with parts.database.writing() as session:
            chain.append(
                session,
                "webhook:refused",
                key=parts.context.audit_key,
                actor="paytend",
                subject="webhook",
                facts={"count": sum(counts.values()), "reasons": counts},
                now=parts.clock.now(),
            )
    except SQLAlchemyError:
        refused.add(counts)
        raise
