"""Fresh databases for tests: SQLite in a temporary folder, and PostgreSQL at 127.0.0.1:5432."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlmodel import SQLModel

import approvals.triggers
import notifier.tables
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


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with all tables and triggers, of each kind."""
    name = _make_postgresql() if request.param == "postgresql" else ""
    url = f"postgresql+psycopg://postgres@127.0.0.1:5432/{name}" if name else f"sqlite:///{tmp_path}/test.db"
    database = Database(url)
    SQLModel.metadata.create_all(database.engine)
    with database.writing() as session:
        approvals.triggers.install(session.connection())
    yield database
    database.close()
    if name:
        _drop_postgresql(name)


assert notifier.tables  # its import is what registers the tables
