from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.database import Database
from tests.databases import database, fresh_database, fresh_url

__all__ = ["database"]  # the fixture of each kind of database


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database, for what does not depend on the kind."""
    with fresh_database("sqlite", tmp_path) as made:
        yield made


@pytest.fixture
def fresh_postgresql(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes an empty PostgreSQL database and returns its URL."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(fresh_url("postgresql", tmp_path))
