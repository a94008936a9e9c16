"""`make quick` finds the tests near a change, and says so when they fail."""

import subprocess
from pathlib import Path

import pytest

from tests.nearest import SourceTree, rank_tests, read_tree
from tests.quick import ROOT, choose_tests, find_changes, run_tests

FILES = {
    "paytend/money.py": "",
    "paytend/models/__init__.py": "from paytend.models.cards import Card",
    "paytend/models/cards.py": "from paytend.money import Money\nclass Card: ...",
    "bot/slack/home.py": "import paytend.money",
    "bot/slack/edge.py": "from bot.slack import home",
    "tests/paytend/test_money.py": "from paytend.money import Money",
    "tests/paytend/models/test_cards.py": "from paytend import models",
    "tests/bot/slack/conftest.py": "from bot.slack import edge",
    "tests/bot/slack/test_files.py": "",
    "tests/bot/test_home_page.py": "from bot.slack.home import publish",
    "tests/notifier/test_words.py": "text = 'card_info.json.j2'",
}


@pytest.fixture(scope="module")
def project() -> SourceTree:
    return read_tree(ROOT)


@pytest.fixture
def tree(tmp_path: Path) -> SourceTree:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return read_tree(tmp_path)


@pytest.mark.parametrize(
    ("changed", "nearest"),
    [
        pytest.param(
            "paytend/money.py",
            ["tests/paytend/test_money.py", "tests/bot/test_home_page.py"],
            id="named after it, then one import farther away",
        ),
        pytest.param(
            "paytend/models/cards.py",
            ["tests/paytend/models/test_cards.py"],
            id="named after it, in the room of the same name",
        ),
        pytest.param("bot/slack/edge.py", ["tests/bot/slack/test_files.py"], id="in its room"),
        pytest.param(
            "bot/slack/home.py",
            ["tests/bot/slack/test_files.py", "tests/bot/test_home_page.py"],
            id="in its room, or importing it",
        ),
        pytest.param("tests/bot/slack/conftest.py", ["tests/bot/slack/test_files.py"], id="below a conftest"),
        pytest.param("commands/templates/card_info.json.j2", ["tests/notifier/test_words.py"], id="mentioning it"),
        pytest.param("tests/notifier/test_words.py", ["tests/notifier/test_words.py"], id="itself"),
        pytest.param("docs/unknown.md", [], id="none"),
    ],
)
def test_the_nearest_tests_of_a_changed_file(tree: SourceTree, changed: str, nearest: list[str]) -> None:
    assert rank_tests([changed], tree) == nearest


def test_a_conftest_passes_a_change_on_to_the_tests_below_it(tree: SourceTree) -> None:
    # edge is imported by the conftest only, which pytest imports for test_files.py
    assert "tests/bot/slack/conftest.py" in tree.imports["tests/bot/slack/test_files.py"]


def test_the_nearest_test_of_this_tree_comes_first(project: SourceTree) -> None:
    assert choose_tests(["paytend/money.py"], project)[0] == "tests/paytend/test_money.py"


def test_tests_that_start_programs_are_left_to_make_test_unless_they_changed(project: SourceTree) -> None:
    kill = "tests/process/test_killed_webhook.py"

    assert kill not in choose_tests(["tests/process/world.py"], project)
    assert kill in choose_tests([kill], project)


def test_changes_are_those_of_the_branch_and_of_the_folder(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "--initial-branch=main")
    for name in ("kept.py", "edited.py", "removed.py"):
        (tmp_path / name).write_text("")
    git("add", ".")
    git("commit", "--message=first")
    assert find_changes(tmp_path) == []

    git("update-ref", "refs/remotes/origin/main", "HEAD")
    (tmp_path / "committed.py").write_text("")
    git("add", ".")
    git("commit", "--message=second")
    (tmp_path / "edited.py").write_text("x = 1")
    (tmp_path / "new.py").write_text("")
    (tmp_path / "removed.py").unlink()

    assert find_changes(tmp_path) == ["committed.py", "edited.py", "new.py"]


@pytest.mark.parametrize(
    ("seconds", "lines", "passed"),
    [
        pytest.param(60, ["assert True"], True, id="all pass"),
        pytest.param(60, ["assert True", "assert False"], False, id="one fails"),
        pytest.param(0, ["assert True", "assert False"], True, id="the time is over first"),
        pytest.param(0, ["assert False", "assert True"], False, id="one fails before the time is over"),
    ],
)
def test_what_the_nearest_tests_say(tmp_path: Path, seconds: float, lines: list[str], passed: bool) -> None:
    tests = "".join(f"def test_{number}() -> None:\n    {line}\n" for number, line in enumerate(lines))
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib -p no:unraisableexception")
    sample = tmp_path / f"test_{tmp_path.name}.py"  # a name of its own: this process imports each of them
    sample.write_text(tests)

    assert run_tests([str(sample)], seconds=seconds) is passed
