"""The three main ways are as short as they were once measured; `python -m tests.architecture.ways` prints them."""

from pathlib import Path

import pytest

from tests.architecture.ways import WAYS, Way, trace

ROOT = Path(__file__).parents[2]
# Functions on the main line, and times that it enters a file. They only ever get smaller.
MOST = {
    "A command to its message": (20, 12),
    "A click to the execution": (35, 18),
    "A webhook to its post": (29, 15),
}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_way_is_short_and_comes_back_to_no_file_twice(way: Way, tmp_path: Path) -> None:
    found = trace(way, ROOT, tmp_path)

    assert found.missed == []
    functions, entered = MOST[way.name]
    assert len(found.line) <= functions
    assert len(found.files) <= entered
    assert [file for file in found.files if found.files.count(file) > 2] == []
