"""Fixtures: a database of each kind, and a world on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.database import Database
from tests.approvals.databases import drop_postgresql, empty, make_postgresql, make_sqlite
from tests.approvals.world import World


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Database]:
    """One PostgreSQL database for all tests of a run: making one takes longer than most of them."""
    database, name = make_postgresql()
    yield database
    database.close()
    drop_postgresql(name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with all tables and triggers, of each kind."""
    if request.param == "sqlite":
        database = make_sqlite(tmp_path)
        yield database
        database.close()
        return
    database = request.getfixturevalue("postgresql")
    empty(database)
    yield database


@pytest.fixture
def world(database: Database) -> World:
    """People around a desk, on each kind of database."""
    return World(database=database)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[World]:
    """People around a desk, on SQLite alone: for what does not depend on the database."""
    database = make_sqlite(tmp_path)
    yield World(database=database)
    database.close()
