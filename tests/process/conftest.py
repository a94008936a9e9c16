import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import KINDS, Kept
from tests.process.nursery import Nursery
from tests.process.world import ProcessWorld, make_process_world


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where the bots are started."""
    made = Nursery()
    yield made
    made.end()


@pytest.fixture(params=KINDS)
def world(
    request: pytest.FixtureRequest, tmp_path: Path, nursery: Nursery, kept_sqlite: Kept
) -> Iterator[ProcessWorld]:
    """Stand-ins and a database of each kind with all tables; nothing of the bot runs yet."""
    if request.param == "sqlite":
        shutil.copy(kept_sqlite.migrated, tmp_path / "test.db")
    with make_process_world(request.param, tmp_path, nursery=nursery) as world:
        yield world


@pytest.fixture
def sqlite_process_world(tmp_path: Path, nursery: Nursery, kept_sqlite: Kept) -> Iterator[ProcessWorld]:
    """Stand-ins and a SQLite file with all tables."""
    shutil.copy(kept_sqlite.migrated, tmp_path / "test.db")
    with make_process_world("sqlite", tmp_path, nursery=nursery) as world:
        yield world


@pytest.fixture
def shared_rig(tmp_path: Path, nursery: Nursery) -> Iterator[ProcessWorld]:
    """Stand-ins and a PostgreSQL database, for several replicas."""
    with make_process_world("postgresql", tmp_path, nursery=nursery) as world:
        yield world
