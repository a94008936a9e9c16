"""The command line: `cardops <command>`. Exit status 0 fine, 1 found something wrong, 2 usage or settings."""

import argparse
import base64
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from approvals import audit
from bot import doctor, schema
from bot.clock import make_clock
from bot.composition import TEMPLATES, SlackUnusable, compose, make_patient, make_pools
from bot.config import ConfigUnusable, read_config
from bot.database import Database, FileUnusable, SecondProcess
from bot.listening import is_instant
from bot.logs import start_logging
from bot.manifest import write_manifest
from bot.server import Server
from bot.settings import Settings, SettingsUnusable, read_settings
from notifier.rendering import Renderer
from notifier.vault import KEY_BYTES

FINE, WRONG, UNUSABLE = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status."""
    parser = _make_parser()
    chosen = parser.parse_args(arguments)
    act: Callable[[argparse.Namespace], int] = chosen.act
    try:
        return act(chosen)
    except SettingsUnusable as error:
        return _complain(
            "The settings cannot be used:", error.problems, "They come from the environment and .env."
        )
    except ConfigUnusable as error:
        return _complain("The configuration cannot be used:", error.problems, "")
    except SecondProcess as error:
        return _complain(" ".join(str(error.__doc__).split()), [], "")
    except FileUnusable as error:
        return _complain(f"The database cannot be used: {error}", [], "Look at DATABASE_URL.")
    except schema.NotMigrated as error:
        return _complain(str(error.__doc__), [], "")
    except SlackUnusable as error:
        return _complain(
            str(error), [], "Look at OAuth & Permissions of the Slack app, and at SLACK_API_BASE_URL."
        )
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
        return _complain(f"The database cannot be used: {reason}", [], "Look at DATABASE_URL.")


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cardops", description="A card programme on Paytend, run from Slack.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="<command>")

    def add(name: str, act: Callable[[argparse.Namespace], int], words: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=words, description=words)
        command.set_defaults(act=act)
        return command

    add("run", run, "run the bot until Ctrl-C or SIGTERM")
    add("doctor", run_doctor, "say whether everything is set up and works")
    add("migrate", migrate, "bring the database to the shape that this version needs")
    manifest = add("manifest", show_manifest, "print the manifest of the Slack app")
    manifest.add_argument("--url", help="the public address of the web edge, such as https://cardops.example.com")
    manifest.add_argument("--socket-mode", action="store_true", help="for Socket Mode instead of HTTP")
    _add_group(commands, "policy", {"check": (check_policy, "say whether cardops.yml can be used")})
    _add_group(commands, "audit", {"verify": (verify_audit, "find the first broken link of the trail")})
    _add_group(commands, "keys", {"new": (new_key, "print a new key for CARDOPS_SECRET_KEYS")})
    return parser


def _add_group(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    members: dict[str, tuple[Callable[[argparse.Namespace], int], str]],
) -> None:
    words = "; ".join(f"{member}: {does}" for member, (_, does) in members.items())
    group = commands.add_parser(name, help=words).add_subparsers(required=True, metavar="<command>")
    for member, (act, does) in members.items():
        group.add_parser(member, help=does, description=does).set_defaults(act=act)


def _settings() -> Settings:
    return read_settings(os.environ, env_file=Path(".env"))


def run(_chosen: argparse.Namespace) -> int:
    """Run the bot until it is told to end."""
    settings = _settings()
    config = read_config(settings.CARDOPS_CONFIG)
    start_logging(settings.CARDOPS_LOG_FORMAT)
    database = Database(settings.DATABASE_URL)
    database.claim_file()
    if database.is_sqlite:
        schema.migrate(database)
    schema.require_current(database)
    told_to_end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told_to_end.set())
    renderer = Renderer(TEMPLATES)
    bot = compose(settings, config, clock=make_clock(), pools=make_pools(), database=database, renderer=renderer)
    host, port = settings.listen
    server = Server(bot.web, host=host, port=port, is_instant=is_instant)
    bot.start()
    try:
        server.start()
    except OSError as error:
        bot.stop()
        return _complain(f"Cannot listen on {settings.CARDOPS_LISTEN}: {error}.", [], "Look at CARDOPS_LISTEN.")
    mode = "Socket Mode" if settings.socket_mode else "HTTP"
    sys.stderr.write(f"cardops listens on http://{host}:{server.port} ({mode}). Ctrl-C ends it.\n")
    told_to_end.wait()
    sys.stderr.write("Finishing what is in hand…\n")
    server.stop()
    bot.stop()
    return FINE


def run_doctor(_chosen: argparse.Namespace) -> int:
    """Run the doctor's checks, beside a running bot or without one, and print each as it comes."""
    settings = _settings()
    config = read_config(settings.CARDOPS_CONFIG)
    database = Database(settings.DATABASE_URL)
    wrong = False
    try:
        with make_patient(settings, config, clock=make_clock(), database=database) as patient:
            for row in doctor.examine(patient):
                sys.stdout.write(f"{row['state']:<6}{row['name']:<10}{row['says']}\n")
                sys.stdout.write(f"{'':<16}-> {row['next']}\n" if row["next"] else "")
                sys.stdout.flush()
                wrong = wrong or row["state"] == doctor.State.WRONG
    finally:
        database.close()
    return WRONG if wrong else FINE


def migrate(_chosen: argparse.Namespace) -> int:
    """Apply the migrations."""
    database = Database(_settings().DATABASE_URL)
    try:
        database.claim_file()
        sys.stdout.write(f"The database is at revision {schema.migrate(database)}.\n")
    finally:
        database.close()
    return FINE


def show_manifest(chosen: argparse.Namespace) -> int:
    """Print the manifest."""
    if chosen.url and not chosen.url.startswith("https://"):
        return _complain(f"--url {chosen.url}: Slack takes only an address that starts with https://.", [], "")
    sys.stdout.write(write_manifest(url=chosen.url, socket_mode=chosen.socket_mode))
    return FINE


def check_policy(_chosen: argparse.Namespace) -> int:
    """Check cardops.yml, named by CARDOPS_CONFIG, without any other setting."""
    path = Path(os.environ.get("CARDOPS_CONFIG", "cardops.yml"))
    if not path.exists():
        return _complain(f"{path}: there is no such file.", [], "Set CARDOPS_CONFIG, or write one.")
    try:
        config = read_config(path)
    except ConfigUnusable as error:
        _complain(f"{path} cannot be used:", error.problems, "")
        return WRONG
    sys.stdout.write(
        f"{path}: {len(config.policy)} rules, {len(config.limits)} limits, {len(config.routes)} routes.\n"
    )
    return FINE


def verify_audit(_chosen: argparse.Namespace) -> int:
    """Walk the trail and say where it breaks."""
    settings = _settings()
    database = Database(settings.DATABASE_URL)
    try:
        schema.require_current(database)
        with database.reading() as session:
            verified = audit.verify(session, key=audit.make_key(settings.CARDOPS_SECRET_KEYS[-1]))
    finally:
        database.close()
    if verified.is_intact:
        sys.stdout.write(f"The trail holds: {verified.head.seq} events, head {verified.head.hash}\n")
        return FINE
    sys.stderr.write(f"The trail is broken at event {verified.broken_at}: {verified.words}\n")
    return WRONG


def new_key(_chosen: argparse.Namespace) -> int:
    """Print a new key."""
    sys.stdout.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
    return FINE


def _complain(headline: str, problems: list[str], hint: str) -> int:
    lines = [headline, *(f"  - {problem}" for problem in problems), *([hint] if hint else [])]
    sys.stderr.write("\n".join(lines) + "\n")
    return UNUSABLE
