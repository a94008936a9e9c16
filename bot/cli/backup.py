"""`cardops backup` and `cardops restore`."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from bot.cli.shell import FINE, WRONG, Commands, Installation, add_command, complain, opened, progress, say
from bot.database import backup as restoring
from bot.database import schema


def add_to(commands: Commands) -> None:
    """Add the two commands."""
    taken = add_command(commands, "backup", backup, "copy the database of a running bot to a new file")
    taken.add_argument("file", type=Path, help="the file to write")
    put = add_command(commands, "restore", restore, "put a backup back; what was open in it is doubted")
    which = put.add_mutually_exclusive_group(required=True)
    which.add_argument("file", type=Path, nargs="?", help="what `cardops backup` has written (SQLite)")
    which.add_argument(
        "--after-pg-restore", action="store_true", help="PostgreSQL: only doubt what was open, after pg_restore"
    )


def backup(chosen: argparse.Namespace) -> int:
    """Copy a SQLite database; for PostgreSQL say which command does it."""
    file: Path = chosen.file
    with opened() as place:
        if not place.database.is_sqlite:
            command = restoring.write_pg_dump(place.database.url, file)
            return complain("PostgreSQL is backed up by its own program; nothing was written:", [command])
        if file.exists() or not file.parent.is_dir():
            return complain(f"{file}: a backup is a new file in a folder that exists.")
        with place.database.writing() as session:
            place.note(session, "database:backed_up", subject="database", facts={"to": str(file)})
        progress("Copying")
        try:
            restoring.back_up(place.database, file)
        except restoring.NotABackup as error:
            sys.stderr.write(f"{file}: {error}\n")
            return WRONG
    say(f"{file}: {file.stat().st_size:,} bytes, sound. What is sealed in it needs CARDOPS_SECRET_KEYS.")
    return FINE


def restore(chosen: argparse.Namespace) -> int:
    """Put a backup back and doubt what was open in it."""
    if chosen.after_pg_restore:
        return _after_pg_restore()
    file: Path = chosen.file
    with opened(current=False) as place:
        if not place.database.is_sqlite:
            command = restoring.write_pg_restore(place.database.url, file)
            lines = [command, "cardops migrate", "cardops restore --after-pg-restore"]
            return complain("PostgreSQL is restored by its own program; nothing was done. Run:", lines)
        place.database.claim_file()
        try:
            restoring.examine(file)
        except restoring.NotABackup as error:
            complain(f"{file}: {error}.", [], "Nothing was changed.")
            return WRONG
        progress("The backup is sound; putting it back")
        with restoring.prepared(file, database=place.database) as fresh:
            schema.migrate(fresh)
            _doubt(replace(place, database=fresh), source=str(file))
            kept = restoring.put_in_place(fresh, database=place.database, now=place.clock.now())
    if kept is not None:
        say(f"The database that stood here was kept as {kept}.")
    return FINE


def _after_pg_restore() -> int:
    with opened() as place:
        if place.database.is_sqlite:
            return complain("DATABASE_URL names a SQLite file.", [], "Use: cardops restore FILE")
        with place.database.reading() as session:
            restoring.require_alone(session)
        place.database.engine.dispose()
        _doubt(place, source="pg_restore")
    return FINE


def _doubt(place: Installation, *, source: str) -> None:
    context = place.make_desk(place.read_config())
    with place.database.writing() as session:
        doubted, deliveries = restoring.doubt(session, context, now=place.clock.now())
        facts = {
            "from": source,
            "unknown": doubted.unknown,
            "ended": doubted.ended,
            "deliveries_doubted": deliveries,
        }
        place.note(session, "database:restored", subject="database", facts=facts)
    say(
        f"{doubted.unknown} approved or executing requests are unknown now, and Paytend is asked about them; "
        f"{doubted.ended} pending ones ended; {deliveries} waiting deliveries are looked for before they are made."
    )
