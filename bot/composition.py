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

from approvals import audit
from approvals.desk import SEND_WITHIN, Desk
from bot import daily, gaps, metrics, schema
from bot.calm import CALM_EVERY, make_calm
from bot.choices import Choices
from bot.clock import Clock, make_ids
from bot.clockwork import hear_order, make_jobs
from bot.config import Config
from bot.database import Database
from bot.directory import SlackDirectory
from bot.drafts import Drafts
from bot.executing import Executor
from bot.files import SlackFiles
from bot.jobs import Job, Jobs
from bot.listening import Listener, answer_http, make_bolt
from bot.outside import identify, jitter, make_paytend, make_slack, make_socket
from bot.parts import Parts
from bot.receiving import Receiver, RefusedCount
from bot.replies import Replier
from bot.secrets import Secrets
from bot.settings import Settings
from bot.web import Web
from bot.workers import Loop, Pool, Takes
from notifier import plot
from notifier.delivery import Deliverer
from notifier.intake import Intake
from notifier.naming import Names, ask_name
from notifier.outbox import Outbox
from notifier.overriding import override
from notifier.pictures import Pictures
from notifier.rendering import Renderer
from notifier.routes import Routes
from notifier.tables import Delivery
from notifier.telling import Teller
from notifier.vault import Vault
from notifier.watch import BalanceWatch
from paytend import make_http
from paytend.client import CONNECT_TIMEOUT

REPLY_TIMEOUT = 10.0  # seconds

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Pools:
    """The threads on which deliveries of Slack are worked on."""

    quick: Takes
    slow: Takes


def make_pools() -> Pools:
    """Return the threads of a running bot: those for clicks never wait behind a slow Paytend."""
    return Pools(quick=Pool("quick", threads=8, most_waiting=200), slow=Pool("slow", threads=16, most_waiting=400))


@dataclass(frozen=True, kw_only=True)
class Bot:
    """Everything that runs, composed; `start` and `stop` are for the command line, the parts for tests."""

    settings: Settings
    database: Database
    parts: Parts
    deliverer: Deliverer
    executor: Executor
    teller: Teller
    jobs: Jobs
    web: Web
    receiver: Receiver
    bolt: App
    pools: Pools
    delivery_loop: Loop
    execution_loop: Loop
    telling_loop: Loop
    names: Names
    naming_loop: Loop
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
        self.telling_loop.start(self.teller.run)
        self.naming_loop.start(self.names.run)
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
        self.telling_loop.stop()
        self.naming_loop.stop()
        self.delivery_loop.stop()
        for client in self.clients:
            client.close()
        self.database.close()


def compose(
    settings: Settings,
    config: Config,
    *,
    clock: Clock,
    pools: Pools,
    database: Database,
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
        transactions=database,
        slack=slack,
        renderer=renderer,
        outbox=outbox,
        vault=vault,
        fallback=fallback,
        admins=find_admins(config),
        clock=clock.now,
        jitter=jitter,
        make_id=make_id,
        lease=timedelta(seconds=3 * settings.SLACK_TIMEOUT_SECONDS),
        observe=meters.delivery_tried,
    )
    loops = tuple(Loop(name) for name in ("delivery", "execution", "telling", "naming"))
    delivery_loop, execution_loop, telling_loop, naming_loop = loops
    desk = Desk(
        vault=vault,
        outbox=outbox,
        policy=config.rules,
        make_id=make_id,
        audit_key=audit.make_key(settings.CARDOPS_SECRET_KEYS[-1]),
        channel=config.channels.approvals,
        lease=execution_lease(settings.PAYTEND_TIMEOUT_SECONDS),
    )
    parts = Parts(
        faulty_templates=override(renderer, settings.CARDOPS_TEMPLATES, log=_log),
        clock=clock,
        make_id=make_id,
        config=config,
        database=database,
        desk=desk,
        paytend=paytend,
        timezone=ZoneInfo(settings.PAYTEND_TIMEZONE),
        secrets=Secrets(now=clock.now),
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
    refused = RefusedCount()
    intake = Intake(database)
    receiver = Receiver(
        intake=intake,
        keys=settings.paytend_keys,
        partner_id=settings.PAYTEND_PARTNER_ID,
        unit=settings.PAYTEND_AMOUNT_UNIT,
        vault=vault,
        make_id=make_id,
        now=clock.now,
        wake_teller=telling_loop.wake,
        refused=refused,
        counter=Counter(
            "cardops_webhooks_total", "Webhooks by what became of them", ["outcome", "reason"], registry=registry
        ),
    )
    names = Names(
        ask=lambda card_id: ask_name(paytend, card_id),
        transactions=database,
        outbox=outbox,
        vault=vault,
        now=clock.now,
        monotonic=clock.monotonic,
        wake=naming_loop.wake,
        wake_deliverer=delivery_loop.wake,
    )
    teller = Teller(
        hear=lambda session, event: hear_order(session, event, desk=desk, now=clock.now()),
        transactions=database,
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
        names=names,
    )
    watch = BalanceWatch(
        transactions=database, paytend=paytend, rule=config.balance, routes=routes, outbox=outbox, clock=clock.now
    )
    pictures = Pictures(
        transactions=database,
        slack=slack,
        http=reply_http,
        draw=plot.draw_apart,
        currencies=config.balance.currencies,
        timezone=parts.timezone,
        now=clock.now,
        make_id=make_id,
    )
    finder = gaps.GapFinder(
        parts=parts,
        intake=intake,
        vault=vault,
        unit=settings.PAYTEND_AMOUNT_UNIT,
        wake_teller=telling_loop.wake,
    )
    jobs = Jobs(
        [
            *make_jobs(config, parts=parts, executor=executor, watch=watch, refused=refused),
            Job(name="calm", every=CALM_EVERY, run=make_calm(parts).keep),
            Job(name="gaps", every=gaps.EVERY, run=finder.look),
            Job(name="pictures", every=timedelta(seconds=10), run=pictures.send_due),
            *daily.make_jobs(parts, outbox=outbox, keep_days=settings.CARDOPS_RETENTION_DAYS),
        ],
        database=database,
        now=clock.now,
    )
    meters.watch(database, jobs=jobs.names, now=clock.now)
    listener = Listener(parts=parts, identity=identity, quick=pools.quick, slow=pools.slow)
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
        teller=teller,
        jobs=jobs,
        web=Web(
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
        telling_loop=telling_loop,
        names=names,
        naming_loop=naming_loop,
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


def check_ready(database: Database, *, deliverer: Deliverer, loops: tuple[Loop, ...]) -> Mapping[str, str]:
    """Return each named check and "ok", or what is wrong with it."""
    checks: dict[str, Callable[[], str]] = {
        "database": lambda: _check_database(database),
        "slack": lambda: "ok" if deliverer.healthy else "Slack refuses the token",
        "workers": lambda: "ok" if all(loop.alive for loop in loops) else "a worker has stopped",
    }
    return {name: check() for name, check in checks.items()}


def _check_database(database: Database) -> str:
    try:
        with database.reading() as session:
            session.exec(select(Delivery.id).limit(1)).first()  # not how many: probes come often
        schema.require_usable(database)
    except (SQLAlchemyError, schema.NotMigrated) as error:
        return type(error).__name__
    return "ok"
