"""Composes the books: what is compared, and who is told of differences."""

from approvals.books.differences import Audience
from approvals.books.known import AGREERS
from bot.books.comparison import BookSource
from bot.books.keeper import BookKeeper
from bot.settings.cardops_yml import Config
from bot.wiring.approvals import ApprovalEdge
from bot.wiring.foundation import Foundation


def make_book_keeper(base: Foundation, *, approvals: ApprovalEdge) -> BookKeeper:
    """Return what compares the partner account with our requests."""
    return BookKeeper(
        source=BookSource(
            ask=base.clients.paytend.send,
            database=base.database,
            context=approvals.context,
            rule=base.config.books,
            zone=base.timezone,
            now=base.clock.now,
        ),
        audience=make_audience(base.config),
        channel=base.config.channels.audit,
        now_in=base.clock.now_in,
        wake_deliverer=base.loops.delivery.wake,
    )


def make_audience(config: Config) -> Audience:
    """Return who is told at once: on-call's channel and the one where managers decide; else any that is set."""
    channels = config.channels
    wanted = [channels.oncall, channels.approvals]
    found = [name for name in wanted if name] or [name for name in (channels.alerts, channels.audit) if name]
    roles = [config.roles[role] for role in AGREERS if role in config.roles]
    mentions = [name for rule in roles for name in (*rule.groups, *rule.people)]
    return Audience(channels=tuple(dict.fromkeys(found)), mentions=tuple(dict.fromkeys(mentions)))
