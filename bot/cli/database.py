"""`cardops database`: the roles of PostgreSQL, and the move there when one process is no longer enough."""

import argparse
import sys
from dataclasses import replace

from sqlalchemy import make_url

from bot.cli.installation import open_installation
from bot.cli.shell import FINE, WRONG, Commands, add_group, complain, finish_progress, say, show_progress
from bot.database.engine import SqlDatabase
from bot.database.move import MoveRefused
from bot.database.move import move as move_rows
from bot.database.roles import RolesUnusable, find_roles, write_roles
from bot.settings.database_url import NotADatabaseUrl, check_database_url
from bot.settings.environment import read_own_settings


def add_to(commands: Commands) -> None:
    """Add the commands of the database."""
    parsers = add_group(
        commands,
        "database",
        {
            "move": (move, "copy a SQLite database to PostgreSQL, and retire the old file"),
            "roles": (
                roles,
                "print the SQL of the roles for PostgreSQL: an owner, and the bot, which owns nothing",
            ),
        },
    )
    parsers["move"].add_argument(
        "--to", required=True, metavar="URL", help="postgresql+psycopg://… as the owner of an empty database"
    )


def roles(_chosen: argparse.Namespace) -> int:
    """Print the SQL for the database and the roles of the two addresses."""
    settings = read_own_settings()
    url = make_url(settings.DATABASE_URL)
    owner_url = make_url(settings.DATABASE_OWNER_URL) if settings.DATABASE_OWNER_URL else None
    if url.get_backend_name() == "sqlite":
        return complain("DATABASE_URL names a SQLite file, which has no roles.", [], "Set it to PostgreSQL first.")
    owner, bot = find_roles(url, owner_url)
    try:
        sys.stdout.write(write_roles(database=str(url.database), owner=owner, bot=bot))
    except RolesUnusable as error:
        return complain(f"DATABASE_URL and DATABASE_OWNER_URL: {error}.", [], "Name two roles in them.")
    return FINE


def move(chosen: argparse.Namespace) -> int:
    """Copy every row, compare both sides, and mark the old file; interrupted, it goes on where it was."""
    try:
        target = SqlDatabase(check_database_url(chosen.to))
    except NotADatabaseUrl as error:
        return complain(f"--to: {error}", [], "Nothing was changed.")
    try:
        with open_installation(writes=True) as installation:
            # A running bot would write what is not copied any more.
            installation.database.claim_file()
            rows = move_rows(
                installation.database,
                target,
                report=lambda table, count: show_progress(f"{table}: {count:,} rows are there and compared"),
            )
            finish_progress()
            there = replace(installation, database=target)
            with target.writing() as session:
                there.note(session, "database:moved", subject="database", facts={"rows": rows})
    except MoveRefused as error:
        complain(f"The database was not moved: {error}.", [], "The old one is as it was, and still in use.")
        return WRONG
    finally:
        target.close()
    say(f"{rows:,} rows moved. The old file is kept, and no bot starts on it any more.")
    say("Next: set DATABASE_URL to the new database, as the bot's own role; run `cardops check`; start the bot.")
    return FINE
