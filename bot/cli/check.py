"""`cardops check`: checks the invariants of the database; safe beside a running bot, as it only reads."""

import argparse
import sys

from bot.cli.audit import show_verified
from bot.cli.installation import open_installation
from bot.cli.shell import FINE, WRONG, Commands, add_command, say
from bot.database import invariants


def add_to(commands: Commands) -> None:
    """Add the command."""
    add_command(commands, "check", check, "check what must always be true: quorum, references, an unbroken trail")


def check(_chosen: argparse.Namespace) -> int:
    """Print each invariant and what breaks it; status 1 when anything does."""
    wrong = False
    with open_installation() as installation, installation.database.reading() as session:
        checks = invariants.examine(
            session, audit_key=installation.audit_key, now=installation.clock.now_in(session), report=show_verified
        )
        for found in checks:
            say(f"{'wrong' if found.broken else 'ok':<6}{found.name}")
            for words in found.broken:
                sys.stderr.write(f"  {words}\n")
            wrong = wrong or bool(found.broken)
    return WRONG if wrong else FINE
