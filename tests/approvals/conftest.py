"""Worlds on a database of each kind."""

import pytest

from bot.database.engine import SqlDatabase
from tests.approvals.world import World


@pytest.fixture
def world(database: SqlDatabase) -> World:
    """People around a desk, on each kind of database."""
    return World(database=database)


@pytest.fixture
def small(sqlite: SqlDatabase) -> World:
    """People around a desk, on SQLite alone: for what does not depend on the database."""
    return World(database=sqlite)
