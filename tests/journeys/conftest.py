"""The worlds of journeys, each on an empty database that was made once and is copied or emptied."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel

from approvals import audit
from bot.database import Database
from tests.databases import KINDS, fresh_database
from tests.journeys.payloads import problems_of
from tests.journeys.world import World, build_world

MakesWorld = Callable[..., AbstractContextManager[World]]


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with all tables, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    with fresh_database("sqlite", folder):
        pass
    return folder / "test.db"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Database]:
    """One PostgreSQL database for all journeys, because making one takes longer than most of them."""
    folder = Path()  # it needs none
    with fresh_database("postgresql", folder) as database:
        yield database


@pytest.fixture
def sqlite(sqlite_file: Path, tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database."""
    path = shutil.copy(sqlite_file, tmp_path / "test.db")
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Database:
    """An empty database of each kind."""
    found: Database = request.getfixturevalue(request.param)
    if request.param == "postgresql":
        empty(found)
    return found


def empty(database: Database) -> None:
    """Empty all tables, which their triggers refuse to everybody but a replica."""
    with database.writing() as session:
        session.connection().exec_driver_sql("SET LOCAL session_replication_role = replica")
        session.connection().exec_driver_sql(f"TRUNCATE {', '.join(SQLModel.metadata.tables)}")


@contextmanager
def checked_world(database: Database, folder: Path, **more: Any) -> Iterator[World]:
    """A world that at the end of every journey has valid payloads, balanced books and an unbroken trail."""
    with build_world(database, folder, **more) as world:
        yield world
        assert problems_of(world.slack) == []
        world.paytend.books.recount()
        with database.reading() as session:
            assert audit.verify(session, key=world.bot.parts.desk.audit_key).is_intact


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[World]:
    """The whole system in HTTP mode, on each database."""
    with checked_world(database, tmp_path) as world:
        yield world


@pytest.fixture
def sqlite_world(sqlite: Database, tmp_path: Path) -> Iterator[World]:
    """The whole system in HTTP mode on SQLite, for what does not depend on the database."""
    with checked_world(sqlite, tmp_path) as world:
        yield world


@pytest.fixture
def make_world(sqlite: Database, tmp_path: Path) -> MakesWorld:
    """Makes a world on SQLite with other settings; takes what build_world takes."""
    return lambda **more: checked_world(sqlite, tmp_path, **more)
