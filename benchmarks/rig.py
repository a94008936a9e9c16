"""The bot under test between the two stand-ins: composed in this process, or run in one of its own."""

import base64
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from bot.clock import make_clock
from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.settings.cardops_yml import read_config
from bot.settings.environment import Settings
from bot.wiring.clients import TEMPLATES
from bot.wiring.compose import Bot, compose
from bot.wiring.foundation import WorkerPools
from notifier.rendering.renderer import Renderer
from notifier.routing.storm_rules import StormRule
from sandbox.paytend import PaytendStandIn
from sandbox.running import Running
from sandbox.slack import SlackWorkspace, seed

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "sandbox" / "demo.yml"


class DiscardingPool:
    """A pool of workers that throws its work away: only the acknowledgement is measured."""

    def submit(self, work: Callable[[], None]) -> None:
        """Forget it."""

    def finish(self, work: Callable[[], None], *, within: float) -> None:
        """Forget it."""

    def stop(self) -> None:
        """Nothing waits."""


@dataclass(frozen=True, kw_only=True)
class Rig:
    """Both stand-ins, and the bot composed between them in this process."""

    bot: Bot
    slack: SlackWorkspace
    paytend: PaytendStandIn


@contextmanager
def build_rig(*, pools: WorkerPools, database_url: str | None = None, budget: int | None = None) -> Iterator[Rig]:
    """Compose the bot between the stand-ins, on a fresh SQLite file unless a database is named.

    `budget` replaces how many notices a channel takes before a storm begins.
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
        bot.base.clients.close()
        database.close()


@dataclass(frozen=True, kw_only=True)
class RunningBot:
    """The port of a bot in a process of its own, and the stand-ins that it talks to."""

    port: int
    slack: SlackWorkspace
    paytend: PaytendStandIn

    def make_response_urls(self, count: int) -> list[str]:
        """Return `count` addresses at the stand-in of Slack that answers of commands can be posted to."""
        person, channel = self.slack.state.people["U0SAM"], self.slack.state.channels["C0SUPPORT"]
        make = self.slack.acts.payloads.response_url
        return [make("commands", person, channel) for _ in range(count)]


@contextmanager
def run_bot(
    *, folder: Path, database_url: str | None = None, channels_by_merchant: Mapping[str, str] | None = None
) -> Iterator[RunningBot]:
    """Run the bot as in production, in a process of its own; its log is `bot.log` in the folder.

    `channels_by_merchant` replaces the routes: each channel is made, and gets the transactions of its merchant.
    """
    with ExitStack() as stack:
        paytend = PaytendStandIn()
        slack = SlackWorkspace(rate_limits=False)
        config = CONFIG
        if channels_by_merchant is not None:
            config = folder / "cardops.yml"
            config.write_text(_with_routes(channels_by_merchant))
            alerts = slack.state.channels["C0ALERTS"]
            for channel in channels_by_merchant.values():
                slack.state.channels[channel] = replace(alerts, id=channel, name=channel.lower())
        address = stack.enter_context(Running(paytend.app)).url
        stack.enter_context(slack.serving())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        environment = make_environment(slack, paytend, address) | {
            "DATABASE_URL": database_url or f"sqlite:///{folder}/bench.db",
            "CARDOPS_LISTEN": f"127.0.0.1:{port}",
            "CARDOPS_CONFIG": str(config),
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


def _with_routes(channels_by_merchant: Mapping[str, str]) -> str:
    document = yaml.safe_load(CONFIG.read_text())
    document["routes"] = [
        {"kind": "transaction", "when": {"merchant": [merchant]}, "to": [channel]}
        for merchant, channel in channels_by_merchant.items()
    ]
    return yaml.safe_dump(document)


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
