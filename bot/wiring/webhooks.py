"""Composes the way in for Paytend's webhooks, and the search for those that never came."""

from dataclasses import dataclass

from prometheus_client import Counter

from bot.clock import read_monotonic
from bot.http.paytend_webhook import WebhookReceiver
from bot.http.unopened_queue import PutOffReason
from bot.jobs.missed_webhooks import MissedWebhookFinder
from bot.jobs.refused_webhooks import RefusalCounter
from bot.wiring.foundation import Foundation
from notifier.inbox.group_commit import GroupCommit
from paytend import Flaw


@dataclass(frozen=True, kw_only=True)
class WebhookEdge:
    """What takes webhooks in. `group_commit` is shared: what the search finds is kept like a webhook."""

    group_commit: GroupCommit
    receiver: WebhookReceiver
    missed: MissedWebhookFinder


def make_webhooks(base: Foundation) -> WebhookEdge:
    """Return what takes webhooks in; threads start with the first one."""
    # One for both: SQLite has one writer, and rows that wait together share a commit.
    settings, group_commit = base.settings, GroupCommit(base.database)
    counter = Counter(
        "cardops_webhooks_total",
        "Webhooks by what became of them",
        ["outcome", "reason"],
        registry=base.counters.registry,
    )
    # From 0 on: Prometheus sees no increase in a counter that begins with its first count.
    outcomes = [(outcome, "") for outcome in ("taken", "known", "not_kept")]
    outcomes += [("refused", flaw) for flaw in Flaw] + [("put_off", why) for why in PutOffReason]
    for outcome, reason in outcomes:
        counter.labels(outcome=outcome, reason=reason)
    receiver = WebhookReceiver(
        intake=group_commit,
        keys=settings.paytend_keys,
        partner_id=settings.PAYTEND_PARTNER_ID,
        unit=settings.amount_units.webhooks,
        vault=base.vault,
        make_id=base.make_id,
        now=base.clock.now,
        wake_dispatcher=base.loops.dispatch.wake,
        refused=RefusalCounter(),
        counter=counter,
        monotonic=read_monotonic,
    )
    return WebhookEdge(
        group_commit=group_commit, receiver=receiver, missed=make_missed_webhook_finder(base, group_commit)
    )


def make_missed_webhook_finder(base: Foundation, group_commit: GroupCommit) -> MissedWebhookFinder:
    """Return what asks Paytend for webhooks that never came."""
    return MissedWebhookFinder(
        database=base.database,
        paytend=base.clients.paytend,
        intake=group_commit,
        vault=base.vault,
        make_id=base.make_id,
        unit=base.settings.PAYTEND_AMOUNT_UNIT,
        currencies=base.config.currencies,
        timezone=base.timezone,
        now_in=base.clock.now_in,
        wake_dispatcher=base.loops.dispatch.wake,
    )
