"""`cardops migrate`: applies the migrations of the database."""

import argparse

from bot.cli.shell import FINE, Commands, add_command, say
from bot.database.owner import migrate_as_owner
from bot.settings.environment import read_own_settings


def add_to(commands: Commands) -> None:
    """Add the command."""
    add_command(commands, "migrate", migrate, "bring the database to the shape that this version needs")


def migrate(_chosen: argparse.Namespace) -> int:
    """Apply the migrations, and print the revision."""
    settings = read_own_settings()
    revision = migrate_as_owner(settings.DATABASE_URL, owner_url=settings.DATABASE_OWNER_URL)
    say(f"The database is at revision {revision}.")
    return FINE
