"""An ApprovalWorld on each kind of database, and one on SQLite alone."""

import pytest

from bot.database.engine import SqlDatabase
from tests.approvals.world import ApprovalWorld


@pytest.fixture
def world(database: SqlDatabase) -> ApprovalWorld:
    """People and a context, on each kind of database."""
    return ApprovalWorld(database=database)


@pytest.fixture
def small(sqlite: SqlDatabase) -> ApprovalWorld:
    """The same on SQLite alone, for what does not depend on the database."""
    return ApprovalWorld(database=sqlite)
