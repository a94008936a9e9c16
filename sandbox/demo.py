"""The sub-command `demo`: both stand-ins, and the bot as a process of its own, set up as a user would."""

import argparse
import base64
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from sandbox.backstage import Backstage
from sandbox.clock import Clock
from sandbox.panel import make_panel
from sandbox.paytend.launch import write_keys
from sandbox.paytend.standin import PaytendStandIn
from sandbox.running import Running
from sandbox.slack import seed
from sandbox.slack.workspace import SlackWorkspace

ROOT = Path(__file__).parents[1]
FOLDER = Path("demo")  # in the working directory; recreated at each start
READY_SECONDS = 30


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the sub-command and its options."""
    parser = commands.add_parser("demo", help="everything on this machine: stand-ins, bot and page")
    parser.add_argument("--port", type=int, default=8000, help="of the page; 0: any free ports")
    parser.add_argument("--socket-mode", action="store_true", help="Slack by Socket Mode instead of HTTP")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the demo until Ctrl-C or SIGTERM; returns the exit status."""
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    with ExitStack() as stack:
        try:
            page, bot = _start(stack, port=arguments.port, socket_mode=arguments.socket_mode)
        except OSError as error:
            sys.stderr.write(f"The demo cannot start: {error}\n")
            return 1
        if not _wait_until_ready(bot):
            sys.stderr.write(f"The bot did not start; its log is {FOLDER / 'bot.log'}\n")
            return 1
        sys.stdout.write(_WELCOME.format(page=page, log=FOLDER / "bot.log"))
        sys.stdout.flush()
        while not ended.wait(0.5):
            if bot.process.poll() is not None:
                sys.stderr.write(f"The bot has ended; its log is {FOLDER / 'bot.log'}\n")
                return 1
        sys.stdout.write("\nThe demo ends.\n")
    return 0


_WELCOME = """
  Open  {page}

  Five stories on top of the page lead through the first minutes. Or on your own:
  you are Sam from support; type  /topup 1755902 120.50 EUR customer called
  then act as Mara, a manager (top right), and approve it in #card-approvals.

  The bot's log is {log}. Ctrl-C ends everything.
"""


class _Bot:
    """The bot as a process of its own."""

    def __init__(self, environment: Mapping[str, str], *, port: int) -> None:
        self.port = port
        self._log = (FOLDER / "bot.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            cwd=FOLDER,
            env=environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def stop(self) -> None:
        """Stop it, and wait until it has finished its work."""
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()


def _start(stack: ExitStack, *, port: int, socket_mode: bool) -> tuple[str, _Bot]:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    # Given port 0, nothing insists on its usual port, so several demos may run at the same time.
    bot_port, paytend_port = (_find_port(wanted if port else 0) for wanted in (3000, 8001))
    # A clock each: the panel moves Paytend's; what Slack shows keeps to the real one, as the bot does.
    paytend = PaytendStandIn(callback=f"http://127.0.0.1:{bot_port}/paytend/webhook", clock=Clock())
    paytend_server = stack.enter_context(Running(paytend.app, port=paytend_port))
    slack_port, slack_clock = _find_port(port), Clock()
    offers = make_panel(paytend=paytend_server.url, slack=f"http://127.0.0.1:{slack_port}")
    backstage = Backstage(offers=offers, now=slack_clock.now)
    slack = SlackWorkspace(
        request_url=None if socket_mode else f"http://127.0.0.1:{bot_port}/slack/events",
        clock=slack_clock,
        manifest=ROOT / "app_manifest.yml",
        backstage=backstage,
    )
    backstage.follow(slack=slack, paytend=paytend)
    stack.enter_context(slack.serving(port=slack_port))
    write_keys(paytend, FOLDER)
    shutil.copy(ROOT / "sandbox" / "demo.yml", FOLDER / "cardops.yml")
    settings = {
        "SLACK_BOT_TOKEN": seed.BOT_TOKEN,
        "SLACK_SIGNING_SECRET": seed.SIGNING_SECRET,
        "SLACK_API_BASE_URL": slack.api_url,
        "PAYTEND_BASE_URL": paytend_server.url,
        "PAYTEND_PARTNER_ID": paytend.partner_id,
        "PAYTEND_PRIVATE_KEY_FILE": "partner-private.pem",
        "PAYTEND_PUBLIC_KEY_FILE": "paytend-public.pem",
        "PAYTEND_AMOUNT_UNIT": "minor",
        "PAYTEND_WEBHOOK_AMOUNT_UNIT": "minor",
        "CARDOPS_SECRET_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "CARDOPS_LISTEN": f"127.0.0.1:{bot_port}",
        "CARDOPS_PUBLIC_URL": f"http://127.0.0.1:{bot_port}",
    }
    if socket_mode:
        settings["SLACK_APP_TOKEN"] = seed.APP_TOKEN
    (FOLDER / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    # The settings come from the file only: those in the shell may be for a real workspace.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    bot = _Bot({**kept, "PYTHONPATH": str(ROOT)}, port=bot_port)
    stack.callback(bot.stop)
    return slack.base_url, bot


_OURS = ("SLACK_", "PAYTEND_", "CARDOPS_", "DATABASE_URL")


def _wait_until_ready(bot: _Bot) -> bool:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and bot.process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{bot.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    return False


def _find_port(wanted: int) -> int:
    """Return the wanted port, or another one when it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("there is no free port")
