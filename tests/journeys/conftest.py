"""The worlds of journeys, each on an empty database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from approvals.audit import verification
from bot.database.engine import SqlDatabase
from tests.journeys.payloads import problems_of
from tests.journeys.world import JourneyWorld, build_world

MakesWorld = Callable[..., AbstractContextManager[JourneyWorld]]


@contextmanager
def checked_world(database: SqlDatabase, folder: Path, **more: Any) -> Iterator[JourneyWorld]:
    """A world that at the end of every journey has valid payloads, balanced books and an unbroken trail."""
    with build_world(database, folder, **more) as world:
        yield world
        assert problems_of(world.slack) == []
        world.paytend.books.recount()
        with database.reading() as session:
            assert verification.verify(session, key=world.bot.slack.context.approvals.audit_key).is_intact


@pytest.fixture
def world(database: SqlDatabase, tmp_path: Path) -> Iterator[JourneyWorld]:
    """The whole system in HTTP mode, on each database."""
    with checked_world(database, tmp_path) as world:
        yield world


@pytest.fixture
def sqlite_world(sqlite: SqlDatabase, tmp_path: Path) -> Iterator[JourneyWorld]:
    """The whole system in HTTP mode on SQLite, for what does not depend on the database."""
    with checked_world(sqlite, tmp_path) as world:
        yield world


@pytest.fixture
def make_world(sqlite: SqlDatabase, tmp_path: Path) -> MakesWorld:
    """Makes a world on SQLite with other settings; takes what build_world takes."""
    return lambda **more: checked_world(sqlite, tmp_path, **more)
