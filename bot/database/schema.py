"""The schema: all tables, the migrations that make them, and the triggers that guard them."""

from collections.abc import Sequence
from contextlib import nullcontext
from tempfile import TemporaryDirectory

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, inspect, select, text
from sqlmodel import SQLModel, col

import approvals.books.tables
import approvals.step_up.tables
import approvals.tables
import bot.database.tables
import notifier.balance.tables
import notifier.inbox.tables
import notifier.outbox.tables
import notifier.routing.tables
from approvals.database_guards import trigger_sql
from bot.database.bot_role import revoke_from_public
from bot.database.engine import SqlDatabase
from bot.database.postgresql import without_limits
from bot.database.tables import SchemaCompatibility

TABLES = (
    approvals.tables,
    approvals.books.tables,
    approvals.step_up.tables,
    bot.database.tables,
    notifier.routing.tables,
    notifier.balance.tables,
    notifier.inbox.tables,
    notifier.outbox.tables,
)  # importing them fills the metadata
MOVED = 0x6D6F7665  # the user version of a SQLite file whose rows were moved to PostgreSQL
_LOCK = 7_104_227  # any number; only one process migrates at a time


class NotMigrated(Exception):
    """The database has not the shape that this version needs. Run: cardops migrate."""


class DatabaseMoved(Exception):
    """This database was moved to PostgreSQL, and nothing may be written to the old file. Look at DATABASE_URL."""


class DatabaseNewer(Exception):
    """The database is newer than this program, in a way that it cannot use. Run the newer version."""


class SchemaIncomplete(Exception):
    """The database says that it is migrated, and parts are missing; `missing` names them."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(", ".join(missing))
        self.missing = list(missing)


def metadata() -> MetaData:
    """Return all tables."""
    return SQLModel.metadata


def migrate(database: SqlDatabase) -> str:
    """Apply all migrations in one transaction, and return the revision; a newer database stays as it is.

    Raises DatabaseNewer.
    """
    with database.writing() as session:
        connection = session.connection()
        limits = nullcontext() if database.is_sqlite else without_limits(connection.connection.driver_connection)
        with limits:
            if not database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            found = _find_revision(connection)
            if _is_newer(found):
                _require_compatible(connection)
                return found
            command.upgrade(_config(connection), "head")
            # Every time, so that the triggers of an earlier version are replaced.
            trigger_sql.install(connection)
            if not database.is_sqlite:
                revoke_from_public(connection)
            return MigrationContext.configure(connection).get_current_revision() or ""


def require_current(database: SqlDatabase, *, guarded: bool = True) -> None:
    """Check that the database has this version's schema, or a newer one that only adds to it, and all of it.

    Triggers may be missing unless it must be `guarded`. Raises DatabaseMoved, NotMigrated, DatabaseNewer and
    SchemaIncomplete.
    """
    with database.reading() as session:
        connection = session.connection()
        _require_not_moved(connection)
        found = _find_revision(connection)
        if _is_newer(found):
            _require_compatible(connection)
        elif found != newest():
            raise NotMigrated
        if missing := find_missing(connection, guards=guarded):
            raise SchemaIncomplete(missing)


def _require_not_moved(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA user_version").scalar() == MOVED:
        raise DatabaseMoved


def find_missing(connection: Connection, *, guards: bool = True) -> list[str]:
    """Return in words which tables, columns and, where `guards` count, triggers of this version are missing."""
    inspector = inspect(connection)
    columns = {
        name: {column["name"] for column in inspector.get_columns(name)} for name in inspector.get_table_names()
    }
    missing = []
    for name, table in sorted(metadata().tables.items()):
        if name not in columns:
            missing.append(f"table {name}")
        else:
            missing += [f"column {name}.{each.name}" for each in table.columns if each.name not in columns[name]]
    if missing or not guards:  # the triggers of a table that is not there are no news
        return missing
    return [f"trigger {fault}" for fault in trigger_sql.find_faults(connection) if fault.endswith("is missing")]


def _find_revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""


def _is_newer(revision: str) -> bool:
    return revision > (newest() or "")  # revisions are numbers of four digits


def _require_compatible(connection: Connection) -> None:
    """Check that a newer database only adds to what this version knows; raises DatabaseNewer."""
    if not inspect(connection).has_table(SchemaCompatibility.__tablename__):
        raise DatabaseNewer
    needs = connection.execute(select(col(SchemaCompatibility.needs))).scalar()
    if needs is None or _is_newer(needs):
        raise DatabaseNewer


def require_usable(database: SqlDatabase) -> None:
    """Check that the database is not older than this version, nor newer in a way that it cannot use.

    During a deploy the previous version goes on. Raises DatabaseMoved, NotMigrated and DatabaseNewer.
    """
    with database.reading() as session:
        connection = session.connection()
        _require_not_moved(connection)
        found = _find_revision(connection)
        if _is_newer(found):
            _require_compatible(connection)
    if found < (newest() or ""):
        raise NotMigrated


def newest() -> str | None:
    """Return the newest revision that this version knows."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def knows(revision: str) -> bool:
    """Whether a revision is one that this version can start from."""
    return revision in {script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()}


def write_migration(message: str, revision: str) -> None:
    """Write a migration from the newest revision to the tables as they are now; for developers."""
    with TemporaryDirectory() as folder:
        database = SqlDatabase(f"sqlite:///{folder}/migration.db")
        migrate(database)
        with database.writing() as session:
            command.revision(_config(session.connection()), message=message, rev_id=revision, autogenerate=True)
        database.close()


def differences(connection: Connection) -> list[object]:
    """Return how the database differs from the tables; a test checks that it does not."""
    return list(compare_metadata(MigrationContext.configure(connection), metadata()))


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", "bot.database:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata()
    return config
