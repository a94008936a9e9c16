"""What starts and stops with the bot, in one order."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.database.engine import SqlDatabase
from bot.jobs.executor import Executor
from bot.jobs.interrupted_work import InterruptedWork
from bot.jobs.scheduler import Scheduler
from bot.jobs.trail_witness import TrailWitness
from bot.slack.directory_refresh import DirectoryRefresh
from bot.slack.socket_watch import SocketWatch, keep_connecting
from bot.threads import WorkerLoop
from bot.wiring.approvals import ApprovalEdge
from bot.wiring.configuration_trail import note_configuration
from bot.wiring.foundation import Foundation
from bot.wiring.notices import NoticeEdge
from bot.wiring.slack import SlackEdge
from bot.wiring.webhooks import WebhookEdge
from notifier.outbox.deliverer import Deliverer

_log = logging.getLogger(__name__)


def _nothing() -> None:
    """Do nothing: some parts only start, or only stop."""


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """How a part of the bot starts and stops; its `name` says what its end waits for.

    `is_recovery` is for what only a start after another process does.
    """

    start: Callable[[], None] = _nothing
    stop: Callable[[], None] = _nothing
    name: str = ""
    is_recovery: bool = False


def list_lifecycles(
    base: Foundation,
    *,
    approvals: ApprovalEdge,
    webhooks: WebhookEdge,
    notices: NoticeEdge,
    slack: SlackEdge,
    jobs: Scheduler,
) -> Sequence[Lifecycle]:
    """Return the parts in the order in which they start; they stop in the reverse order.

    Each one stops before those that it hands work to, so that nothing that was taken on is lost.
    """
    loops, pools = base.loops, base.pools
    return (
        Lifecycle(stop=base.database.close),
        Lifecycle(stop=base.clients.close),
        # Before any thread of ours claims work: what is claimed now was left behind.
        Lifecycle(
            start=lambda: recover(
                base.database,
                executor=approvals.executor,
                deliverer=notices.deliverer,
                interrupted_work=slack.interrupted_work,
            ),
            is_recovery=True,
        ),
        Lifecycle(start=lambda: _note_configuration(base, approvals)),
        _loop("looks at the database", loops.probe, base.probe.run),
        # Everything below enqueues messages.
        _loop(
            "the question to Slack who we are",
            loops.access,
            partial(base.clients.access.run, on_return=lambda: _resume(base, notices)),
        ),
        _loop("questions to Slack about people and groups", loops.directory, make_directory_refresh(base).run),
        _loop("the comparison with the audit channel", loops.witness, make_trail_witness(base, approvals).run),
        _loop("messages that are being sent to Slack", loops.delivery, notices.deliverer.run),
        _loop("questions for the names of cardholders", loops.names, notices.names.run),
        _loop("webhooks that are being told", loops.dispatch, notices.dispatcher.run),
        _loop("changes that are being made at Paytend", loops.execution, approvals.executor.run),
        # What a person has asked for is finished, and may wake any of the loops above.
        Lifecycle(stop=pools.slow.stop, name="commands that wait for Paytend"),
        Lifecycle(stop=pools.quick.stop, name="clicks and commands"),
        Lifecycle(stop=webhooks.receiver.stop, name="webhooks that are being stored"),
        Lifecycle(start=jobs.start, stop=jobs.stop, name="jobs that run"),
        # Last: from here on Slack delivers.
        _socket(base, slack.socket, loops.socket),
    )


def make_directory_refresh(base: Foundation) -> DirectoryRefresh:
    """Return what keeps people, groups and the channels of requests fresh."""
    config = base.config
    channels = {config.channels.approvals, *(rule.channel for rule in config.policy)}
    return DirectoryRefresh(
        directory=base.clients.directory, roles=config.roles, channels=sorted(filter(None, channels))
    )


def make_trail_witness(base: Foundation, approvals: ApprovalEdge) -> TrailWitness:
    """Return what compares the trail with its head in Slack."""
    return TrailWitness(
        database=base.database,
        slack=base.clients.slack,
        channel=base.config.channels.audit,
        audit_key=approvals.context.audit_key,
        find_bot_id=lambda: base.clients.access.identity.bot_id,
    )


def _note_configuration(base: Foundation, approvals: ApprovalEdge) -> None:
    note_configuration(base, approvals.context)


def _resume(base: Foundation, notices: NoticeEdge) -> None:
    notices.deliverer.resume()
    base.loops.delivery.wake()


def recover(
    database: SqlDatabase, *, executor: Executor, deliverer: Deliverer, interrupted_work: InterruptedWork
) -> None:
    """Take over what a dead process held; on PostgreSQL a replica may hold it, so there its lease has to end."""
    if not database.is_sqlite:
        return
    left = {
        "executions": executor.recover(),
        "deliveries": deliverer.recover(),
        "commands": interrupted_work.recover(),
    }
    if any(left.values()):
        _log.warning("start.recovered", extra=left)


def _loop(name: str, loop: WorkerLoop, run: Callable[[threading.Event, threading.Event], None]) -> Lifecycle:
    return Lifecycle(name=name, start=lambda: loop.start(run), stop=loop.stop)


def _socket(base: Foundation, socket: SocketModeHandler | None, loop: WorkerLoop) -> Lifecycle:
    if socket is None:
        return Lifecycle()
    observe = base.counters.watch_socket()
    watch = SocketWatch(client=socket.client, monotonic=base.clock.monotonic, observe=observe)
    keep = partial(keep_connecting, watch.reconnect, is_alive=watch.is_alive, observe=observe)

    close: Callable[[], None] = socket.close

    def stop() -> None:
        loop.stop()
        close()

    # On a thread: Slack may be away at the start, and webhooks must not wait for it.
    return Lifecycle(
        name="the connection to Slack",
        start=lambda: loop.start(keep),
        stop=stop,
    )
