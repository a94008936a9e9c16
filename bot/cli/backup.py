"""`cardops backup` and `cardops restore`."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from approvals.audit import verification
from approvals.audit.witness import RESTORED
from bot.cli.installation import Installation, open_installation
from bot.cli.shell import FINE, WRONG, Commands, add_command, complain, say, show_progress
from bot.database import backup as database_backup
from bot.database import schema
from bot.database.invariants import write_range

_NOTHING_CAME = "Run pg_restore into the database of DATABASE_URL and look at what it says. Nothing was changed."


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
    """Copy a SQLite database; for PostgreSQL print the command that does it."""
    file: Path = chosen.file
    with open_installation(writes=True) as installation:
        if not installation.database.is_sqlite:
            command = database_backup.write_pg_dump(installation.owner_url, file)
            return complain("PostgreSQL is backed up by its own program; nothing was written:", [command])
        if file.exists() or not file.parent.is_dir():
            return complain(f"{file}: a backup is a new file in a folder that exists.")
        with installation.database.writing() as session:
            # Before copying: no copy exists without an event, and the copy itself contains it.
            installation.note(session, "database:backed_up", subject="database", facts={"to": str(file)})
        show_progress("Copying")
        try:
            database_backup.back_up(installation.database, file)
        except database_backup.NotABackup as error:
            sys.stderr.write(f"{file}: {error}\n")
            return WRONG
    say(f"{file}: {file.stat().st_size:,} bytes, sound. What is sealed in it needs CARDOPS_SECRET_KEYS.")
    return FINE


def restore(chosen: argparse.Namespace) -> int:
    """Put a backup in place, and turn what was open in it into unknown: it may have been sent since."""
    if chosen.after_pg_restore:
        return _after_pg_restore()
    file: Path = chosen.file
    # A database that is damaged, or of another version, is a reason to restore one.
    with open_installation(current=False) as installation:
        if not installation.database.is_sqlite:
            command = database_backup.write_pg_restore(installation.owner_url, file)
            lines = [command, "cardops migrate", "cardops restore --after-pg-restore"]
            return complain("PostgreSQL is restored by its own program; nothing was done. Run:", lines)
        # Before anything else: a running bot would write on into the file that is replaced.
        installation.database.claim_file()
        try:
            database_backup.examine(file)
        except database_backup.NotABackup as error:
            complain(f"{file}: {error}.", [], "Nothing was changed.")
            return WRONG
        show_progress("The backup is sound; putting it back")
        with database_backup.prepared(file, database=installation.database) as fresh:
            schema.migrate(fresh)
            _doubt(replace(installation, database=fresh), source=str(file))
            kept = database_backup.put_in_place(
                fresh, database=installation.database, now=installation.clock.now()
            )
    if kept is not None:
        say(f"The database that stood here was kept as {kept}.")
    return FINE


def _after_pg_restore() -> int:
    with open_installation() as installation:
        if installation.database.is_sqlite:
            return complain("DATABASE_URL names a SQLite file.", [], "Use: cardops restore FILE")
        with installation.database.reading() as session:
            database_backup.require_alone(session)
        installation.database.engine.dispose()
        with installation.database.reading() as session:
            verified = verification.verify(session, key=installation.audit_key)
        if not verified.head.seq:
            complain("There is nothing in this database: its trail is empty.", [], _NOTHING_CAME)
            return WRONG
        _doubt(installation, source="pg_restore")
    if not verified.is_intact:
        broken = [f"{write_range(each)}: {each.words}" for each in verified.open_breaks]
        complain("What was restored has a broken trail:", broken, "Look into it before you start the bot.")
        return WRONG
    say(f"Its trail holds: {verified.head.seq} events, head {verified.head.hash}")
    return FINE


def _doubt(installation: Installation, *, source: str) -> None:
    installation.require_keys()
    context = installation.make_approval_context(installation.read_config())
    with installation.database.writing() as session:
        doubted, deliveries = database_backup.doubt(session, context, now=installation.clock.now_in(session))
        facts = {
            "from": source,
            "unknown": doubted.unknown,
            "ended": doubted.ended,
            "deliveries_doubted": deliveries,
        }
        installation.note(session, RESTORED, subject="database", facts=facts)
    say(
        f"{doubted.unknown} approved or executing requests are unknown now, and Paytend is asked about them; "
        f"{doubted.ended} pending ones ended; {deliveries} waiting deliveries are looked for before they are made."
    )
