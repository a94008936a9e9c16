"""What all tests share: one way to run hypothesis, reproducible in CI, and empty databases that are made once."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bot.database import Database
from tests.databases import KINDS, Kept, empty, fresh_database

settings.register_profile("default", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "default")


@pytest.fixture(scope="session")
def kept_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """The SQLite database of this process."""
    kept = Kept(tmp_path_factory.mktemp("kept"))
    yield kept
    kept.database.close()


@pytest.fixture(scope="session")
def kept_postgresql() -> Iterator[Database]:
    """The PostgreSQL database of this process, because making one takes longer than most tests."""
    nowhere = Path()  # it needs no folder
    with fresh_database("postgresql", nowhere) as database:
        yield database


@pytest.fixture
def sqlite(kept_sqlite: Kept) -> Iterator[Database]:
    """An empty SQLite database with all tables and triggers."""
    yield kept_sqlite.renew()
    kept_sqlite.database.close()


@pytest.fixture
def sqlite_folder(kept_sqlite: Kept) -> Path:
    """Where the file of the SQLite database is, with its journal."""
    return kept_sqlite.folder


@pytest.fixture
def postgresql(kept_postgresql: Database) -> Database:
    """An empty PostgreSQL database with all tables and triggers."""
    empty(kept_postgresql)
    return kept_postgresql


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Database:
    """An empty database of each kind, with all tables and triggers."""
    found: Database = request.getfixturevalue(request.param)
    return found
