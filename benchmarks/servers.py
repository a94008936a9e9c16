"""Servers to compare, each on the bot's own web server: the composed bot and two bare Bolt apps."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.connection import Connection
from typing import Any

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from benchmarks.rig import DiscardingPool, build_rig
from bot.clock import read_time
from bot.http.app import HttpRequest, HttpResponse, WebApp
from bot.http.server import Server
from bot.slack.edge import VerifiedBolt, is_instant
from bot.slack.signatures import SignatureCheck
from bot.wiring.foundation import WorkerPools
from sandbox.slack import SlackWorkspace, seed


@contextmanager
def serve_apart(kind: str) -> Iterator[int]:
    """Serve one of APPS in a process of its own: a caller in the same one would share its interpreter lock."""
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
def serve(app: Any, *, on_loop: bool = True) -> Iterator[int]:
    """Serve a web application, or a Bolt app, on the bot's own server; return the port.

    `on_loop` answers on the event loop, as the bot does; without it requests are answered on a thread, for an app
    that blocks.
    """
    web = app if isinstance(app, WebApp) else _BoltServer(app)
    server = Server(web, host="127.0.0.1", port=0, is_instant=is_instant if on_loop else lambda _request: False)
    server.start()
    yield server.port
    server.stop()


class _BoltServer:
    """A Bolt app behind the same door as the bot's."""

    def __init__(self, app: App) -> None:
        check = SignatureCheck(seed.SIGNING_SECRET, now=read_time)
        self._door = VerifiedBolt(bolt=app, check=check, refuse=lambda _flaw: None)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._door(request.headers, request.body)


def make_lean_bolt() -> App:
    """Return a Bolt app with one listener that only acknowledges, with as little set up as Bolt allows."""
    authorized = AuthorizeResult(enterprise_id=None, team_id=seed.TEAM.id, bot_token=seed.BOT_TOKEN)
    app = App(
        client=WebClient(),
        signing_secret=seed.SIGNING_SECRET,
        authorize=lambda: authorized,
        process_before_response=True,
        request_verification_enabled=False,  # the door has verified it
    )
    app.command("/card")(_acknowledge)
    return app


def make_plain_bolt(slack_api: str) -> App:
    """Return the same app, set up as in Bolt's documentation."""
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
def _make_ours() -> Iterator[WebApp]:
    with build_rig(pools=WorkerPools(quick=DiscardingPool(), slow=DiscardingPool())) as rig:
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
