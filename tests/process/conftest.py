from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import KINDS
from tests.process.nursery import Nursery
from tests.process.rig import Rig, build_rig


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where the bots are started."""
    made = Nursery()
    yield made
    made.end()


@pytest.fixture(params=KINDS)
def rig(request: pytest.FixtureRequest, tmp_path: Path, nursery: Nursery) -> Iterator[Rig]:
    """Stand-ins and a database of each kind; nothing of the bot runs yet."""
    with build_rig(request.param, tmp_path, nursery=nursery) as rig:
        yield rig


@pytest.fixture
def sqlite_rig(tmp_path: Path, nursery: Nursery) -> Iterator[Rig]:
    """Stand-ins and a SQLite file."""
    with build_rig("sqlite", tmp_path, nursery=nursery) as rig:
        yield rig


@pytest.fixture
def shared_rig(tmp_path: Path, nursery: Nursery) -> Iterator[Rig]:
    """Stand-ins and a PostgreSQL database, for several replicas."""
    with build_rig("postgresql", tmp_path, nursery=nursery) as rig:
        yield rig
