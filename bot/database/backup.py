"""Backups: copying a running SQLite database, restoring a copy, and turning what was open in it into unknown.

PostgreSQL has programs of its own for both; here are their command lines.
"""

import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, text
from sqlmodel import Session

from approvals.context import ApprovalContext
from approvals.execution import after_restore
from approvals.execution.after_restore import RestoredCounts
from bot.database import schema
from bot.database.engine import SqlDatabase, sqlite_module
from notifier.outbox import recovery

_TABLES = {"alembic_version", "approval_request", "audit_event", "delivery", "inbox_event"}
_BESIDE = ("-wal", "-shm", "-journal")  # suffixes of the files that SQLite keeps next to a database


class NotABackup(Exception):
    """The file is not a sound backup of cardops; the message says why."""


class StillConnected(Exception):
    """Others are connected to this database. End every bot first: one that runs sends what is open."""


def back_up(database: SqlDatabase, to: Path) -> None:
    """Write a copy of a running SQLite database to a new file that only its owner may read; raises NotABackup."""
    module = sqlite_module()
    to.touch(mode=0o600, exist_ok=False)  # VACUUM INTO takes an empty file
    try:
        with closing(module.connect(str(database.url.database), timeout=15)) as connection:
            connection.execute("VACUUM INTO ?", (str(to),))
        examine(to)
    except (module.Error, NotABackup) as error:  # such as a full disk: half a backup is worse than none
        to.unlink()
        raise NotABackup(f"it could not be written ({error})") from error


def examine(file: Path) -> None:
    """Check that a file is a sound SQLite database of ours; raises NotABackup."""
    module = sqlite_module()
    if not file.is_file():
        raise NotABackup("there is no such file")
    try:
        # Read only: SQLite would otherwise finish what is in a log beside the backup, and so change it.
        with closing(module.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            said = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
            names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if said != ["ok"]:
                raise NotABackup(f"it is damaged: {said[0]}")
            if missing := _TABLES - names:
                raise NotABackup(f"it is no database of cardops: {', '.join(sorted(missing))} missing")
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("none",)
    except module.DatabaseError as error:
        raise NotABackup(f"it is no SQLite database ({error})") from error
    if not schema.knows(revision):
        raise NotABackup(f"it has revision {revision}, which this version does not know: use the newer one")


@contextmanager
def prepared(file: Path, *, database: SqlDatabase) -> Iterator[SqlDatabase]:
    """Copy a backup next to the database, to be migrated and doubted before it takes its place.

    A bot that is started in between finds the former database, never one whose open requests look unsent.
    """
    place = Path(str(database.url.database))
    fresh = place.with_name(f"{place.name}.restoring")
    _remove(fresh)
    shutil.copyfile(file, fresh)
    fresh.chmod(0o600)  # it contains personal data, whatever the mode of the backup was
    copy = SqlDatabase(f"sqlite:///{fresh}")
    try:
        yield copy
    finally:
        copy.close()


def put_in_place(fresh: SqlDatabase, *, database: SqlDatabase, now: datetime) -> Path | None:
    """Replace the database with a prepared copy; return where the former one was kept, if there was one.

    The caller has claimed the file (`SqlDatabase.claim_file`), so that no bot runs on it.
    """
    copy, place = Path(str(fresh.url.database)), Path(str(database.url.database))
    fresh.close()
    _fold_log_in(copy)
    # On the disk before it has the name: after a power cut the name must not lead to half a database.
    _sync(copy)
    kept = None  # the former database stays beside the new one: a restore can be a mistake
    if place.exists():
        kept = place.with_name(f"{place.name}.before-{now:%Y%m%dT%H%M%SZ}")
        _fold_log_in(place)
        # A second name, and `replace` below takes the first one: at no moment is there no database.
        kept.hardlink_to(place)
        log = place.with_name(f"{place.name}-wal")
        if log.exists():  # only a damaged file still has one: its log could not be folded in
            log.rename(kept.with_name(f"{kept.name}-wal"))
    for suffix in _BESIDE:
        place.with_name(place.name + suffix).unlink(missing_ok=True)
    copy.replace(place)
    _remove(copy)
    _sync(place.parent)
    return kept


def doubt(session: Session, context: ApprovalContext, *, now: datetime) -> tuple[RestoredCounts, int]:
    """Turn what was open when the backup was taken into unknown; return the requests, and how many deliveries."""
    deliveries = recovery.doubt_all(
        session
    )  # first: the moves below enqueue new deliveries, which are not in doubt
    return after_restore.mark_open_requests(session, context, now=now), deliveries


def require_alone(session: Session) -> None:
    """Check that nobody else is connected to this PostgreSQL database; raises StillConnected."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() "
        # Of other roles nobody but a superuser sees more than that there is a user.
        "AND (backend_type = 'client backend' OR (backend_type IS NULL AND usesysid IS NOT NULL))"
    )
    if session.connection().execute(others).scalar_one():
        raise StillConnected


def write_pg_dump(url: URL, to: Path) -> str:
    """Return the command that backs up a PostgreSQL database; the password comes from PGPASSWORD."""
    return shlex.join(["pg_dump", "--format=custom", f"--file={to}", f"--dbname={_plain(url)}"])


def write_pg_restore(url: URL, file: Path) -> str:
    """Return the command that restores a PostgreSQL database."""
    # In one transaction: a restore that fails leaves the former database as it was.
    # Owned by who restores it; `cardops migrate` grants the bot what it needs.
    options = [
        "--clean",
        "--if-exists",
        "--no-owner",
        "--no-privileges",
        "--single-transaction",
        f"--dbname={_plain(url)}",
    ]
    return shlex.join(["pg_restore", *options, str(file)])


def _plain(url: URL) -> str:
    # Everybody on the machine can read the arguments of a running program.
    # Of the options only what the programs of PostgreSQL know, and no password.
    url = url.difference_update_query(["password", "sslpassword", "passfile", "prepare_threshold"])
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _fold_log_in(place: Path) -> None:
    """Write the write-ahead log into the database file, so that the kept file is complete."""
    module = sqlite_module()
    try:
        with closing(module.connect(str(place), timeout=15)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except module.DatabaseError:
        return  # the file is damaged, which may be why a backup is restored; it is kept as it is


def _remove(path: Path) -> None:
    """Remove a database file, left by a restore that was stopped, and SQLite's files next to it."""
    for suffix in ("", *_BESIDE):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
