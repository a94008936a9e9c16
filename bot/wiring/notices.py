"""Composes notices: from the stored webhook by the routes and the outbox to a posted message."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session

from approvals.audit.loss_reports import find_loss
from approvals.context import ApprovalContext
from approvals.policy.people import DirectoryUnreadable
from bot.cards import sightings
from bot.jobs.paytend_events import PaytendEventRecorder
from bot.jobs.silence_ends import note_silence_end
from bot.settings.cardops_yml import Config
from bot.wiring.clients import jitter
from bot.wiring.foundation import Foundation
from notifier.inbox.cardholder_names import CardholderNames, LossReports, look_at_card
from notifier.inbox.dispatcher import Dispatcher
from notifier.inbox.group_commit import GroupCommit
from notifier.outbox.deliverer import Deliverer
from notifier.routing.reposts import Reposts
from notifier.routing.routes import Routes
from notifier.routing.tables import Silence
from notifier.routing.timers import BY_TIME, RoutingTimers


@dataclass(frozen=True, kw_only=True)
class NoticeEdge:
    """What turns events into notices, and delivers them."""

    routes: Routes
    dispatcher: Dispatcher
    deliverer: Deliverer
    names: CardholderNames
    timers: RoutingTimers


def make_notices(base: Foundation, *, context: ApprovalContext, group_commit: GroupCommit) -> NoticeEdge:
    """Return what turns events into notices; it gives way while `group_commit` takes in a flood."""
    routes = make_routes(base.config)
    names = make_names(base, context=context)
    return NoticeEdge(
        routes=routes,
        dispatcher=make_dispatcher(base, context=context, routes=routes, names=names, group_commit=group_commit),
        deliverer=make_deliverer(base, context=context, routes=routes),
        names=names,
        timers=make_timers(base, context=context, routes=routes),
    )


def make_routes(config: Config) -> Routes:
    """Return the routes with the channels and the people that their names mean."""
    return Routes(
        rules=config.routes,
        channels=config.channels.model_dump(),
        mentions={name: (*rule.groups, *rule.people) for name, rule in config.roles.items()},
        storms=config.storms,
    )


def find_admins(config: Config) -> tuple[str, ...]:
    """Return who gets notices about failed ones: admins by name, else a channel; a user group has no DM."""
    rule = config.roles.get("admin")
    channel = config.channels.audit or config.channels.alerts or config.channels.approvals
    return rule.people if rule and rule.people else (channel,) if channel else ()


def make_dispatcher(
    base: Foundation,
    *,
    context: ApprovalContext,
    routes: Routes,
    names: CardholderNames,
    group_commit: GroupCommit,
) -> Dispatcher:
    """Return what enqueues the notices of stored webhooks."""
    return Dispatcher(
        database=base.database,
        outbox=context.outbox,
        routes=routes,
        vault=base.vault,
        units=base.settings.amount_units,
        timezone=base.timezone,
        now_in=base.clock.now_in,
        monotonic=base.clock.monotonic,
        wake_deliverer=base.loops.delivery.wake,
        intake=group_commit,
        recorder=PaytendEventRecorder(context=context, cards=base.cards, now_in=base.clock.now_in),
        admins=find_admins(base.config),
        cardholder_names=names,
    )


def make_deliverer(base: Foundation, *, context: ApprovalContext, routes: Routes) -> Deliverer:
    """Return what posts the messages of the outbox to Slack."""
    channels = base.config.channels

    def observe(outcome: str) -> None:
        base.counters.delivery_tried(outcome)
        base.clients.access.hear(outcome)

    return Deliverer(
        database=base.database,
        slack=base.clients.slack,
        renderer=base.renderer,
        outbox=context.outbox,
        vault=base.vault,
        fallback=channels.alerts or channels.approvals,
        admins=find_admins(base.config),
        now_in=base.clock.now_in,
        monotonic=base.clock.monotonic,
        jitter=jitter,
        make_id=base.make_id,
        # One timeout for the post, as nothing is posted that could outlast the lease; the rest for a search.
        lease=timedelta(seconds=3 * base.settings.SLACK_TIMEOUT_SECONDS),
        observe=observe,
        reposts=Reposts(routes=routes, outbox=context.outbox),
    )


def make_names(base: Foundation, *, context: ApprovalContext) -> CardholderNames:
    """Return what learns the names of cardholders, and why cards were declined, beside their notices."""

    def find_name(account: str) -> str | None:
        try:
            return base.clients.directory.person(account).name or None
        except DirectoryUnreadable:
            return None

    return CardholderNames(
        look=partial(look_at_card, base.clients.paytend),
        reports=LossReports(find=partial(find_loss, key=context.audit_key), find_name=find_name),
        learn=lambda card_id, look: base.cards.note({card_id: sightings.of_look(look)}),
        database=base.database,
        outbox=context.outbox,
        vault=base.vault,
        now_in=base.clock.now_in,
        monotonic=base.clock.monotonic,
        wake=base.loops.names.wake,
        wake_deliverer=base.loops.delivery.wake,
    )


def make_timers(base: Foundation, *, context: ApprovalContext, routes: Routes) -> RoutingTimers:
    """Return what ends storms and silences as time passes, with silences that end noted in the trail."""

    def record_silence_end(session: Session, silence: Silence, held: int, now: datetime) -> None:
        note_silence_end(session, silence, held, key=context.audit_key, actor=BY_TIME, now=now)

    return RoutingTimers(
        database=base.database,
        routes=routes,
        outbox=context.outbox,
        now_in=base.clock.now_in,
        wake_deliverer=base.loops.delivery.wake,
        record_silence_end=record_silence_end,
    )
