"""Fresh databases for tests: SQLite in a temporary folder, and PostgreSQL at 127.0.0.1:5432."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlmodel import SQLModel

from bot.database import schema
from bot.database.engine import SqlDatabase

SERVER = "host=127.0.0.1 port=5432 user=postgres dbname=postgres connect_timeout=3"


def _make_postgresql() -> str:
    name = f"cardops_test_{secrets.token_hex(6)}"
    try:
        with psycopg.connect(SERVER, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            # No test cuts this server's power, so none needs to wait for its disk.
            connection.execute(
                sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name))
            )
    except psycopg.OperationalError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("there is no PostgreSQL at 127.0.0.1:5432")
    return name


def _drop_postgresql(name: str) -> None:
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def fresh_url(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database of a kind, "sqlite" or "postgresql", which is dropped afterwards."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/test.db"
        return
    name = _make_postgresql()
    try:
        yield f"postgresql+psycopg://postgres@127.0.0.1:5432/{name}"
    finally:
        _drop_postgresql(name)


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[SqlDatabase]:
    """A database of a kind with all tables and triggers."""
    with fresh_url(kind, folder) as url:
        database = SqlDatabase(url)
        schema.migrate(database)
        try:
            yield database
        finally:
            database.close()


class Kept:
    """One SQLite database for all tests of a process: its file is replaced, and its engine stays.

    A new engine would compile every statement once more, which takes longer than most tests. `migrated` is the
    file with all tables and nothing in them, to be copied.
    """

    def __init__(self, folder: Path) -> None:
        """Make the file with all tables and triggers in an empty folder."""
        with fresh_database("sqlite", folder):
            pass
        self.folder = folder
        self.migrated = (folder / "test.db").rename(folder / "migrated.db")
        self._file = folder / "test.db"
        self.database = SqlDatabase(f"sqlite:///{self._file}")

    def renew(self) -> SqlDatabase:
        """Return the database with nothing in it, whatever was done to it before."""
        self.database.close()
        for path in self._file.parent.glob("test.db*"):
            path.unlink()
        shutil.copy(self.migrated, self._file)
        return self.database


def empty(database: SqlDatabase) -> None:
    """Delete all rows of a PostgreSQL database, which its triggers refuse to everybody but a replica.

    TRUNCATE takes fifty times as long for tables as small as these.
    """
    database.recollection.clear()  # else the trail would have lost its events
    deletions = [f"DELETE FROM {table.name}" for table in reversed(SQLModel.metadata.sorted_tables)]  # noqa: S608 - our own names
    with database.writing() as session:
        connection = session.connection()
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("; ".join(deletions))


KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
