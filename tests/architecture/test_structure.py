"""The structure of the project, as far as import contracts and linters cannot say it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("approvals", "bot", "commands", "notifier", "paytend", "sandbox", "storage")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LARGEST_FILE, LONGEST_FUNCTION = 300, 50  # lines
LONGER = {
    "approvals/evidence/verify.py": "it runs alone, so it cannot be parted",
    "sandbox/slack/workspace.py __init__": "the workspace is wired here, one line for each part",
}
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "service", "misc", "base"}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [path for path in MODULES if path.stem in VAGUE] == []


def test_every_module_says_what_it_holds() -> None:
    assert [path for path in MODULES if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_nothing_of_ours_is_mocked() -> None:
    own = Path(__file__)
    tests = [path for path in (ROOT / "tests").rglob("*.py") if path != own]

    assert [
        path for path in tests if re.search(r"unittest\.mock|mocker|monkeypatch\.setattr", path.read_text())
    ] == []


def test_broad_excepts_and_exceptions_to_the_rules_give_their_reason() -> None:
    unexplained = re.compile(r"# (type: ignore|noqa)\s*$", re.MULTILINE)

    assert [place for path in MODULES for place in unexplained_broad_excepts(path)] == []
    assert [path for path in MODULES if unexplained.search(path.read_text())] == []


def unexplained_broad_excepts(path: Path) -> Iterator[str]:
    """The places of `except Exception` with no comment on the line or below it."""
    lines = [*path.read_text().splitlines(), ""]
    for number, line in enumerate(lines):
        is_broad = re.match(r"\s*except (Exception|BaseException)\b", line)
        if is_broad and "#" not in line and not lines[number + 1].strip().startswith("#"):
            yield f"{path}:{number + 1}"


def test_importing_makes_nothing_happen() -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in MODULES
        if path.stem not in {"__main__", "env"}
    ]
    program = (
        "import importlib, threading\n"
        f"for name in {names!r}: importlib.import_module(name.removesuffix('.__init__'))\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("lock", ["run", "demo", "dev"])
def test_lock_files_are_pinned_by_hash_and_name_no_host(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    pinned = re.findall(r"^[a-z0-9._\[\]-]+==", text, re.MULTILINE)

    assert len(pinned) > 20
    assert text.count("--hash=sha256:") >= len(pinned)
    assert not re.search(r"https?://|--index-url|--find-links|file:", text)


def test_files_and_functions_are_short() -> None:
    """House style: files under 300 lines, functions under 50; what is longer is in LONGER, with its reason."""
    written = [path for path in MODULES if "versions" not in path.parts]  # Alembic writes migrations

    assert {place for path in written for place in too_long(path)} == set(LONGER)


def too_long(path: Path) -> Iterator[str]:
    """The file, and its functions, that are longer than house style has them."""
    text, name = path.read_text(), str(path.relative_to(ROOT))
    if text.count("\n") > LARGEST_FILE:
        yield name
    for function in functions(ast.parse(text)):
        if (function.end_lineno or 0) - function.lineno > LONGEST_FUNCTION:
            yield f"{name} {function.name}"
