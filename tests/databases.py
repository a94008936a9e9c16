"""Fresh databases for tests: SQLite in a temporary folder, and PostgreSQL at 127.0.0.1:5432."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from bot import schema
from bot.database import Database

SERVER = "host=127.0.0.1 port=5432 user=postgres dbname=postgres connect_timeout=3"


def _make_postgresql() -> str:
    name = f"cardops_test_{secrets.token_hex(6)}"
    try:
        with psycopg.connect(SERVER, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
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
def fresh_database(kind: str, folder: Path) -> Iterator[Database]:
    """A database of a kind with all tables and triggers."""
    with fresh_url(kind, folder) as url:
        database = Database(url)
        schema.migrate(database)
        try:
            yield database
        finally:
            database.close()


KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with all tables and triggers, of each kind."""
    with fresh_database(request.param, tmp_path) as database:
        yield database
