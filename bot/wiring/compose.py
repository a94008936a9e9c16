"""The composition root: makes everything once, from the settings, and hands it down."""

import logging
import secrets
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx
from prometheus_client import Counter
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select

from approvals.audit import chain
from approvals.context import SEND_WITHIN, ApprovalContext
from bot.clock import Clock, make_ids
from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.http import metrics
from bot.http.app import WebApp
from bot.http.paytend_webhook import RefusalCounter, WebhookReceiver
from bot.jobs import daily, missed_webhooks
from bot.jobs.executor import Executor
from bot.jobs.routing_timers import ROUTING_TIMERS_EVERY, make_routing_timers
from bot.jobs.scheduler import Job, Scheduler
from bot.jobs.table import hear_order, make_jobs
from bot.settings.cardops_yml import Config
from bot.settings.environment import Settings
from bot.slack.choices import Choices
from bot.slack.directory import SlackDirectory
from bot.slack.drafts import Drafts
from bot.slack.edge import SlackListener, answer_http, make_bolt
from bot.slack.files import SlackFiles
from bot.slack.one_time_secrets import OneTimeSecrets
from bot.slack.replies import Replier
from bot.threads import WorkerLoop, WorkerPool, WorkQueue
from bot.wiring.clients import identify, jitter, make_paytend, make_slack, make_socket
from bot.wiring.dependencies import Parts
from notifier.balance import plot
from notifier.balance.pictures import PictureUploader
from notifier.balance.watch import BalanceWatch
from notifier.inbox.cardholder_names import CardholderNames, fetch_holder_name
from notifier.inbox.custom_templates import override
from notifier.inbox.dispatcher import Dispatcher
from notifier.inbox.group_commit import GroupCommit
from notifier.outbox.deliverer import Deliverer
from notifier.outbox.outbox import Outbox
from notifier.outbox.tables import Delivery
from notifier.rendering.renderer import Renderer
from notifier.routing.routes import Routes
from paytend import make_http
from paytend.client import CONNECT_TIMEOUT
from storage.vault import Vault

REPLY_TIMEOUT = 10.0  # seconds

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class WorkerPools:
    """The threads on which deliveries of Slack are worked on."""

    quick: WorkQueue
    slow: WorkQueue


def make_pools() -> WorkerPools:
    """Return the threads of a running bot: those for clicks never wait behind a slow Paytend."""
    return WorkerPools(
        quick=WorkerPool("quick", threads=8, most_waiting=200),
        slow=WorkerPool("slow", threads=16, most_waiting=400),
    )


@dataclass(frozen=True, kw_only=True)
class Bot:
    """Everything that runs, composed; `start` and `stop` are for the command line, the parts for tests."""

    settings: Settings
    database: SqlDatabase
    parts: Parts
    deliverer: Deliverer
    executor: Executor
    dispatcher: Dispatcher
    jobs: Scheduler
    web: WebApp
    receiver: WebhookReceiver
    bolt: App
    pools: WorkerPools
    delivery_loop: WorkerLoop
    execution_loop: WorkerLoop
    dispatch_loop: WorkerLoop
    cardholder_names: CardholderNames
    names_loop: WorkerLoop
    socket: SocketModeHandler | None
    clients: tuple[httpx.Client, ...]

    def start(self) -> None:
        """Start the threads and the clock; the web edge is served by whoever starts us."""
        if self.database.is_sqlite:  # this is the only process, so nobody else holds anything
            left = {"executions": self.executor.recover(), "deliveries": self.deliverer.recover()}
            if any(left.values()):
                _log.warning("start.recovered", extra=left)
        self.delivery_loop.start(self.deliverer.run)
        self.execution_loop.start(self.executor.run)
        self.dispatch_loop.start(self.dispatcher.run)
        self.names_loop.start(self.cardholder_names.run)
        self.jobs.start()
        if self.socket is not None:
            self.socket.connect()  # type: ignore[no-untyped-call]  # slack_bolt's handler is not annotated

    def stop(self) -> None:
        """Take nothing more, finish what is in hand, and let go of everything."""
        if self.socket is not None:
            self.socket.close()  # type: ignore[no-untyped-call]  # as above
        self.jobs.stop()
        self.receiver.stop()
        self.pools.quick.stop()
        self.pools.slow.stop()
        self.execution_loop.stop()
        self.dispatch_loop.stop()
        self.names_loop.stop()
        self.delivery_loop.stop()
        for client in self.clients:
            client.close()
        self.database.close()


def compose(
    settings: Settings,
    config: Config,
    *,
    clock: Clock,
    pools: WorkerPools,
    database: SqlDatabase,
    renderer: Renderer,
    tls: ssl.SSLContext | None = None,
) -> Bot:
    """Return the bot, with nothing started; raises SlackUnusable when Slack does not take the token.

    `tls` says which certificates are believed; without one those of `certifi`, which take long to read, so once.
    """
    tls = tls or httpx.create_ssl_context(trust_env=False)
    make_id = make_ids(clock)
    vault = Vault(settings.CARDOPS_SECRET_KEYS, random_bytes=secrets.token_bytes)
    outbox = Outbox(vault=vault, make_id=make_id)
    meters = metrics.make_meters()
    slack = make_slack(settings, observe=meters.slack_called)
    identity = identify(slack, settings)
    paytend_http = make_http(base_url=settings.PAYTEND_BASE_URL, timeout=settings.PAYTEND_TIMEOUT_SECONDS, tls=tls)
    reply_http = httpx.Client(timeout=REPLY_TIMEOUT, follow_redirects=False, trust_env=False, verify=tls)
    paytend = make_paytend(settings, clock=clock, http=paytend_http, observe=meters.paytend_called)
    fallback = config.channels.alerts or config.channels.approvals
    deliverer = Deliverer(
        database=database,
        slack=slack,
        renderer=renderer,
        outbox=outbox,
        vault=vault,
        fallback=fallback,
        admins=find_admins(config),
        now=clock.now,
        jitter=jitter,
        make_id=make_id,
        lease=timedelta(seconds=3 * settings.SLACK_TIMEOUT_SECONDS),
        observe=meters.delivery_tried,
    )
    loops = tuple(WorkerLoop(name) for name in ("delivery", "execution", "telling", "naming"))
    delivery_loop, execution_loop, dispatch_loop, names_loop = loops
    context = ApprovalContext(
        vault=vault,
        outbox=outbox,
        policy=config.rules,
        make_id=make_id,
        audit_key=chain.make_key(settings.CARDOPS_SECRET_KEYS[-1]),
        channel=config.channels.approvals,
        lease=execution_lease(settings.PAYTEND_TIMEOUT_SECONDS),
    )
    parts = Parts(
        faulty_templates=override(renderer, settings.CARDOPS_TEMPLATES, log=_log),
        clock=clock,
        make_id=make_id,
        config=config,
        database=database,
        context=context,
        paytend=paytend,
        timezone=ZoneInfo(settings.PAYTEND_TIMEZONE),
        secrets=OneTimeSecrets(now=clock.now),
        directory=SlackDirectory(client=slack, team_id=identity.team_id, monotonic=clock.monotonic),
        replier=Replier(renderer=renderer, slack=slack, http=reply_http),
        choices=Choices(paytend=paytend, monotonic=clock.monotonic),
        drafts=Drafts(database=database, vault=vault, make_id=make_id, now=clock.now),
        files=SlackFiles(http=reply_http, slack=slack, token=settings.SLACK_BOT_TOKEN.get_secret_value()),
        later=pools.slow.submit,
        outbox=outbox,
        routes=(routes := make_routes(config)),
        wake_executor=execution_loop.wake,
        wake_deliverer=delivery_loop.wake,
    )
    executor = Executor(parts)
    registry = meters.registry
    refused = RefusalCounter()
    intake = GroupCommit(database)
    receiver = WebhookReceiver(
        intake=intake,
        keys=settings.paytend_keys,
        partner_id=settings.PAYTEND_PARTNER_ID,
        unit=settings.PAYTEND_AMOUNT_UNIT,
        vault=vault,
        make_id=make_id,
        now=clock.now,
        wake_dispatcher=dispatch_loop.wake,
        refused=refused,
        counter=Counter(
            "cardops_webhooks_total", "Webhooks by what became of them", ["outcome", "reason"], registry=registry
        ),
    )
    cardholder_names = CardholderNames(
        ask=lambda card_id: fetch_holder_name(paytend, card_id),
        database=database,
        outbox=outbox,
        vault=vault,
        now=clock.now,
        monotonic=clock.monotonic,
        wake=names_loop.wake,
        wake_deliverer=delivery_loop.wake,
    )
    dispatcher = Dispatcher(
        hear=lambda session, event: hear_order(session, event, context=context, now=clock.now()),
        database=database,
        outbox=outbox,
        routes=routes,
        vault=vault,
        unit=settings.PAYTEND_AMOUNT_UNIT,
        timezone=ZoneInfo(settings.PAYTEND_TIMEZONE),
        now=clock.now,
        monotonic=clock.monotonic,
        wake_deliverer=delivery_loop.wake,
        came=lambda: intake.count,
        admins=deliverer.admins,
        names=cardholder_names,
    )
    watch = BalanceWatch(
        database=database, paytend=paytend, rule=config.balance, routes=routes, outbox=outbox, now=clock.now
    )
    pictures = PictureUploader(
        database=database,
        slack=slack,
        http=reply_http,
        draw=plot.draw_apart,
        currencies=config.balance.currencies,
        timezone=parts.timezone,
        now=clock.now,
        make_id=make_id,
    )
    finder = missed_webhooks.MissedWebhookFinder(
        parts=parts,
        intake=intake,
        vault=vault,
        unit=settings.PAYTEND_AMOUNT_UNIT,
        wake_dispatcher=dispatch_loop.wake,
    )
    jobs = Scheduler(
        [
            *make_jobs(config, parts=parts, executor=executor, watch=watch, refused=refused),
            Job(name="calm", every=ROUTING_TIMERS_EVERY, run=make_routing_timers(parts).keep),
            Job(name="gaps", every=missed_webhooks.EVERY, run=finder.look),
            Job(name="pictures", every=timedelta(seconds=10), run=pictures.send_due),
            *daily.make_jobs(parts, outbox=outbox, keep_days=settings.CARDOPS_RETENTION_DAYS),
        ],
        database=database,
        now=clock.now,
    )
    meters.watch(database, jobs=jobs.names, now=clock.now)
    listener = SlackListener(parts=parts, identity=identity, quick=pools.quick, slow=pools.slow)
    secret = settings.SLACK_SIGNING_SECRET
    bolt = make_bolt(
        listener, slack=slack, signing_secret=secret.get_secret_value() if secret is not None else None
    )
    token = settings.SLACK_APP_TOKEN
    socket = make_socket(bolt, token.get_secret_value(), slack=slack) if token is not None else None
    return Bot(
        settings=settings,
        database=database,
        parts=parts,
        deliverer=deliverer,
        executor=executor,
        dispatcher=dispatcher,
        jobs=jobs,
        web=WebApp(
            slack=None if socket is not None else lambda headers, body: answer_http(bolt, headers, body),
            webhook=receiver,
            ready=lambda: check_ready(database, deliverer=deliverer, loops=loops),
            registry=registry,
        ),
        receiver=receiver,
        bolt=bolt,
        pools=pools,
        delivery_loop=delivery_loop,
        execution_loop=execution_loop,
        dispatch_loop=dispatch_loop,
        cardholder_names=cardholder_names,
        names_loop=names_loop,
        socket=socket,
        clients=(paytend_http, reply_http),
    )


def execution_lease(timeout: float) -> timedelta:
    """Return after how long a claimed execution counts as lost, so that Paytend is asked about it.

    Derived from what a call can take: the claim waits up to SEND_WITHIN to be sent, connecting takes up to
    CONNECT_TIMEOUT twice (a free connection, then the handshake), writing, the head and the rest of the answer up
    to `timeout` each. A call that takes longer still is fenced off, and its outcome is looked up, never repeated.
    """
    connecting = 2 * min(timeout, CONNECT_TIMEOUT)
    return SEND_WITHIN + timedelta(seconds=connecting + 3 * timeout + 2)


def find_admins(config: Config) -> tuple[str, ...]:
    """Return who hears of what cannot be told: admins by name, else a channel, as a user group has no DM."""
    rule = config.roles.get("admin")
    channel = config.channels.audit or config.channels.alerts or config.channels.approvals
    return rule.people if rule and rule.people else (channel,) if channel else ()


def make_routes(config: Config) -> Routes:
    """Return the routes with the channels and the people that their names mean."""
    return Routes(
        rules=config.routes,
        channels=config.channels.model_dump(),
        mentions={name: (*rule.groups, *rule.people) for name, rule in config.roles.items()},
        storms=config.storms,
    )


def check_ready(
    database: SqlDatabase, *, deliverer: Deliverer, loops: tuple[WorkerLoop, ...]
) -> Mapping[str, str]:
    """Return each named check and "ok", or what is wrong with it."""
    checks: dict[str, Callable[[], str]] = {
        "database": lambda: _check_database(database),
        "slack": lambda: "ok" if deliverer.healthy else "Slack refuses the token",
        "workers": lambda: "ok" if all(loop.alive for loop in loops) else "a worker has stopped",
    }
    return {name: check() for name, check in checks.items()}


def _check_database(database: SqlDatabase) -> str:
    try:
        with database.reading() as session:
            session.exec(select(Delivery.id).limit(1)).first()  # not how many: probes come often
        schema.require_usable(database)
    except (SQLAlchemyError, schema.NotMigrated) as error:
        return type(error).__name__
    return "ok"
