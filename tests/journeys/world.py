"""The whole system for a journey: both stand-ins over real sockets, the bot composed as in production.

Instead of the bot's threads, `settles` does everything that waits, at once; time moves only when a test moves it.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from approvals.tables import AuditEvent, Decision, Execution, Request, Settlement, VoidedDecision
from bot.clock import Clock as BotClock
from bot.database.engine import SqlDatabase
from bot.http.app import HttpRequest, HttpResponse
from bot.http.bodies import UploadRule
from bot.http.server import Application, Server
from bot.settings.environment import read_settings
from bot.slack.edge import is_instant
from bot.slack.manifest import make_manifest
from bot.wiring.compose import Bot, compose
from bot.wiring.foundation import WorkerPools
from notifier.inbox.tables import InboxEvent
from notifier.outbox.tables import Delivery as NoticeDelivery
from notifier.outbox.tables import Lane
from notifier.outbox.turns import EDITS
from paytend import Unreachable
from sandbox.clock import Clock
from sandbox.paytend import PaytendStandIn
from sandbox.running import Running
from sandbox.slack import SlackWorkspace
from sandbox.slack import seed as slack_seed
from sandbox.slack.deliveries import Delivery
from tests import once

SUPPORT, OTHER_SUPPORT = "U0SAM", "U0SOFIA"
MANAGER, OTHER_MANAGER, LEAD = "U0MARA", "U0MILAN", "U0LEAD"
ONCALL, ADMIN = "U0OLGA", "U0ADMIN"
GUEST, GONE, STRANGER = "U0GUEST", "U0GONE", "U0STRANGER"
CARD, HOLDER = "1755902", "101982"
START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

CONFIG = """
roles:
  support: {groups: [S0SUPPORT]}
  manager: {groups: [S0MANAGER]}
  oncall: {groups: [S0ONCALL]}
  admin: {people: [U0ADMIN]}
channels: {approvals: C0APPROVALS, alerts: C0ALERTS, oncall: C0ONCALL, audit: C0AUDIT}
policy:
  - {name: large top-ups, action: card.top_up, over: 500.00 EUR, quorum: 2, approvers: [manager]}
  - {name: top-ups, action: card.top_up, quorum: 1, approvers: [manager], decide_within: 8h, execute_within: 30m}
  - {name: orders, action: card.apply, quorum: 1, approvers: [manager]}
  - {name: changes, action: cardholder.update, quorum: 1, approvers: [manager]}
limits:
  - {action: card.top_up, per: requester, window: 24h, over: 2000.00 EUR, then: refuse}
  - {action: card.top_up, per: card, window: 24h, over: 1000.00 EUR, then: {quorum: 2}}
routes:
  - {kind: transaction, when: {status: [declined, reversed]}, to: [oncall], mention: oncall}
  - {kind: transaction, to: [alerts]}
  - {kind: cardholder_audited, to: [alerts]}
  - {kind: card_applied, to: [alerts]}
balance: {every: 5m, currencies: {EUR: {warn: 5000.00, critical: 1000.00}}, repeat: 4h}
open_channels: {C0APPROVALS: [shared, guests, public], C0ALERTS: [public], C0ONCALL: [public]}
"""


@dataclass
class Later:
    """A pool that does its work when a test says so, in the order in which it came."""

    waiting: list[Callable[[], None]] = field(default_factory=list)

    def submit(self, work: Callable[[], None]) -> None:
        self.waiting.append(work)

    def finish(self, work: Callable[[], None], *, within: float) -> None:
        """As if it took longer than anybody waits."""
        self.submit(work)

    def stop(self) -> None:
        self.run()

    def run(self) -> int:
        count = 0
        while self.waiting:
            self.waiting.pop(0)()
            count += 1
        return count


@dataclass(kw_only=True)
class JourneyWorld:
    clock: Clock
    slack: SlackWorkspace
    paytend: PaytendStandIn
    bot: Bot
    pool: Later
    paytend_server: Running
    told_webhooks: int = 0

    # what people do

    def types(self, person: str, text: str, *, channel: str = "C0GENERAL") -> Delivery:
        delivery = self.slack.types(person, text, channel=channel)
        self.settles()
        return delivery

    def clicks(self, person: str, action: str, *, message: dict[str, Any] | None = None, **more: Any) -> Delivery:
        shown = message or self.card() if "view" not in more else None
        delivery = self.slack.clicks(person, action_id=action, message=shown, **more)
        self.settles()
        return delivery

    def clicks_reply(self, person: str, action: str) -> Delivery:
        """Press a button of the newest private answer."""
        delivery = self.slack.clicks(person, action_id=action, message=self.slack.ephemerals(person)[-1])
        self.settles()
        return delivery

    def clicks_modal(self, person: str, action: str) -> Delivery:
        delivery = self.slack.clicks(person, action_id=action)
        self.settles()
        return delivery

    def submits(self, person: str, **values: Any) -> Delivery:
        delivery = self.slack.submits(person, values)
        self.settles()
        return delivery

    def asks(self, amount: str = "120.50", *, card: str = CARD, person: str = SUPPORT) -> Request:
        """Ask for a top-up and return the request."""
        self.types(person, f"/topup {card} {amount} customer called")
        return self.request()

    def asks_and_approves(self, amount: str = "120.50", *, person: str = MANAGER) -> Request:
        self.asks(amount)
        self.clicks(person, "request_approve")
        return self.request()

    # what time does

    def settles(self) -> None:
        """Do everything that waits, until nothing waits any more."""
        for _ in range(50):
            done = self.pool.run()
            done += self.bot.approvals.executor.execute_due()
            done += self.bot.notices.dispatcher.dispatch_due()
            done += self._learns_a_name()
            done += self.bot.notices.deliverer.deliver_due()
            if not done and not self._edits_wait():
                return
            self.clock.advance(timedelta(seconds=1.1))  # Slack takes about one message a second in a channel
        raise AssertionError("it does not come to rest")

    def _edits_wait(self) -> bool:
        """Whether edits wait only because there were many: they have a pace of their own."""
        with self.bot.database.reading() as session:
            edits = session.get(Lane, EDITS)
            if edits is None or edits.paced_until is None or edits.paced_until <= self.clock.now():
                return False
            waiting = select(NoticeDelivery.id).where(
                NoticeDelivery.status == "waiting",
                NoticeDelivery.operation == "edit",
                NoticeDelivery.due_at <= self.clock.now(),
            )
            return session.exec(waiting.limit(1)).first() is not None

    def _learns_a_name(self) -> bool:
        try:
            return self.bot.notices.names.fetch_next()
        except Unreachable:
            return False

    def passes(self, **time: float) -> None:
        """Let time pass, with the clock's jobs before and after."""
        self.clock.advance(timedelta(**time))
        self.paytend.tick()
        self.bot.approvals.follow_up.keep_deadlines()
        self.bot.approvals.follow_up.reconcile_due()
        self.settles()

    def hears_from_paytend(self) -> list[tuple[int, dict[str, Any]]]:
        """Deliver the webhooks that were made since, let their notices go out, and return what we answered."""
        if self.paytend.callback is not None:
            self.paytend.wait_for_webhooks()
            self.settles()
            return []
        made, self.told_webhooks = self.paytend.webhooks[self.told_webhooks :], len(self.paytend.webhooks)
        answers = [self.webhook_arrives(json.dumps(webhook.sealed).encode()) for webhook in made]
        self.settles()
        return answers

    def webhook_arrives(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """Post any body to the webhook address, and return status and answer."""
        status, _, answer = door_of(self.bot.web, path="/paytend/webhook")("POST", "", {}, body)
        return status, json.loads(answer)

    def repeats(self) -> None:
        """Let Slack repeat its last delivery, and do everything that follows."""
        self.slack.repeats_last_delivery()
        self.settles()

    def paytend_stops(self) -> None:
        """Refuse all connections to Paytend."""
        self.paytend_server.stop()

    # what can be seen

    def request(self) -> Request:
        """The newest request."""
        with self.bot.database.reading() as session:
            rows = session.exec(select(Request)).all()
        return max(rows, key=lambda row: (row.created_at, row.id))

    def requests(self) -> list[Request]:
        with self.bot.database.reading() as session:
            return list(session.exec(select(Request)).all())

    def execution(self) -> Execution:
        with self.bot.database.reading() as session:
            return session.get_one(Execution, self.request().id)

    def card(self, channel: str = "C0APPROVALS") -> dict[str, Any]:
        """The newest approval card in a channel."""
        cards = [
            message for message in self.slack.messages(channel) if "thread_ts" not in message or is_root(message)
        ]
        found: dict[str, Any] = cards[-1]
        return found

    def trail(self) -> list[AuditEvent]:
        """The audit trail, oldest first."""
        with self.bot.database.reading() as session:
            return list(session.exec(select(AuditEvent).order_by(col(AuditEvent.seq))).all())

    def refusals(self) -> list[str]:
        """What was refused, as the audit trail names it, oldest first."""
        return [json.loads(row.facts)["refusal"] for row in self.trail() if row.event == "approval:refused"]

    def rows(self) -> dict[str, int]:
        """How many rows each table has, but for the trail and what Slack delivered."""
        with self.bot.database.reading() as session:
            tables: list[type[Any]] = [
                Request,
                Decision,
                Execution,
                Settlement,
                VoidedDecision,
                NoticeDelivery,
                InboxEvent,
            ]
            return {table.__name__: len(session.exec(select(table)).all()) for table in tables}

    def thread(self, channel: str = "C0APPROVALS") -> list[str]:
        """The texts of the replies under the newest card."""
        return [message["text"] for message in self.slack.messages(channel, self.card(channel)["ts"])[1:]]

    def told(self, person: str) -> str:
        """The newest private answer to a person, as its fallback text."""
        return str(self.slack.ephemerals(person)[-1]["text"])

    def modal_text(self, person: str) -> str:
        view = self.slack.modal(person)
        return "" if view is None else text_of(view)

    def card_balance(self, card: str = CARD) -> int:
        return self.paytend.books.card_balance(card, "EUR")

    def partner_balance(self) -> int:
        return self.paytend.books.partner_balance("EUR")


def is_root(message: Mapping[str, Any]) -> bool:
    """Whether a message is not a reply; it may have replies."""
    return bool(message["thread_ts"] == message["ts"])


def text_of(block: object, *, kinds: tuple[str, ...] = ("mrkdwn", "plain_text")) -> str:
    """All texts of blocks, in their order."""
    match block:
        case {"type": "mrkdwn" | "plain_text" as kind, "text": str(text)}:
            return text if kind in kinds else ""
        case dict():
            return "\n".join(part for part in (text_of(value, kinds=kinds) for value in block.values()) if part)
        case list():
            return "\n".join(part for part in (text_of(value, kinds=kinds) for value in block) if part)
        case _:
            return ""


def actions_of(message: Mapping[str, Any]) -> list[str]:
    """The action ids of a message's buttons."""
    found = []
    for block in message.get("blocks", []):
        found += [element["action_id"] for element in block.get("elements", []) if "action_id" in element]
        if "accessory" in block:
            found.append(block["accessory"]["action_id"])
    return found


def make_environment(
    *,
    slack: SlackWorkspace,
    paytend: PaytendStandIn,
    paytend_url: str,
    database_url: str,
    socket_mode: bool = False,
) -> dict[str, str]:
    """The settings that an operator would give."""
    environment = {
        "SLACK_BOT_TOKEN": slack_seed.BOT_TOKEN,
        "SLACK_SIGNING_SECRET": slack_seed.SIGNING_SECRET,
        "SLACK_API_BASE_URL": slack.api_url,
        "PAYTEND_BASE_URL": paytend_url,
        "PAYTEND_PARTNER_ID": paytend.partner_id,
        "PAYTEND_PRIVATE_KEY": paytend.partner_private_key_pem,
        "PAYTEND_PUBLIC_KEY": paytend.paytend_public_key_pem,
        "PAYTEND_AMOUNT_UNIT": "minor",
        "PAYTEND_WEBHOOK_AMOUNT_UNIT": "minor",
        "PAYTEND_TIMEOUT_SECONDS": "1.5",
        "DATABASE_URL": database_url,
        "CARDOPS_SECRET_KEYS": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    }
    return environment | ({"SLACK_APP_TOKEN": slack_seed.APP_TOKEN} if socket_mode else {})


def door_of(app: Application, *, path: str = "/slack/events") -> Callable[..., Any]:
    """The bot's web application as a door that the Slack stand-in delivers through."""

    def deliver(
        method: str, _path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        named = {name.lower(): value for name, value in headers.items()}
        answer = app(HttpRequest(method=method, path=path, headers=named, body=body))
        found = answer if isinstance(answer, HttpResponse) else answer.result(timeout=30)
        return int(found.status[:3]), {"Content-Type": found.type}, found.body

    return deliver


@contextmanager
def build_world(
    database: SqlDatabase,
    folder: Path,
    *,
    config: str = CONFIG,
    socket_mode: bool = False,
    over_http: bool = False,
    rate_limits: bool = False,
    slack_is_away: bool = False,
    public_url: str = "",
    port: int = 0,
) -> Iterator[JourneyWorld]:
    """Build everything around an empty database that has all its tables.

    `over_http` puts the bot behind its own server, and both outside parties deliver to its port. With a
    `public_url` it has pages of its own. Where `slack_is_away` when the bot starts, it is so until a test clears
    Slack's faults.
    """
    clock = Clock(start=START)
    paytend = PaytendStandIn(seed=1, clock=clock, pairs=once.pairs(), webhook_pauses=(0.01, 0.01))
    pool = Later()
    door: list[Callable[..., Any]] = []
    slack = SlackWorkspace(
        clock=clock,
        manifest=make_manifest(url=None, socket_mode=socket_mode),
        rate_limits=rate_limits,
        delivery=None if socket_mode or over_http else lambda *call: door[0](*call),  # noqa: PLW0108 - filled below
        acknowledge_seconds=5.0,
    )
    with contextlib.ExitStack() as stack:
        paytend_server = stack.enter_context(Running(paytend.app))
        stack.enter_context(slack.serving())
        if slack_is_away:
            slack.faults.resets("*", accepted=False, times=10**9)
        environment = make_environment(
            slack=slack,
            paytend=paytend,
            paytend_url=paytend_server.url,
            database_url=str(database.url),
            socket_mode=socket_mode,
        )
        environment |= {"CARDOPS_PUBLIC_URL": public_url}
        settings = read_settings(environment, env_file=folder / "no.env")
        bot = compose(
            settings,
            once.config(config),
            clock=BotClock(now=clock.now, monotonic=lambda: clock.now().timestamp(), pause=lambda _seconds: None),
            pools=WorkerPools(quick=pool, slow=pool),
            database=database,
            renderer=once.renderer(),
            tls=once.tls(),
        )
        door.append(door_of(bot.web))
        if over_http:
            uploads = UploadRule(applies=bot.web.is_upload, admit=bot.web.admit)
            server = Server(bot.web, host="127.0.0.1", port=port, is_instant=is_instant, uploads=uploads)
            server.start()
            stack.callback(server.stop)
            address = f"http://127.0.0.1:{server.port}"
            slack.courier.request_url, paytend.callback = f"{address}/slack/events", f"{address}/paytend/webhook"
        if bot.slack.socket is not None:
            bot.slack.socket.connect()  # type: ignore[no-untyped-call]  # not annotated
            slack.wait_for(lambda: slack.sockets.connections)
        try:
            yield JourneyWorld(
                clock=clock, slack=slack, paytend=paytend, bot=bot, pool=pool, paytend_server=paytend_server
            )
        finally:
            if bot.slack.socket is not None:
                bot.slack.socket.close()  # type: ignore[no-untyped-call]  # not annotated
            bot.base.clients.close()
