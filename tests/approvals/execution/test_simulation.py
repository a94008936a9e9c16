"""Many histories of the money path in a hostile world, and the mistakes that they must find."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.approvals.mistakes import MISTAKES, ROOT, Drifted, Mistake
from tests.approvals.simulation.__main__ import stage

CHUNK = 100  # histories in one test of the soak, so that all its processes have some
CHUNKS = 100
ON_POSTGRESQL = 40


def play(first: int, last: int, *, kind: str = "sqlite") -> dict[int, list[str]]:
    """Play the histories of these seeds and return what was violated, by seed."""
    with stage(kind) as made:
        played = {seed: made.play(seed) for seed in range(first, last + 1)}
    return {seed: violations for seed, violations in played.items() if violations}


@pytest.mark.parametrize(
    "first", [1001, *(pytest.param(1 + CHUNK * number, marks=pytest.mark.soak) for number in range(CHUNKS))]
)
def test_no_history_moves_money_twice_or_alone_gets_stuck_or_tells_a_lie(first: int, request: object) -> None:
    last = first + (CHUNK if is_soak(request) else 4) - 1

    assert play(first, last) == {}


@pytest.mark.soak
@pytest.mark.postgres
@pytest.mark.parametrize("first", range(1, 200, ON_POSTGRESQL))
def test_nor_does_one_on_postgresql(first: int) -> None:
    assert play(first, first + ON_POSTGRESQL - 1, kind="postgresql") == {}


def is_soak(request: object) -> bool:
    return request.node.get_closest_marker("soak") is not None  # type: ignore[attr-defined] # of pytest


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name.replace(" ", "-"))
def test_each_mistake_is_one_of_the_code_of_today(mistake: Mistake) -> None:
    mistake.require_applicable()


def test_a_mistake_whose_code_has_changed_says_so() -> None:
    with pytest.raises(Drifted, match="not once"):
        Mistake(name="old", file="approvals/statuses.py", right="no such code", wrong="").require_applicable()


@pytest.mark.soak
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name.replace(" ", "-"))
def test_the_simulation_finds_each_deliberate_mistake(mistake: Mistake, tmp_path: Path) -> None:
    mistake.copy_to(tmp_path)
    found = subprocess.run(
        [sys.executable, "-m", "tests.approvals.simulation", "--count", str(mistake.seeds), "--until-found"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 1, f"not found in {mistake.seeds} histories"
    assert found.stdout, found.stderr
    assert tmp_path != ROOT
