"""The command line: `cardops <command>`. Exit status 0 fine, 1 found something wrong, 2 usage or settings."""

import argparse
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from bot.cli import (
    audit,
    backup,
    check,
    configuration,
    deliveries,
    keys,
    policy,
    requests,
    retention,
    routes,
    webhooks,
)
from bot.cli.shell import FINE, WRONG, CommandFunction, add_command, complain
from bot.clock import make_clock
from bot.database import schema
from bot.database.backup import StillConnected
from bot.database.engine import FileUnusable, SecondProcess, SqlDatabase
from bot.doctor import table
from bot.http.server import Server
from bot.logs import start_logging
from bot.settings.cardops_yml import ConfigUnusable, read_config
from bot.settings.environment import SettingsUnusable, read_own_settings
from bot.slack.edge import is_instant
from bot.slack.manifest import write_manifest
from bot.wiring.clients import TEMPLATES, SlackUnusable
from bot.wiring.compose import compose, make_pools
from bot.wiring.doctor import open_doctor_context
from notifier.rendering.renderer import Renderer

SWITCH_INTERVAL = 0.001  # seconds


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status."""
    chosen = _make_parser().parse_args(arguments)
    try:
        return _do(chosen)
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WRONG
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. What was done until here is kept.\n")
        return WRONG


def _do(chosen: argparse.Namespace) -> int:
    """Run what was chosen; what an operator can mend is told with status 2."""
    act: CommandFunction = chosen.act
    try:
        return act(chosen)
    except SettingsUnusable as error:
        return complain("The settings cannot be used:", error.problems, "They come from the environment and .env.")
    except ConfigUnusable as error:
        return complain("The configuration cannot be used:", error.problems, "")
    except (SecondProcess, StillConnected) as error:
        return complain(" ".join(str(error.__doc__).split()), [], "")
    except FileUnusable as error:
        return complain(f"The database cannot be used: {error}", [], "Look at DATABASE_URL.")
    except schema.NotMigrated as error:
        return complain(str(error.__doc__), [], "")
    except SlackUnusable as error:
        return complain(str(error), [], "Look at OAuth & Permissions of the Slack app, and at SLACK_API_BASE_URL.")
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
        return complain(f"The database cannot be used: {reason}", [], "Look at DATABASE_URL.")


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cardops", description="A card programme on Paytend, run from Slack.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="<command>")

    add_command(commands, "run", run, "run the bot until Ctrl-C or SIGTERM")
    add_command(commands, "doctor", run_doctor, "say whether everything is set up and works")
    add_command(commands, "migrate", migrate, "bring the database to the shape that this version needs")
    manifest = add_command(commands, "manifest", show_manifest, "print the manifest of the Slack app")
    manifest.add_argument("--url", help="the public address of the web edge, such as https://cardops.example.com")
    manifest.add_argument("--socket-mode", action="store_true", help="for Socket Mode instead of HTTP")
    for noun in (
        policy,
        audit,
        keys,
        requests,
        deliveries,
        check,
        retention,
        backup,
        configuration,
        routes,
        webhooks,
    ):
        noun.add_to(commands)
    return parser


def run(_chosen: argparse.Namespace) -> int:
    """Run the bot until it is told to end."""
    return run_bot(lambda: Renderer(TEMPLATES))


def run_bot(make_renderer: Callable[[], Renderer]) -> int:
    """Run the bot with these templates until SIGINT or SIGTERM; return the exit status."""
    settings = read_own_settings()
    config = read_config(settings.CARDOPS_CONFIG)
    start_logging(settings.CARDOPS_LOG_FORMAT)
    database = SqlDatabase(settings.DATABASE_URL)
    database.claim_file()
    if database.is_sqlite:
        schema.migrate(database)
    schema.require_current(database)
    told_to_end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told_to_end.set())
    bot = compose(
        settings, config, clock=make_clock(), pools=make_pools(), database=database, renderer=make_renderer()
    )
    host, port = settings.listen
    server = Server(bot.web, host=host, port=port, is_instant=is_instant)
    make_prompt()
    bot.start()
    try:
        server.start()
    except OSError as error:
        bot.stop()
        return complain(f"Cannot listen on {settings.CARDOPS_LISTEN}: {error}.", [], "Look at CARDOPS_LISTEN.")
    mode = "Socket Mode" if settings.socket_mode else "HTTP"
    sys.stderr.write(f"cardops listens on http://{host}:{server.port} ({mode}). Ctrl-C ends it.\n")
    told_to_end.wait()
    sys.stderr.write("Finishing what is in hand…\n")
    server.stop()
    bot.stop()
    return FINE


def make_prompt() -> None:
    """Set the interpreter for answers that do not wait; called once, when all that lasts is made.

    A full garbage collection that walks all of that stops every thread, for 100 ms and more on a slow machine; and
    whoever must answer at once should not wait 5 ms each time until a busy thread lets go of the interpreter.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_INTERVAL)


def run_doctor(_chosen: argparse.Namespace) -> int:
    """Run the doctor's checks, beside a running bot or without one, and print each as it comes."""
    settings = read_own_settings()
    config = read_config(settings.CARDOPS_CONFIG)
    database = SqlDatabase(settings.DATABASE_URL)
    wrong = False
    try:
        with open_doctor_context(settings, config, clock=make_clock(), database=database) as doctor_context:
            for row in table.examine(doctor_context):
                sys.stdout.write(f"{row.state:<6}{row.name:<10}{row.says}\n")
                sys.stdout.write(f"{'':<16}-> {row.next}\n" if row.next else "")
                sys.stdout.flush()
                wrong = wrong or row.state is table.CheckState.WRONG
    finally:
        database.close()
    return WRONG if wrong else FINE


def migrate(_chosen: argparse.Namespace) -> int:
    """Apply the migrations."""
    database = SqlDatabase(read_own_settings().DATABASE_URL)
    try:
        database.claim_file()
        sys.stdout.write(f"The database is at revision {schema.migrate(database)}.\n")
    finally:
        database.close()
    return FINE


def show_manifest(chosen: argparse.Namespace) -> int:
    """Print the manifest."""
    if chosen.url and not chosen.url.startswith("https://"):
        return complain(f"--url {chosen.url}: Slack takes only an address that starts with https://.", [], "")
    sys.stdout.write(write_manifest(url=chosen.url, socket_mode=chosen.socket_mode))
    return FINE
