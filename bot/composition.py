"""The composition root: makes everything once, from the settings, and hands it down."""

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
from prometheus_client import CollectorRegistry, Counter
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from approvals import audit, orders
from approvals.desk import SEND_WITHIN, Desk
from bot import home, schema
from bot.choices import Choices
from bot.clock import Clock, make_ids
from bot.config import Config
from bot.database import Database
from bot.directory import SlackDirectory
from bot.doctor import Patient
from bot.drafts import Drafts
from bot.executing import Executor
from bot.files import SlackFiles
from bot.jobs import Job, Jobs, sweep
from bot.listening import Identity, Listener, answer_http, make_bolt
from bot.parts import Parts
from bot.receiving import Receiver, RefusedCount
from bot.replies import Replier
from bot.secrets import Secrets
from bot.settings import Settings
from bot.web import Web
from bot.workers import Loop, Pool, Takes
from notifier import backlog
from notifier.delivery import Deliverer
from notifier.intake import Intake
from notifier.outbox import Outbox
from notifier.rendering import Renderer
from notifier.routes import Routes
from notifier.telling import Teller
from notifier.vault import Vault
from notifier.watch import BalanceWatch
from paytend import Client, RequestIds, make_http
from paytend.client import CONNECT_TIMEOUT
from paytend.webhooks import CardApplied, Event

TEMPLATES = (
    ("approvals", "templates"),
    ("bot", "templates"),
    ("commands", "templates"),
    ("notifier", "templates"),
)
SLACK_TIMEOUT = 10  # seconds
REPLY_TIMEOUT = 10.0  # seconds
SOCKET_PING = 3.0  # seconds; a connection that was dropped is replaced after the next one

_log = logging.getLogger(__name__)


class SlackUnusable(Exception):
    """Slack does not take the bot's token; `reason` is Slack's own word."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Slack does not take SLACK_BOT_TOKEN: {reason}")


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
    bolt: App
    pools: Pools
    delivery_loop: Loop
    execution_loop: Loop
    telling_loop: Loop
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
        self.jobs.start()
        if self.socket is not None:
            self.socket.connect()  # type: ignore[no-untyped-call]  # slack_bolt's handler is not annotated

    def stop(self) -> None:
        """Take nothing more, finish what is in hand, and let go of everything."""
        if self.socket is not None:
            self.socket.close()  # type: ignore[no-untyped-call]  # as above
        self.jobs.stop()
        self.pools.quick.stop()
        self.pools.slow.stop()
        self.execution_loop.stop()
        self.telling_loop.stop()
        self.delivery_loop.stop()
        for client in self.clients:
            client.close()
        self.database.close()


def compose(
    settings: Settings, config: Config, *, clock: Clock, pools: Pools, database: Database, renderer: Renderer
) -> Bot:
    """Return the bot, with nothing started; raises SlackUnusable when Slack does not take the token."""
    make_id = make_ids(clock)
    vault = Vault(settings.CARDOPS_SECRET_KEYS, random_bytes=secrets.token_bytes)
    outbox = Outbox(vault=vault, make_id=make_id)
    slack = make_slack(settings)
    identity = identify(slack, settings)
    paytend_http = make_http(base_url=settings.PAYTEND_BASE_URL, timeout=settings.PAYTEND_TIMEOUT_SECONDS)
    reply_http = httpx.Client(timeout=REPLY_TIMEOUT, follow_redirects=False, trust_env=False)
    paytend = make_paytend(settings, clock=clock, http=paytend_http)
    fallback = config.channels.alerts or config.channels.approvals
    deliverer = Deliverer(
        transactions=database,
        slack=slack,
        renderer=renderer,
        outbox=outbox,
        vault=vault,
        fallback=fallback,
        admins=config.roles["admin"].people if "admin" in config.roles else (),
        clock=clock.now,
        jitter=_jitter,
        make_id=make_id,
    )
    loops = (Loop("delivery"), Loop("execution"), Loop("telling"))
    delivery_loop, execution_loop, telling_loop = loops
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
        wake_executor=execution_loop.wake,
        wake_deliverer=delivery_loop.wake,
    )
    executor = Executor(parts)
    registry = CollectorRegistry()
    routes = make_routes(config)
    refused = RefusedCount()
    receiver = Receiver(
        intake=Intake(database),
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
    teller = Teller(
        hear=lambda session, event: hear_order(session, event, desk=desk, now=clock.now()),
        transactions=database,
        outbox=outbox,
        routes=routes,
        vault=vault,
        unit=settings.PAYTEND_AMOUNT_UNIT,
        timezone=ZoneInfo(settings.PAYTEND_TIMEZONE),
        now=clock.now,
        wake_deliverer=delivery_loop.wake,
        admins=deliverer.admins,
    )
    watch = BalanceWatch(
        transactions=database, paytend=paytend, rule=config.balance, routes=routes, outbox=outbox, clock=clock.now
    )
    jobs = Jobs(
        make_jobs(config, parts=parts, executor=executor, watch=watch, refused=refused),
        database=database,
        now=clock.now,
    )
    listener = Listener(parts=parts, identity=identity, quick=pools.quick, slow=pools.slow)
    secret = settings.SLACK_SIGNING_SECRET
    bolt = make_bolt(
        listener, slack=slack, signing_secret=secret.get_secret_value() if secret is not None else None
    )
    token = settings.SLACK_APP_TOKEN
    socket = _make_socket(bolt, token.get_secret_value(), slack=slack) if token is not None else None
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
            ready=lambda: check_ready(
                database, deliverer=deliverer, loops=(delivery_loop, execution_loop, telling_loop)
            ),
            registry=registry,
        ),
        bolt=bolt,
        pools=pools,
        delivery_loop=delivery_loop,
        execution_loop=execution_loop,
        telling_loop=telling_loop,
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


def _make_socket(bolt: App, token: str, *, slack: WebClient) -> SocketModeHandler:
    """Return Socket Mode's client; it looks this often whether its connection still stands."""
    return SocketModeHandler(bolt, token, web_client=slack, ping_interval=SOCKET_PING)


def make_slack(settings: Settings) -> WebClient:
    """Return the Web API client. It retries nothing: that belongs to the outbox, which looks before it repeats."""
    return WebClient(
        token=settings.SLACK_BOT_TOKEN.get_secret_value(),
        base_url=settings.SLACK_API_BASE_URL,
        timeout=SLACK_TIMEOUT,
        retry_handlers=[],
    )


def identify(slack: WebClient, settings: Settings) -> Identity:
    """Return who we are in Slack; raises SlackUnusable."""
    try:
        answer = slack.auth_test()
    except SlackClientError as error:
        response = getattr(error, "response", None)
        raise SlackUnusable(response["error"] if response is not None else type(error).__name__) from error
    except OSError as error:
        raise SlackUnusable(f"no answer ({type(error).__name__})") from error
    return Identity(
        team_id=settings.SLACK_TEAM_ID or str(answer["team_id"]),
        bot_id=str(answer.get("bot_id") or ""),
        bot_user_id=str(answer.get("user_id") or ""),
    )


@contextmanager
def make_patient(settings: Settings, config: Config, *, clock: Clock, database: Database) -> Iterator[Patient]:
    """Make what the doctor examines, without a running bot; a token that Slack does not take is for the doctor."""
    slack = make_slack(settings)
    try:
        team_id = identify(slack, settings).team_id
    except SlackUnusable:
        team_id = settings.SLACK_TEAM_ID or ""
    with make_http(base_url=settings.PAYTEND_BASE_URL, timeout=settings.PAYTEND_TIMEOUT_SECONDS) as http:
        yield Patient(
            config=config,
            database=database,
            slack=slack,
            paytend=make_paytend(settings, clock=clock, http=http),
            directory=SlackDirectory(client=slack, team_id=team_id, monotonic=clock.monotonic),
            now=clock.now,
        )


def make_paytend(settings: Settings, *, clock: Clock, http: httpx.Client) -> Client:
    """Return the Paytend client, with the keys loaded once."""
    return Client(
        http=http,
        partner_id=settings.PAYTEND_PARTNER_ID,
        keys=settings.paytend_keys,
        unit=settings.PAYTEND_AMOUNT_UNIT,
        timeout=settings.PAYTEND_TIMEOUT_SECONDS,
        request_id=RequestIds(settings.PAYTEND_PARTNER_ID, random_below=secrets.randbelow),
        secret=lambda: secrets.token_bytes(16),
        jitter=_jitter,
        monotonic=clock.monotonic,
        pause=clock.pause,
        paths=settings.paths,
    )


def make_routes(config: Config) -> Routes:
    """Return the routes with the channels and the people that their names mean."""
    return Routes(
        rules=config.routes,
        channels=config.channels.model_dump(),
        mentions={name: (*rule.groups, *rule.people) for name, rule in config.roles.items()},
    )


def make_jobs(
    config: Config, *, parts: Parts, executor: Executor, watch: BalanceWatch, refused: RefusedCount
) -> list[Job]:
    """Return the table of what runs by itself."""
    return [
        Job(name="requests", every=timedelta(seconds=10), run=executor.keep_time),
        Job(name="reconciliation", every=timedelta(seconds=2), run=executor.reconcile_due),
        Job(name="orders", every=timedelta(minutes=1), run=executor.follow_orders),
        Job(name="balance", every=config.balance.every, run=watch.poll),
        Job(name="refused_webhooks", every=timedelta(minutes=1), run=lambda: note_refused(parts, refused)),
        Job(
            name="sweep",
            every=timedelta(hours=1),
            run=lambda: sweep(parts.database, now=parts.clock.now()),
        ),
        Job(name="home", every=home.EVERY, run=lambda: home.refresh(parts)),
        Job(name="drafts", every=timedelta(minutes=5), run=parts.drafts.sweep),
    ]


def hear_order(session: Session, event: Event, *, desk: Desk, now: datetime) -> None:
    """Tell the result of a card order where it was asked for, when the event is one."""
    if isinstance(event, CardApplied):
        orders.record(session, desk, order=event.order, now=now)


def note_refused(parts: Parts, refused: RefusedCount) -> None:
    """Tell the trail how many webhooks were refused since the last time, by reason."""
    counts = refused.take()
    if not counts:
        return
    try:
        with parts.database.writing() as session:
            audit.append(
                session,
                "webhook:refused",
                key=parts.desk.audit_key,
                actor="paytend",
                subject="webhook",
                facts={"count": sum(counts.values()), "reasons": counts},
                now=parts.clock.now(),
            )
    except SQLAlchemyError:
        refused.give_back(counts)
        raise


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
            session.connection().execute(text("SELECT 1"))
            backlog.waiting(session)
        schema.require_current(database)
    except (SQLAlchemyError, schema.NotMigrated) as error:
        return type(error).__name__
    return "ok"


def _jitter() -> float:
    return secrets.randbelow(1_000_000) / 1_000_000
