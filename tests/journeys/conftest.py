from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import KINDS
from tests.journeys.world import World, build_world


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """The whole system in HTTP mode, on each database."""
    with build_world(request.param, tmp_path) as world:
        yield world


@pytest.fixture
def sqlite_world(tmp_path: Path) -> Iterator[World]:
    """The whole system in HTTP mode on SQLite, for what does not depend on the database."""
    with build_world("sqlite", tmp_path) as world:
        yield world
