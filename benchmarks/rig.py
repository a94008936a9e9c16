"""What the benchmarks of the web edge share: the composed bot and two bare Bolt apps, on the same server."""

import base64
import multiprocessing
import os
import re
import secrets
import selectors
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from bot.clock import make_clock
from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.http.app import HttpRequest, HttpResponse, WebApp
from bot.http.server import Server
from bot.settings.cardops_yml import read_config
from bot.settings.environment import Settings
from bot.slack.edge import answer_http, is_instant
from bot.wiring.clients import TEMPLATES
from bot.wiring.compose import Bot, WorkerPools, compose
from notifier.rendering.renderer import Renderer
from notifier.routing.storm_rules import StormRule
from sandbox.paytend import PaytendStandIn
from sandbox.running import Running
from sandbox.slack import SlackWorkspace, seed

ROOT = Path(__file__).parents[1]
JSON = {"Content-Type": "application/json"}
CONFIG = ROOT / "sandbox" / "demo.yml"


class Discarding:
    """A pool that throws its work away: only the acknowledgement is measured."""

    def submit(self, work: Callable[[], None]) -> None:
        """Forget it."""

    def finish(self, work: Callable[[], None], *, within: float) -> None:
        """Forget it."""

    def stop(self) -> None:
        """Nothing waits."""


@dataclass(frozen=True, kw_only=True)
class Rig:
    """Both stand-ins, and the bot composed over them."""

    bot: Bot
    slack: SlackWorkspace
    paytend: PaytendStandIn


@contextmanager
def build_rig(*, pools: WorkerPools, database_url: str | None = None, budget: int | None = None) -> Iterator[Rig]:
    """Compose the bot over the stand-ins, on a fresh SQLite file unless a database is named.

    `budget` is that of storms, where the usual one is not wanted.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        paytend = PaytendStandIn()
        slack = SlackWorkspace(rate_limits=False)
        address = stack.enter_context(Running(paytend.app)).url
        stack.enter_context(slack.serving())
        environment = make_environment(slack, paytend, address)
        environment["DATABASE_URL"] = database_url or f"sqlite:///{folder}/bench.db"
        settings = Settings.model_validate(environment)
        database = SqlDatabase(settings.DATABASE_URL)
        schema.migrate(database)
        config = read_config(CONFIG)
        bot = compose(
            settings,
            config if budget is None else config.model_copy(update={"storms": StormRule(budget=budget)}),
            clock=make_clock(),
            pools=pools,
            database=database,
            renderer=Renderer(TEMPLATES),
        )
        yield Rig(bot=bot, slack=slack, paytend=paytend)
        for client in bot.clients:
            client.close()
        database.close()


def make_lean_bolt() -> App:
    """Return a Bolt app with one listener that only acknowledges, set up as leanly as Bolt goes."""
    authorized = AuthorizeResult(enterprise_id=None, team_id=seed.TEAM.id, bot_token=seed.BOT_TOKEN)
    app = App(
        client=WebClient(),
        signing_secret=seed.SIGNING_SECRET,
        authorize=lambda: authorized,
        process_before_response=True,
    )
    app.command("/card")(_acknowledge)
    return app


def make_plain_bolt(slack_api: str) -> App:
    """Return the same app as Bolt's own documentation makes it."""
    app = App(
        client=WebClient(token=seed.BOT_TOKEN, base_url=slack_api),
        token=seed.BOT_TOKEN,
        signing_secret=seed.SIGNING_SECRET,
    )
    app.command("/card")(_acknowledge)
    return app


def _acknowledge(ack: Callable[[], None]) -> None:
    ack()


@contextmanager
def serve_apart(kind: str) -> Iterator[int]:
    """Serve one of APPS in a process of its own, as a caller in the same one would share its interpreter lock."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve_until_told, args=(kind, theirs), daemon=True)
    process.start()
    yield ours.recv()
    ours.send("end")
    process.join(timeout=20)


def _serve_until_told(kind: str, parent: Connection) -> None:
    with APPS[kind]() as app, serve(app, on_loop=kind != "plain") as port:
        parent.send(port)
        parent.recv()


@contextmanager
def _make_ours() -> Iterator[WebApp]:
    with build_rig(pools=WorkerPools(quick=Discarding(), slow=Discarding())) as rig:
        yield rig.bot.web


@contextmanager
def _make_lean() -> Iterator[App]:
    yield make_lean_bolt()


@contextmanager
def _make_plain() -> Iterator[App]:
    slack = SlackWorkspace(rate_limits=False)
    with slack.serving():
        yield make_plain_bolt(slack.api_url)


APPS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "cardops": _make_ours,
    "lean": _make_lean,
    "plain": _make_plain,
}


@contextmanager
def serve(app: Any, *, on_loop: bool = True) -> Iterator[int]:
    """Serve a web application, or a Bolt app, on the bot's own server; return the port.

    `on_loop` acknowledges on the event loop, as the bot does; without it on a thread, for an app that waits.
    """
    web = app if isinstance(app, WebApp) else _BoltWeb(app)
    server = Server(web, host="127.0.0.1", port=0, is_instant=is_instant if on_loop else lambda _request: False)
    server.start()
    yield server.port
    server.stop()


class _BoltWeb:
    """A Bolt app behind the same adapter as the bot's."""

    def __init__(self, app: App) -> None:
        self._app = app

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return answer_http(self._app, request.headers, request.body)


def make_command(text: str, response_url: str = "http://127.0.0.1:9/none") -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a signed `/card` command."""
    fields = {
        "command": "/card",
        "text": text,
        "team_id": seed.TEAM.id,
        "api_app_id": seed.TEAM.app_id,
        "user_id": "U0SAM",
        "channel_id": "C0SUPPORT",
        "trigger_id": secrets.token_hex(8),
        "response_url": response_url,
    }
    body = urlencode(fields).encode()
    at = str(int(time.time()))
    signature = SignatureVerifier(seed.SIGNING_SECRET).generate_signature(timestamp=at, body=body)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": str(signature),
    }
    return body, headers


class Caller:
    """One kept connection that posts and times; a bare socket, so that little but the server is timed."""

    def __init__(self, port: int, path: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._path = path

    def __call__(self, body: bytes, headers: dict[str, str]) -> float:
        """Post and return the seconds until the answer was read; anything but 200 fails."""
        request = self.encode(body, headers)
        started = time.perf_counter()
        self.send(request)
        self.read_answer()
        return time.perf_counter() - started

    def encode(self, body: bytes, headers: dict[str, str]) -> bytes:
        """Return the whole request, as it is sent."""
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = f"POST {self._path} HTTP/1.1\r\nHost: it\r\n{head}Content-Length: {len(body)}\r\n\r\n"
        return request.encode() + body

    def send(self, request: bytes) -> None:
        """Send what `encode` made; its answer is to be read before the next."""
        self._socket.sendall(request)

    def read_answer(self) -> None:
        """Wait for the answer; anything but 200 fails."""
        answer = bytearray()
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._receive()
        found = re.search(rb"content-length: (\d+)", answer[:end], re.IGNORECASE)
        length = end + 4 + (int(found.group(1)) if found else 0)
        while len(answer) < length:
            answer += self._receive()
        assert answer.startswith(b"HTTP/1.1 200"), bytes(answer[:40])

    def fileno(self) -> int:
        """Return what a selector waits for."""
        return self._socket.fileno()

    def _receive(self) -> bytes:
        received = self._socket.recv(65536)
        assert received, "the connection was closed"
        return received

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


@contextmanager
def burst_caller(port: int, path: str, *, connections: int) -> Iterator[Callable[[Sequence[bytes]], list[float]]]:
    """Yield what posts one JSON body on each connection at once and returns the seconds until each was answered.

    One thread serves them all: a thread for each would take more of the processor than the server under test.
    """
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        callers = [Caller(port, path) for _ in range(connections)]
        for caller in callers:
            stack.callback(caller.close)
            selector.register(caller, selectors.EVENT_READ, caller.read_answer)

        def call(bodies: Sequence[bytes]) -> list[float]:
            requests = [caller.encode(body, JSON) for caller, body in zip(callers, bodies, strict=True)]
            began = time.perf_counter()
            for caller, request in zip(callers, requests, strict=True):
                caller.send(request)
            taken: list[float] = []
            while len(taken) < len(bodies):
                for key, _events in selector.select(timeout=20):
                    key.data()
                    taken.append(time.perf_counter() - began)
            return taken

        yield call


def make_webhooks(paytend: PaytendStandIn, count: int) -> list[bytes]:
    """Return so many sealed webhooks, each of a transaction of its own; none is sent."""
    sealed = []
    for number in range(count):
        content = {
            "cardId": "1755902",
            "cardNo": "533711******5097",
            "currency": "EUR",
            "amount": 1845,
            "businessDate": "2026-11-22 12:00:00",
            "tradeId": f"T{number:016d}{secrets.token_hex(3)}",
            "tradeType": 151,
            "tradeSrc": "S",
            "tradeStatus": 1,
            "remark": "MAXIMA LT, X-123 VILNIUS",
        }
        sealed.append(paytend.seal_webhook("1", content))
    return sealed


def flood(port: int, bodies: list[bytes], *, connections: int = 64) -> float:
    """Post the webhooks over so many connections; return the seconds until the last answer, all of them good."""
    waiting = list(reversed(bodies))

    def work(_number: int) -> None:
        caller = Caller(port, "/paytend/webhook")
        while True:
            try:
                body = waiting.pop()
            except IndexError:
                caller.close()
                return
            caller(body, JSON)

    started = time.perf_counter()
    with ThreadPoolExecutor(connections) as threads:
        list(threads.map(work, range(connections)))
    return time.perf_counter() - started


@dataclass(frozen=True, kw_only=True)
class RunningBot:
    """The port of a bot that runs, and the stand-ins that it talks to."""

    port: int
    slack: SlackWorkspace
    paytend: PaytendStandIn

    def make_response_urls(self, count: int) -> list[str]:
        """Return so many addresses where commands are answered."""
        person, channel = self.slack.state.people["U0SAM"], self.slack.state.channels["C0SUPPORT"]
        make = self.slack.acts.payloads.response_url
        return [make("commands", person, channel) for _ in range(count)]


@contextmanager
def run_bot(*, folder: Path, database_url: str | None = None) -> Iterator[RunningBot]:
    """Run the bot as it is in production, in a process of its own."""
    with ExitStack() as stack:
        paytend = PaytendStandIn()
        slack = SlackWorkspace(rate_limits=False)
        address = stack.enter_context(Running(paytend.app)).url
        stack.enter_context(slack.serving())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        environment = make_environment(slack, paytend, address) | {
            "DATABASE_URL": database_url or f"sqlite:///{folder}/bench.db",
            "CARDOPS_LISTEN": f"127.0.0.1:{port}",
            "CARDOPS_CONFIG": str(CONFIG),
            "PYTHONPATH": str(ROOT),
            "PATH": os.environ["PATH"],
        }
        log = stack.enter_context((folder / "bot.log").open("w"))
        bot = subprocess.Popen([sys.executable, "-m", "bot", "run"], cwd=folder, env=environment, stderr=log)
        stack.callback(bot.wait)
        stack.callback(bot.terminate)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield RunningBot(port=port, slack=slack, paytend=paytend)


def make_environment(slack: SlackWorkspace, paytend: PaytendStandIn, address: str) -> dict[str, str]:
    """Return the settings of a bot between these stand-ins."""
    return {
        "SLACK_BOT_TOKEN": seed.BOT_TOKEN,
        "SLACK_SIGNING_SECRET": seed.SIGNING_SECRET,
        "SLACK_API_BASE_URL": slack.api_url,
        "PAYTEND_BASE_URL": address,
        "PAYTEND_PARTNER_ID": paytend.partner_id,
        "PAYTEND_PRIVATE_KEY": paytend.partner_private_key_pem,
        "PAYTEND_PUBLIC_KEY": paytend.paytend_public_key_pem,
        "PAYTEND_AMOUNT_UNIT": "minor",
        "CARDOPS_SECRET_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
    }


def flood_from_outside(port: int, bodies: list[bytes]) -> Future[float]:
    """Start a flood in a process of its own, and return its seconds when they are known."""
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    found = pool.submit(flood, port, bodies)
    pool.shutdown(wait=False)
    return found


def quantile(values: list[float], share: float) -> float:
    """Return the value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def in_turn(
    calls: dict[str, Callable[[], float]], *, times: int, rounds: int = 5, warm: int = 20
) -> list[dict[str, list[float]]]:
    """Return the seconds of each call, made one after the other in turn, for each round."""
    for call in calls.values():
        for _ in range(warm):
            call()
    found = []
    for _ in range(rounds):
        taken: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(times):
            for name, call in calls.items():
                taken[name].append(call())
        found.append(taken)
    return found


def median_ratio(rounds: list[dict[str, list[float]]], one: str, other: str, share: float) -> float:
    """Return the median over the rounds of the ratio of two calls' quantiles."""
    return statistics.median(quantile(taken[one], share) / quantile(taken[other], share) for taken in rounds)
