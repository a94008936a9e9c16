"""`cardops run`: runs the bot until Ctrl-C or SIGTERM."""

import argparse
import gc
import signal
import sys
import threading
from collections.abc import Callable

from bot.cli.installation import make_key_ring
from bot.cli.shell import FINE, Commands, add_command, complain
from bot.clock import make_clock
from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.database.key_check import require_keys
from bot.http.server import Server
from bot.logs import start_logging
from bot.settings.cardops_yml import read_config
from bot.settings.environment import Settings, read_own_settings
from bot.slack.access import InstalledOrgWide
from bot.slack.edge import is_instant
from bot.wiring.clients import TEMPLATES
from bot.wiring.compose import compose, make_pools
from notifier.rendering.renderer import Renderer

_ONE_WORKSPACE = "Install the app in that workspace, and set SLACK_BOT_TOKEN to the token that Slack shows there."
SWITCH_INTERVAL = 0.001  # seconds; Python's own 0.005 kept acknowledgements waiting in a flood (ADR 11)


def add_to(commands: Commands) -> None:
    """Add the command."""
    add_command(commands, "run", run, "run the bot until Ctrl-C or SIGTERM")


def run(_chosen: argparse.Namespace) -> int:
    """Run the bot."""
    return run_bot(lambda: Renderer(TEMPLATES))


def run_bot(make_renderer: Callable[[], Renderer]) -> int:
    """Run the bot with these templates until SIGINT or SIGTERM; return the exit status."""
    settings = read_own_settings()
    config = read_config(settings.CARDOPS_CONFIG)
    start_logging(settings.CARDOPS_LOG_FORMAT)
    database = open_database(settings)
    ended = threading.Event()
    # Before composing, which takes a second: a stop that comes meanwhile is obeyed once the bot runs.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        bot = compose(
            settings, config, clock=make_clock(), pools=make_pools(), database=database, renderer=make_renderer()
        )
    except InstalledOrgWide as error:
        return complain(f"{error}, and cardops works for one workspace.", [], _ONE_WORKSPACE)
    host, port = settings.listen
    server = Server(bot.web, host=host, port=port, is_instant=is_instant)
    make_prompt()
    bot.start()
    try:
        # After the bot: what is accepted from now on needs its threads.
        server.start()
    except OSError as error:
        bot.stop()
        return complain(f"Cannot listen on {settings.CARDOPS_LISTEN}: {error}.", [], "Look at CARDOPS_LISTEN.")
    mode = "Socket Mode" if settings.socket_mode else "HTTP"
    sys.stderr.write(f"cardops listens on http://{host}:{server.port} ({mode}). Ctrl-C ends it.\n")
    ended.wait()
    sys.stderr.write("Finishing what is in hand…\n")
    # The server first: what it has accepted still needs the bot.
    server.stop()
    bot.stop()
    return FINE


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
