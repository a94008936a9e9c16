"""The three main ways are short, and docs/how-it-works.md walks through them as they are.

`python -m tests.architecture.ways` prints their main lines.
"""

import re
from pathlib import Path

import pytest

from tests.architecture.ways import WAYS, Call, Trace, Way, entered, trace

ROOT = Path(__file__).parents[2]
STEP = re.compile(r"^\d+\. `([\w/]+\.py)` `([\w.]+)`(.*(?:\n   .*)*)", re.MULTILINE)
METHOD = re.compile(r"`([A-Z]\w+\.\w+)`")
# Functions on the main line, and steps of the walk. They only ever get smaller; the queue of unopened
# webhooks added two of each, as what anybody may send has to wait in bounds (X1).
MOST = {
    "A command to its message": (15, 11),
    "A click to the execution": (31, 16),
    "A webhook to its post": (21, 16),
}


@pytest.fixture(params=WAYS, ids=lambda way: way.name, scope="module")
def way(request: pytest.FixtureRequest) -> Way:
    found: Way = request.param
    return found


@pytest.fixture(scope="module")
def traced(way: Way, tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return trace(way, ROOT, tmp_path_factory.mktemp("way"))


@pytest.fixture
def walk(way: Way) -> list[Call]:
    """The steps of the way in the document; a step may name further methods of its file, in their order."""
    text = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    section = text.partition(f"### {way.name}\n")[2].partition("\n#")[0]
    return [
        Call(file=file, function=name)
        for file, function, text in STEP.findall(section)
        for name in (function, *METHOD.findall(text))
    ]


def first_missing(wanted: list[str], found: list[str]) -> str | None:
    """The first that is not found in its order, with anything in between; None when all are."""
    left = iter(found)
    return next((each for each in wanted if each not in left), None)


def test_a_way_comes_to_all_its_landmarks(traced: Trace) -> None:
    assert traced.missed == []


def test_a_way_is_short(way: Way, traced: Trace, walk: list[Call]) -> None:
    functions, steps = MOST[way.name]

    assert len(traced.line) <= functions
    assert len(entered(walk)) <= steps


def test_the_steps_of_a_walk_are_called_in_their_order(traced: Trace, walk: list[Call]) -> None:
    assert walk
    assert first_missing([str(step) for step in walk], [str(call) for call in traced.calls]) is None


def test_a_walk_leaves_out_no_file_of_the_main_line(traced: Trace, walk: list[Call]) -> None:
    assert first_missing(entered(traced.line), entered(walk)) is None


def test_no_file_is_left_and_entered_again_more_than_once(traced: Trace, walk: list[Call]) -> None:
    for files in (entered(traced.line), entered(walk)):
        assert [file for file in files if files.count(file) > 2] == []
