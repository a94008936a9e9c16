"""`cardops run`: runs the bot until Ctrl-C or SIGTERM."""

import argparse
import gc
import logging
import os
import sys
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from bot.cli.installation import make_key_ring
from bot.cli.shell import FINE, Commands, add_command, complain, mention
from bot.cli.signals import Signals
from bot.clock import make_clock
from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.database.key_check import require_keys
from bot.http.addresses import read_networks
from bot.http.app import Allowance, HttpRequest, HttpResponse
from bot.http.bodies import UploadRule
from bot.http.refusals import Door
from bot.http.server import Server
from bot.logs import log_uncaught, start_logging
from bot.settings.cardops_yml import examine_config
from bot.settings.environment import Settings, find_log_format, list_own_private_files
from bot.settings.private_files import find_readable
from bot.settings.setup import read_setup
from bot.slack.access import InstalledOrgWide, OtherWorkspace
from bot.slack.edge import is_instant
from bot.wiring.clients import TEMPLATES
from bot.wiring.compose import Bot, compose, make_pools
from notifier.rendering.renderer import Renderer

_log = logging.getLogger(__name__)

_ONE_WORKSPACE = "Install the app in that workspace, and set SLACK_BOT_TOKEN to the token that Slack shows there."
LAST_WEBHOOKS = 2.0  # seconds to open what has come; Paytend sends the rest again to those who listen then
SWITCH_INTERVAL = 0.001  # seconds; Python's own 0.005 kept acknowledgements waiting in a flood (ADR 11)


def add_to(commands: Commands) -> None:
    """Add the command."""
    add_command(commands, "run", run, "run the bot until Ctrl-C or SIGTERM")


def run(_chosen: argparse.Namespace) -> int:
    """Run the bot."""
    return run_bot(lambda: Renderer(TEMPLATES))


def run_bot(make_renderer: Callable[[], Renderer]) -> int:
    """Run the bot with these templates until SIGINT or SIGTERM; return the exit status."""
    begin_log()
    setup = read_setup()
    settings, config = setup.settings, setup.config
    for words in setup.warnings:
        _log.warning("config.without_effect", extra={"says": words})
    database = open_database(settings)
    for path in find_readable(list_own_private_files(settings)):
        _log.warning("file.readable_by_others", extra={"path": str(path), "next": f"chmod o= {path}"})
    signals = Signals(say=mention, leave=os._exit)
    # Before composing, which takes a second: a stop that comes meanwhile is obeyed once the bot runs.
    signals.listen()
    try:
        bot = compose(
            settings, config, clock=make_clock(), pools=make_pools(), database=database, renderer=make_renderer()
        )
    except OtherWorkspace as error:
        return complain(f"SLACK_TEAM_ID: {error.reason}.", [], "Set the workspace of the token, or leave it out.")
    except InstalledOrgWide as error:
        return complain(f"{error}, and cardops works for one workspace.", [], _ONE_WORKSPACE)
    running = RunningBot(bot=bot, make_renderer=make_renderer)
    host, port = settings.listen
    server = Server(
        running,
        host=host,
        port=port,
        is_instant=is_instant,
        trusted=read_networks(settings.CARDOPS_TRUSTED_PROXIES),
        refuse=lambda reason: running.bot.base.counters.refusals.add(Door.SERVER, reason),
        uploads=UploadRule(applies=running.is_upload, admit=running.admit),
    )
    make_prompt()
    bot.start()
    try:
        # After the bot: what is accepted from now on needs its threads.
        server.start()
    except OSError as error:
        bot.stop()
        return complain(f"Cannot listen on {settings.CARDOPS_LISTEN}: {error}.", [], "Look at CARDOPS_LISTEN.")
    mode = "Socket Mode" if settings.socket_mode else "HTTP"
    mention(f"cardops listens on http://{host}:{server.port} ({mode}). Ctrl-C ends it.")
    while signals.wait():
        running.reread()
    mention("Finishing what is in hand…")
    running.bot.webhooks.receiver.wind_down(within=LAST_WEBHOOKS)
    # The server first: what it has accepted still needs the bot.
    signals.waits_for = "requests that are being answered"
    server.stop()
    running.bot.stop(lambda name: setattr(signals, "waits_for", name))
    return FINE


def begin_log() -> None:
    """Start the log before the settings are read: what is wrong with them is read by whatever reads the log."""
    start_logging(find_log_format())
    log_uncaught()


@dataclass(kw_only=True)
class RunningBot:
    """The bot that answers now; another one with a newer cardops.yml can take its place."""

    bot: Bot
    make_renderer: Callable[[], Renderer]

    def __call__(self, request: HttpRequest) -> HttpResponse | Future[HttpResponse]:
        """Answer a request."""
        return self.bot.web(request)

    def is_upload(self, head: HttpRequest) -> bool:
        """Whether `admit` is to be asked before the body is read."""
        return self.bot.web.is_upload(head)

    def admit(self, head: HttpRequest) -> Allowance | None:
        """Return what a request may send; None where the usual bounds will do."""
        return self.bot.web.admit(head)

    def reread(self) -> bool:
        """Read cardops.yml again and go on with it; return whether that was done.

        A file that cannot be used, or is not there any more, changes nothing and is told in the log.
        """
        base = self.bot.base
        path = base.settings.CARDOPS_CONFIG
        report = examine_config(path)
        conflicts = report.config.find_conflicts(base.settings.CARDOPS_PUBLIC_URL) if report.config else []
        if report.config is None or conflicts or not path.exists():
            problems = list(report.problems) or conflicts or [f"{path}: there is no such file"]
            _log.error("config.refused", extra={"problems": problems, "kept": "what was read before"})
            return False
        for words in report.warnings:
            _log.warning("config.without_effect", extra={"says": words})
        before = self.bot
        try:
            after = compose(
                base.settings,
                report.config,
                clock=base.clock,
                pools=make_pools(),
                database=base.database,
                renderer=self.make_renderer(),
                before=before,
            )
        except Exception:  # noqa: BLE001 - whatever fails, the bot that runs goes on as it is
            _log.exception("config.not_reloaded")
            return False
        # Both run for a moment, as two replicas do while one replaces the other.
        after.take_over()
        self.bot = after
        before.stop(database=False)
        _log.warning("config.reloaded", extra={"differs": report.config != base.config})
        return True


def open_database(settings: Settings) -> SqlDatabase:
    """Return the database, which belongs to the keys that are set: a SQLite file is claimed and migrated.

    PostgreSQL is only checked. Several replicas start at once there, so `cardops migrate` runs once before them.
    """
    database = SqlDatabase(settings.DATABASE_URL)
    try:
        _prepare(database, settings)
    except BaseException:  # also Ctrl-C: the file would stay claimed
        database.close()
        raise
    return database


def _prepare(database: SqlDatabase, settings: Settings) -> None:
    # Before migrating: a second process must not change the schema under the first.
    database.claim_file()
    if database.is_sqlite:
        schema.migrate(database)
    schema.require_current(database)
    with database.writing() as session:
        require_keys(session, make_key_ring(settings), now=make_clock().now_in(session))


def make_prompt() -> None:
    """Set the interpreter up for quick responses; called once, when everything that lasts is made.

    A full garbage collection walks all of that and stops every thread, for 100 ms and more on a slow machine. And
    a thread that must answer at once should not wait 5 ms each time until a busy thread releases the interpreter.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_INTERVAL)
