"""Composes the Slack edge: what its handlers work with, the listener, Bolt, and Socket Mode's client."""

from dataclasses import dataclass

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.slack.choices import Choices
from bot.slack.drafts import Drafts
from bot.slack.edge import SlackListener, make_bolt
from bot.slack.files import SlackFiles
from bot.slack.modals import ModalOpener
from bot.slack.replies import Replier
from bot.slack.router import Router
from bot.wiring.approvals import ApprovalEdge
from bot.wiring.clients import make_socket
from bot.wiring.dependencies import Parts
from bot.wiring.doctor import make_doctor_context
from bot.wiring.foundation import Foundation
from bot.wiring.notices import NoticeEdge


@dataclass(frozen=True, kw_only=True)
class SlackEdge:
    """What takes in what Slack delivers; `socket` is None in HTTP mode."""

    parts: Parts
    bolt: App
    socket: SocketModeHandler | None


def make_slack_edge(base: Foundation, *, approvals: ApprovalEdge, notices: NoticeEdge) -> SlackEdge:
    """Return what answers commands, clicks and forms; a socket is not connected yet."""
    settings, slack = base.settings, base.clients.slack
    parts = make_parts(base, approvals=approvals, notices=notices)
    listener = SlackListener(
        router=Router(context=parts, opener=ModalOpener(slack=slack, replier=parts.replier)),
        renderer=base.renderer,
        identity=base.clients.identity,
        quick=base.pools.quick,
        slow=base.pools.slow,
    )
    secret, token = settings.SLACK_SIGNING_SECRET, settings.SLACK_APP_TOKEN
    bolt = make_bolt(listener, slack=slack, signing_secret=secret.get_secret_value() if secret else None)
    socket = make_socket(bolt, token.get_secret_value(), slack=slack) if token else None
    return SlackEdge(parts=parts, bolt=bolt, socket=socket)


def make_parts(base: Foundation, *, approvals: ApprovalEdge, notices: NoticeEdge) -> Parts:
    """Return what the handlers of commands, clicks and forms work with."""
    clients = base.clients
    return Parts(
        clock=base.clock,
        make_id=base.make_id,
        config=base.config,
        database=base.database,
        context=approvals.context,
        paytend=clients.paytend,
        timezone=base.timezone,
        secrets=approvals.secrets,
        directory=clients.directory,
        replier=Replier(renderer=base.renderer, slack=clients.slack, http=clients.http),
        choices=Choices(paytend=clients.paytend, monotonic=base.clock.monotonic),
        drafts=Drafts(database=base.database, vault=base.vault, make_id=base.make_id, now=base.clock.now),
        files=SlackFiles(
            http=clients.http, slack=clients.slack, token=base.settings.SLACK_BOT_TOKEN.get_secret_value()
        ),
        later=base.pools.slow.submit,
        outbox=approvals.context.outbox,
        routes=notices.routes,
        execute_now=approvals.executor.execute_now,
        wake_executor=base.loops.execution.wake,
        wake_deliverer=base.loops.delivery.wake,
        doctor=make_doctor_context(base),
    )
