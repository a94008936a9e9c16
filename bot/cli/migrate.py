"""`cardops migrate`: applies the migrations of the database."""

import argparse

from bot.cli.shell import FINE, Commands, add_command, say
from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.settings.environment import read_own_settings


def add_to(commands: Commands) -> None:
    """Add the command."""
    add_command(commands, "migrate", migrate, "bring the database to the shape that this version needs")


def migrate(_chosen: argparse.Namespace) -> int:
    """Apply the migrations, and print the revision."""
    database = SqlDatabase(read_own_settings().DATABASE_URL)
    try:
        database.claim_file()
        say(f"The database is at revision {schema.migrate(database)}.")
    finally:
        database.close()
    return FINE
