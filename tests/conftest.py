"""What all tests share: one way to run hypothesis, reproducible in CI, and empty databases that are made once."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

from bot.database.engine import SqlDatabase
from tests.databases import KINDS, Kept, empty, fresh_database

settings.register_profile("default", max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("soak", settings.get_profile("default"), max_examples=200)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "default")


MEMORY = Path("/dev/shm")  # noqa: S108 - where syncing costs nothing


def pytest_collection_finish() -> None:
    """Spare the collector what was imported and collected: it would look through it hundreds of times."""
    gc.collect()
    gc.freeze()


# Tests of what is not measured (the stand-ins, bots in processes of their own), and those that repeat for each
# attack what other tests reach.
UNMEASURED = {"architecture", "attacks", "browser", "deploy", "process", "sandbox"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests with processes first, and turn coverage off where it finds nothing.

    Tests with processes wait most, and none of them shall be the last that runs. Coverage makes a test take half
    as long again: it is off where no code of the product runs in this process, and where a test does on PostgreSQL
    what it does on SQLite too. A line that only such a test reaches is reported as missing, never as covered.
    """
    items.sort(key=lambda item: _room(item) != "process")
    ids = {item.nodeid for item in items}
    for item in items:
        on_sqlite = item.nodeid.replace("postgresql", "sqlite")
        if _room(item) in UNMEASURED or (on_sqlite != item.nodeid and on_sqlite in ids):
            item.add_marker(pytest.mark.no_cover)


def _room(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]


@pytest.fixture(scope="session")
def kept_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """The SQLite database of this process."""
    place = MEMORY if MEMORY.is_dir() else tmp_path_factory.mktemp("kept")
    with TemporaryDirectory(dir=place) as folder:
        kept = Kept(Path(folder))
        yield kept
        kept.database.close()


@pytest.fixture(scope="session")
def kept_postgresql() -> Iterator[SqlDatabase]:
    """The PostgreSQL database of this process, because making one takes longer than most tests."""
    nowhere = Path()  # it needs no folder
    with fresh_database("postgresql", nowhere) as database:
        yield database


@pytest.fixture
def sqlite(kept_sqlite: Kept) -> Iterator[SqlDatabase]:
    """An empty SQLite database with all tables and triggers."""
    yield kept_sqlite.renew()
    kept_sqlite.database.close()


@pytest.fixture
def sqlite_folder(kept_sqlite: Kept) -> Path:
    """Where the file of the SQLite database is, with its journal."""
    return kept_sqlite.folder


@pytest.fixture
def postgresql(kept_postgresql: SqlDatabase) -> SqlDatabase:
    """An empty PostgreSQL database with all tables and triggers."""
    empty(kept_postgresql)
    return kept_postgresql


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> SqlDatabase:
    """An empty database of each kind, with all tables and triggers."""
    found: SqlDatabase = request.getfixturevalue(request.param)
    return found
