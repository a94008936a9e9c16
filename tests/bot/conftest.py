from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.database import Database
from tests.databases import database, fresh_database

__all__ = ["database"]  # the fixture of each kind of database


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database, for what does not depend on the kind."""
    with fresh_database("sqlite", tmp_path) as made:
        yield made
