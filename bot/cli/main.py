"""The command line: `cardops <command>`. Exit status 0 fine, 1 found something wrong, 2 usage or settings."""

import argparse
import os
import sys
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy.exc import SQLAlchemyError

from bot.cli import (
    audit,
    backup,
    books,
    check,
    completion,
    configuration,
    database,
    deliveries,
    doctor,
    evidence,
    example,
    imports,
    init,
    keys,
    manifest,
    migrate,
    passkey,
    policy,
    requests,
    retention,
    routes,
    run,
    support_bundle,
    webhooks,
)
from bot.cli.shell import UNUSABLE, WRONG, CommandFunction, complain, mention
from bot.database.backup import StillConnected
from bot.database.engine import FileUnusable, SecondProcess
from bot.database.key_check import KeysDoNotFit
from bot.database.schema import DatabaseMoved, DatabaseNewer, NotMigrated, SchemaIncomplete
from bot.settings.cardops_yml import ConfigUnusable
from bot.settings.environment import SettingsUnusable
from bot.settings.setup import SetupUnusable

# In the order in which `cardops --help` lists them.
NOUNS = (
    init,
    run,
    doctor,
    migrate,
    manifest,
    policy,
    audit,
    keys,
    passkey,
    requests,
    evidence,
    deliveries,
    books,
    imports,
    check,
    retention,
    backup,
    database,
    example,
    configuration,
    routes,
    webhooks,
    support_bundle,
    completion,
)


_SETTINGS, _SETTINGS_HINT = "The settings cannot be used:", "They come from the environment and .env."
_INCOMPLETE = "The database says that it is migrated, and these parts of it are missing:"
_CONFIG = "The configuration cannot be used:"
_KEYS_HINT = (
    "Nothing was written. Set the keys that this database was used with, or look at DATABASE_URL; "
    "`cardops keys list` prints the ids of those that are set."
)
_HEADLINES: dict[type[Exception], tuple[str, str]] = {
    SettingsUnusable: (_SETTINGS, _SETTINGS_HINT),
    ConfigUnusable: (_CONFIG, ""),
    KeysDoNotFit: ("The keys do not belong to this database:", _KEYS_HINT),
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status."""
    chosen = _make_parser().parse_args(arguments)
    try:
        return _do(chosen)
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        # Else Python fails once more, when it flushes stdout at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WRONG
    except KeyboardInterrupt:
        mention("\nStopped. What was done until here is kept.")
        return WRONG


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cardops", description="A card programme on Paytend, run from Slack.")
    parser.add_argument("--version", action="version", version=f"cardops {_read_version()}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="<command>")
    for noun in NOUNS:
        noun.add_to(commands)
    return parser


def _read_version() -> str:
    try:
        return version("cardops")
    except PackageNotFoundError:  # run from its sources, without being installed
        return "(not installed)"


def _do(chosen: argparse.Namespace) -> int:
    """Run the command; what an operator can fix is explained, with status 2."""
    act: CommandFunction = chosen.act
    try:
        return act(chosen)
    except SetupUnusable as error:
        if error.settings:
            complain(_SETTINGS, error.settings, _SETTINGS_HINT)
        return complain(_CONFIG, error.config) if error.config else UNUSABLE
    except (SettingsUnusable, ConfigUnusable, KeysDoNotFit) as error:
        headline, hint = _HEADLINES[type(error)]
        return complain(headline, error.problems, hint)
    except SchemaIncomplete as error:
        return complain(_INCOMPLETE, error.missing, "Restore a backup, or ask for help with this list.")
    except (SecondProcess, StillConnected, NotMigrated, DatabaseMoved, DatabaseNewer) as error:
        return complain(" ".join(str(error.__doc__).split()), [], "")
    except FileUnusable as error:
        return complain(f"The database cannot be used: {error}", [], "Look at DATABASE_URL.")
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
        return complain(f"The database cannot be used: {reason}", [], "Look at DATABASE_URL.")
