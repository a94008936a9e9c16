"""Many histories of three replicas under kills, freezes and lost answers; and the mistakes that it must find."""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.database.engine import SqlDatabase
from tests.approvals.simulation import (
    ClaimsInTwoSteps,
    History,
    Replica,
    TakesTimeoutForFailure,
    WritesIntentAfterCall,
)
from tests.approvals.world import START, ApprovalWorld
from tests.databases import fresh_database

MEMORY = Path("/dev/shm")  # noqa: S108 - where syncing costs nothing
INTERESTING = {
    "execution:executed",
    "execution:failed",
    "execution:found_executed",
    "execution:not_sent",
    "execution:settled_not",
    "execution:unknown",
}


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[SqlDatabase]:
    """A SQLite database in memory, where there is such a folder."""
    place = MEMORY if MEMORY.is_dir() else tmp_path
    with tempfile.TemporaryDirectory(dir=place) as folder, fresh_database("sqlite", Path(folder)) as database:
        yield database


def _play(database: SqlDatabase, *, kind: type[Replica], seed: int) -> list[str]:
    """Play one seed, days after the one before, and return its violations."""
    return History(database, seed=seed, kind=kind, started=START + timedelta(days=2 * seed)).run()


@pytest.mark.parametrize("histories", [6, pytest.param(600, marks=pytest.mark.soak)])
def test_no_history_executes_twice_or_tells_a_lie(quick: SqlDatabase, histories: int) -> None:
    found = {seed: _play(quick, kind=Replica, seed=seed) for seed in range(1, histories + 1)}

    assert {seed: violations for seed, violations in found.items() if violations} == {}
    world = ApprovalWorld(database=quick)
    assert world.verified().is_intact
    assert set(world.events()) >= INTERESTING


@pytest.mark.parametrize("kind", [TakesTimeoutForFailure, WritesIntentAfterCall, ClaimsInTwoSteps])
def test_the_simulation_finds_each_deliberate_mistake(quick: SqlDatabase, kind: type[Replica]) -> None:
    assert any(_play(quick, kind=kind, seed=seed) for seed in range(1, 60))
