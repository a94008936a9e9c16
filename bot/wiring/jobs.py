"""Composes what runs by itself: the context of the jobs, and the scheduler that fires them."""

from approvals.audit import chain
from approvals.requests import recent_past
from bot.books.keeper import BookKeeper
from bot.jobs.audit_head import AuditHeadPublisher
from bot.jobs.expiry import Expiry
from bot.jobs.refused_webhooks import RefusalNotes
from bot.jobs.scheduler import Scheduler
from bot.jobs.table import JobContext, make_jobs
from bot.pages.tokens import PageTokens
from bot.wiring.approvals import ApprovalEdge
from bot.wiring.foundation import Foundation
from bot.wiring.notices import NoticeEdge
from bot.wiring.slack import SlackEdge
from bot.wiring.webhooks import WebhookEdge
from notifier.balance import plot
from notifier.balance.pictures import PictureUploader
from notifier.balance.watch import BalanceWatch


def make_scheduler(
    base: Foundation,
    *,
    approvals: ApprovalEdge,
    webhooks: WebhookEdge,
    notices: NoticeEdge,
    slack: SlackEdge,
    books: BookKeeper,
    tokens: PageTokens,
) -> Scheduler:
    """Return the scheduler of the table JOBS, and have /metrics show when each job last succeeded."""
    context = JobContext(
        balance_every=base.config.balance.every,
        requests=approvals.follow_up,
        stops=approvals.stops,
        balance=make_balance_watch(base, approvals=approvals, notices=notices),
        pictures=make_pictures(base),
        refusals=make_refusal_notes(base, approvals=approvals, webhooks=webhooks),
        refused_people=slack.context.refused_people,
        timers=notices.timers,
        missed=webhooks.missed,
        interrupted_work=slack.interrupted_work,
        expiry=make_expiry(base, approvals=approvals),
        audit_head=make_audit_head(base, approvals=approvals),
        books=books,
        refresh_home=slack.home.refresh,
        sweep_drafts=slack.context.inputs.drafts.sweep,
        sweep_secrets=lambda: sweep_secrets(base, approvals=approvals),
        sweep_page_tokens=tokens.sweep,
    )
    scheduler = Scheduler(make_jobs(context), database=base.database, now_in=base.clock.now_in)
    base.counters.watch(
        base.database,
        jobs=scheduler.late_after,
        currencies=base.config.currencies,
        now=base.clock.now,
        now_in=base.clock.now_in,
        keys=approvals.context,
        count_breaks=lambda session: recent_past.count_breaks(
            session, approvals.context, now=base.clock.now_in(session)
        ),
    )
    return scheduler


def sweep_secrets(base: Foundation, *, approvals: ApprovalEdge) -> None:
    """Forget secrets that are over, and note those that a process held when it died: they were perhaps shown."""
    for request_id in approvals.secrets.sweep():
        with base.database.writing() as session:
            chain.append(
                session,
                "secret:shown",
                key=approvals.context.audit_key,
                actor="cardops",
                subject=f"request:{request_id}",
                facts={"is_sure": False},
                now=base.clock.now_in(session),
            )


def make_balance_watch(base: Foundation, *, approvals: ApprovalEdge, notices: NoticeEdge) -> BalanceWatch:
    """Return what polls the partner balance and warns when it is low."""
    return BalanceWatch(
        database=base.database,
        paytend=base.clients.paytend,
        rule=base.config.balance,
        routes=notices.routes,
        outbox=approvals.context.outbox,
        now_in=base.clock.now_in,
    )


def make_pictures(base: Foundation) -> PictureUploader:
    """Return what draws and uploads the trend of a low balance."""
    return PictureUploader(
        database=base.database,
        slack=base.clients.slack,
        http=base.clients.http,
        draw=plot.draw_apart,
        currencies=base.config.balance.currencies,
        timezone=base.timezone,
        now_in=base.clock.now_in,
        make_id=base.make_id,
    )


def make_refusal_notes(base: Foundation, *, approvals: ApprovalEdge, webhooks: WebhookEdge) -> RefusalNotes:
    """Return what notes refused webhooks in the trail."""
    return RefusalNotes(
        database=base.database,
        counter=webhooks.receiver.refused,
        audit_key=approvals.context.audit_key,
        now=base.clock.now,
    )


def make_expiry(base: Foundation, *, approvals: ApprovalEdge) -> Expiry:
    """Return what removes what is too old."""
    return Expiry(
        database=base.database,
        audit_key=approvals.context.audit_key,
        keep_days=base.settings.CARDOPS_RETENTION_DAYS,
        now=base.clock.now,
        pause=base.clock.pause,
    )


def make_audit_head(base: Foundation, *, approvals: ApprovalEdge) -> AuditHeadPublisher:
    """Return what posts the head of the trail."""
    return AuditHeadPublisher(
        database=base.database,
        outbox=approvals.context.outbox,
        channel=base.config.channels.audit,
        now_in=base.clock.now_in,
        wake_deliverer=base.loops.delivery.wake,
        signer=base.settings.evidence_key,
    )
