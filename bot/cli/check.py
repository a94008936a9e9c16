"""`cardops check`: whether what must always be true is true; safe beside a running bot."""

import argparse
import sys

from bot.cli.audit import tell_reached
from bot.cli.shell import FINE, WRONG, Commands, add_command, opened, say
from bot.database import invariants


def add_to(commands: Commands) -> None:
    """Add the command."""
    add_command(commands, "check", check, "check what must always be true: quorum, references, an unbroken trail")


def check(_chosen: argparse.Namespace) -> int:
    """Print each invariant and what breaks it; 1 when anything does."""
    wrong = False
    with opened() as place, place.database.reading() as session:
        checks = invariants.examine(session, audit_key=place.audit_key, now=place.clock.now(), tell=tell_reached)
        for found in checks:
            say(f"{'wrong' if found.broken else 'ok':<6}{found.name}")
            for words in found.broken:
                sys.stderr.write(f"  {words}\n")
            wrong = wrong or bool(found.broken)
    return WRONG if wrong else FINE
