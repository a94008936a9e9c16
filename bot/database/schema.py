"""The schema: all tables, the migrations that make them, and the triggers that guard them."""

from tempfile import TemporaryDirectory

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlmodel import SQLModel

import approvals.books.tables
import approvals.tables
import bot.database.tables
import notifier.balance.tables
import notifier.inbox.tables
import notifier.outbox.tables
import notifier.routing.tables
from approvals.database_guards import trigger_sql
from bot.database.bot_role import revoke_from_public
from bot.database.engine import SqlDatabase

TABLES = (
    approvals.tables,
    approvals.books.tables,
    bot.database.tables,
    notifier.routing.tables,
    notifier.balance.tables,
    notifier.inbox.tables,
    notifier.outbox.tables,
)  # importing them fills the metadata
_LOCK = 7_104_227  # any number; only one process migrates at a time


class NotMigrated(Exception):
    """The database has not the shape that this version needs. Run: cardops migrate."""


def metadata() -> MetaData:
    """Return all tables."""
    return SQLModel.metadata


def migrate(database: SqlDatabase) -> str:
    """Apply all migrations in one transaction, and return the revision."""
    with database.writing() as session:
        connection = session.connection()
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        command.upgrade(_config(connection), "head")
        # Every time, so that the triggers of an earlier version are replaced.
        trigger_sql.install(connection)
        if not database.is_sqlite:
            revoke_from_public(connection)
        return MigrationContext.configure(connection).get_current_revision() or ""


def require_current(database: SqlDatabase) -> None:
    """Check that the database has exactly this version's schema; raises NotMigrated."""
    with database.reading() as session:
        found = MigrationContext.configure(session.connection()).get_current_revision()
    if found != newest():
        raise NotMigrated


def require_usable(database: SqlDatabase) -> None:
    """Check that the database is not older than this version; raises NotMigrated.

    A newer one is fine for a bot that is already running, because schemas only grow: during a deploy the previous
    version goes on.
    """
    with database.reading() as session:
        found = MigrationContext.configure(session.connection()).get_current_revision()
    if found is None or found < (newest() or ""):  # revisions are numbers of four digits
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
