"""Composes the Slack edge: what its handlers work with, the listener, Bolt, and Socket Mode's client."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.books.keeper import BookKeeper
from bot.cards.reveals import Reveals
from bot.clock import read_time
from bot.http.refusals import Door
from bot.jobs.interrupted_work import InterruptedWork
from bot.jobs.refused_people import RefusedPeople
from bot.pages.links import PageLinks
from bot.slack.choices import Choices
from bot.slack.context import ModalInputs, SlackContext, WorkHandover
from bot.slack.deliveries import SeenDeliveries
from bot.slack.draft_store import Drafts
from bot.slack.edge import SlackListener, VerifiedBolt, make_bolt
from bot.slack.files import SlackFiles
from bot.slack.home import HomeTabs
from bot.slack.members import WorkspaceMembers
from bot.slack.modals import ModalOpener
from bot.slack.replies import Replier
from bot.slack.router import Router
from bot.slack.signatures import DeliveryFlaw, SignatureCheck
from bot.wiring.approvals import ApprovalEdge
from bot.wiring.clients import make_socket
from bot.wiring.doctor import make_doctor_context
from bot.wiring.foundation import Foundation
from bot.wiring.notices import NoticeEdge


@dataclass(frozen=True, kw_only=True)
class SlackEdge:
    """What takes in what Slack delivers: `door` over HTTP, or `socket` in Socket Mode; the other one is None."""

    context: SlackContext
    home: HomeTabs
    interrupted_work: InterruptedWork
    bolt: App
    door: VerifiedBolt | None
    socket: SocketModeHandler | None


def make_slack_edge(
    base: Foundation,
    *,
    approvals: ApprovalEdge,
    notices: NoticeEdge,
    books: BookKeeper,
    links: PageLinks | None,
) -> SlackEdge:
    """Return what answers commands, clicks and forms; a socket is not connected yet."""
    settings, slack = base.settings, base.clients.slack
    context = make_slack_context(base, approvals=approvals, notices=notices, books=books, links=links)
    home, refuse = make_home_tabs(base, approvals=approvals), count_flaws(base)
    listener = SlackListener(
        router=Router(
            context=context,
            opener=ModalOpener(slack=slack, replier=context.replier),
            home=home,
            deliveries=SeenDeliveries(database=base.database, now_in=base.clock.now_in),
            make_id=base.make_id,
        ),
        renderer=base.renderer,
        access=base.clients.access,
        quick=base.pools.quick,
        slow=base.pools.slow,
        refuse=refuse,
    )
    interrupted = make_interrupted_work(base, approvals=approvals)
    secret, token = settings.SLACK_SIGNING_SECRET, settings.SLACK_APP_TOKEN
    bolt = make_bolt(listener, slack=slack)
    if token is not None:  # over HTTP nothing is accepted then, also where a signing secret is set
        socket = make_socket(bolt, token.get_secret_value(), slack=slack)
        return SlackEdge(
            context=context, home=home, interrupted_work=interrupted, bolt=bolt, door=None, socket=socket
        )
    if secret is None:
        raise ValueError("HTTP mode needs a signing secret; the settings check it")
    # The machine's own time: Slack stamps what it sends, and knows no other clock of ours.
    check = SignatureCheck(secret.get_secret_value(), now=read_time)
    return SlackEdge(
        context=context,
        home=home,
        interrupted_work=interrupted,
        bolt=bolt,
        door=VerifiedBolt(bolt=bolt, check=check, refuse=refuse),
        socket=None,
    )


def make_home_tabs(base: Foundation, *, approvals: ApprovalEdge) -> HomeTabs:
    """Return what shows Home tabs."""
    return HomeTabs(
        database=base.database,
        approvals=approvals.context,
        slack=base.clients.slack,
        renderer=base.renderer,
        now_in=base.clock.now_in,
    )


def count_flaws(base: Foundation) -> Callable[[DeliveryFlaw], None]:
    """Return what counts a refused delivery."""
    refusals = base.counters.refusals
    refusals.expect(Door.SLACK, DeliveryFlaw)
    return partial(refusals.add, Door.SLACK)


def make_interrupted_work(base: Foundation, *, approvals: ApprovalEdge) -> InterruptedWork:
    """Return what tells people about work that a process left behind."""
    return InterruptedWork(
        database=base.database,
        outbox=approvals.context.outbox,
        now_in=base.clock.now_in,
        wake_deliverer=base.loops.delivery.wake,
    )


def make_slack_context(
    base: Foundation,
    *,
    approvals: ApprovalEdge,
    notices: NoticeEdge,
    books: BookKeeper,
    links: PageLinks | None,
) -> SlackContext:
    """Return what the handlers of commands, clicks and forms work with."""
    clients, config = base.clients, base.config
    return SlackContext(
        database=base.database,
        now=base.clock.now,
        now_in=base.clock.now_in,
        timezone=base.timezone,
        approvals=approvals.context,
        paytend=clients.paytend,
        units=base.settings.amount_units,
        members=WorkspaceMembers(directory=clients.directory, roles=config.roles),
        replier=Replier(renderer=base.renderer, slack=clients.slack, http=clients.http),
        inputs=make_modal_inputs(base),
        known_cards=base.cards,
        reveals=Reveals(monotonic=base.clock.monotonic),
        secrets=approvals.secrets,
        routes=notices.routes,
        balance=config.balance,
        doctor=make_doctor_context(base),
        books=books,
        workspace_url=lambda: clients.access.identity.url,
        refused_people=RefusedPeople(
            database=base.database,
            audit_key=approvals.context.audit_key,
            now_in=base.clock.now_in,
            monotonic=base.clock.monotonic,
        ),
        links=links,
        documents=config.find_document_way(base.settings.CARDOPS_PUBLIC_URL),
        work=WorkHandover(
            later=base.pools.slow.submit,
            execute_now=approvals.executor.execute_now,
            look_again=approvals.follow_up.look_again,
            wake_executor=base.loops.execution.wake,
            wake_deliverer=base.loops.delivery.wake,
        ),
    )


def make_modal_inputs(base: Foundation) -> ModalInputs:
    """Return what fills the inputs of modals, and keeps or reads what was put into them."""
    clients, token = base.clients, base.settings.SLACK_BOT_TOKEN
    return ModalInputs(
        choices=Choices(paytend=clients.paytend, monotonic=base.clock.monotonic),
        drafts=Drafts(database=base.database, vault=base.vault, make_id=base.make_id, now=base.clock.now),
        files=SlackFiles(http=clients.http, slack=clients.slack, token=token.get_secret_value()),
    )
