"""`make quick`: lint, types, import contracts and the tests nearest to what changed, side by side, in 40 seconds.

What changed is what differs from the commit where this branch left `origin/main`, and files that git does not know
yet. The tests run nearest first until the time is over; `make test` runs them all.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.nearest import SourceTree, rank_tests, read_tree

ROOT = Path(__file__).parents[1]
SECONDS = 25  # for the tests; starting them and waiting for mypy takes up to ten more
MAIN = "origin/main"
SLOW = ("tests/browser/", "tests/process/", "tests/deploy/")  # start programs: only when they changed themselves
CHECKS = (("ruff", "format", "--check", "."), ("ruff", "check", "."), ("mypy",), ("lint-imports", "--no-logo"))


def find_changes(root: Path) -> list[str]:
    """Return the paths changed or added since this branch left `origin/main`; without one, since HEAD."""
    base = _ask_git(root, "merge-base", "HEAD", MAIN) or ["HEAD"]
    changed = _ask_git(root, "diff", "--name-only", "--diff-filter=d", base[0])
    return sorted({*changed, *_ask_git(root, "ls-files", "--others", "--exclude-standard")})


def _ask_git(root: Path, *words: str) -> list[str]:
    """Return the lines of git's answer, none where git refuses."""
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def choose_tests(changed: Sequence[str], tree: SourceTree) -> list[str]:
    """Return the test files to run, the nearest first."""
    return [test for test in rank_tests(changed, tree) if test in changed or not test.startswith(SLOW)]


class Deadline:
    """A plugin of pytest that ends the run after some seconds; the test that runs then is finished."""

    def __init__(self, seconds: float) -> None:
        """Count from now."""
        self._until = time.monotonic() + seconds
        self._session: pytest.Session | None = None
        self.reached = False

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Keep the session, which is what can be stopped."""
        self._session = session

    def pytest_runtest_logfinish(self) -> None:
        """Stop after the test that went past the time."""
        if self._session and time.monotonic() > self._until:
            self.reached = True
            self._session.shouldstop = "the time is over; make test runs the rest"

    @property
    def failed(self) -> bool:
        """Whether a test failed before the time was over."""
        return self._session is None or self._session.testsfailed > 0


def start_checks(root: Path) -> list[subprocess.Popen[str]]:
    """Start the checks that run no test, beside each other."""
    programs = Path(sys.executable).parent
    return [
        subprocess.Popen(
            [programs / check[0], *check[1:]],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for check in CHECKS
    ]


def run_tests(tests: Sequence[str], *, seconds: float) -> bool:
    """Run test files in this process; return whether they passed, as far as the time went."""
    if not tests:
        return True
    deadline = Deadline(seconds)
    # No cache: `pytest --last-failed` goes on to mean the last run that somebody asked for.
    options = [
        "-q",
        "-m",
        "not soak",
        "--no-header",
        "--durations=0",
        "--durations-min=3",
        "-p",
        "no:cacheprovider",
    ]
    status = pytest.main([*options, *tests], plugins=[deadline])
    if deadline.reached:
        return not deadline.failed
    return status in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}


def main() -> int:
    """Check and test what changed; return 0 when all of it passed."""
    checks = start_checks(ROOT)
    changed = find_changes(ROOT)
    tests = choose_tests(changed, read_tree(ROOT))
    print(f"{len(changed)} files changed; {len(tests)} test files are near", flush=True)
    passed = run_tests(tests, seconds=SECONDS)
    for check, process in zip(CHECKS, checks, strict=True):
        said, _ = process.communicate()
        if process.returncode:
            print(f"{' '.join(check)} failed:\n{said}")
            passed = False
    print("make quick: passed" if passed else "make quick: failed")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
