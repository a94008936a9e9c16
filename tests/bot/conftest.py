from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.database.engine import SqlDatabase
from tests.databases import fresh_url


@pytest.fixture
def sqlite_database(sqlite: SqlDatabase) -> SqlDatabase:
    """An empty SQLite database, for what does not depend on the kind."""
    return sqlite


@pytest.fixture
def fresh_postgresql(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes an empty PostgreSQL database and returns its URL."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(fresh_url("postgresql", tmp_path))
