"""`cardops migrate`: applies the migrations of the database."""

import argparse

from sqlalchemy import make_url

from bot.cli.shell import FINE, Commands, add_command, say
from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.database.roles import grant_to_bot
from bot.settings.environment import read_own_settings


def add_to(commands: Commands) -> None:
    """Add the command."""
    add_command(commands, "migrate", migrate, "bring the database to the shape that this version needs")


def migrate(_chosen: argparse.Namespace) -> int:
    """Apply the migrations, and print the revision."""
    settings = read_own_settings()
    database = SqlDatabase(settings.DATABASE_OWNER_URL or settings.DATABASE_URL)
    try:
        database.claim_file()
        revision = schema.migrate(database)
        if settings.DATABASE_OWNER_URL:
            bot = make_url(settings.DATABASE_URL).username or ""
            with database.writing() as session:
                grant_to_bot(session.connection(), bot=bot)
        say(f"The database is at revision {revision}.")
    finally:
        database.close()
    return FINE
