"""`cardops check`: checks the invariants of the database; safe beside a running bot, as it only reads."""

import argparse
import sys

from bot.cli.audit import read_head, show_verified
from bot.cli.installation import open_installation
from bot.cli.shell import FINE, WRONG, Commands, add_command, say
from bot.database import invariants


def add_to(commands: Commands) -> None:
    """Add the command."""
    words = "check what must always be true: rows that the trail proves, quorum, an unbroken trail"
    parser = add_command(commands, "check", check, words)
    parser.add_argument(
        "--told", type=read_head, metavar="NUMBER:HASH", help="a head that was told before: shows a cut tail"
    )


def check(chosen: argparse.Namespace) -> int:
    """Print each invariant and what breaks it; status 1 when anything does."""
    wrong = False
    with open_installation(guarded=False) as installation, installation.database.reading() as session:
        means = invariants.CheckContext(
            audit_key=installation.audit_key,
            macs=installation.macs,
            vault=installation.vault,
            now=installation.clock.now_in(session),
            told=chosen.told,
        )
        checks = invariants.examine(session, means, report=show_verified)
        for found in checks:
            say(f"{'wrong' if found.broken else 'ok':<6}{found.name}")
            for words in found.broken:
                sys.stderr.write(f"  {words}\n")
            wrong = wrong or bool(found.broken)
    return WRONG if wrong else FINE
