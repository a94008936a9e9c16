"""A process that imports the bot and compiles its templates once, and forks it for every start.

Both take longer than most tests. What it forks is a process of its own like any other, with its own files and
sockets: kill -9 ends it at once, and it leaves nothing but what it has written. `tests/bot/cli/test_main.py` and
one test of `test_running.py` start the program as an operator does.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CLOCK_OFF = "CLOCK_OFF"  # seconds, in the environment of a bot


class Nursery:
    """Starts bots and knows how they ended."""

    def __init__(self) -> None:
        """Start the process; it is asked one thing after the other."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.process.nursery"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()

    def start(self, environment: Mapping[str, str], *, folder: Path, log: Path) -> int:
        """Start a bot in a folder with exactly this environment, and return its process id."""
        return self._ask({"environment": dict(environment), "folder": str(folder), "log": str(log)})

    def look(self, pid: int) -> int | None:
        """Return the exit status of a bot, negative for a signal; None while it runs."""
        status = self._ask({"look": pid})
        return None if status == RUNS else status

    def end(self) -> None:
        """End the process itself; every bot was stopped before by the test that started it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)
        self._process.stdout.close()

    def _ask(self, asked: Mapping[str, Any]) -> int:
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())


RUNS = 1_000  # no exit status


def serve() -> None:
    """Answer requests until the other end closes; a forked child returns as the bot."""
    # Imported here: only this process needs them, not the tests that import this module.
    from bot.cli import run  # noqa: PLC0415
    from tests import once  # noqa: PLC0415

    renderer = once.renderer()
    while line := sys.stdin.readline():
        asked = json.loads(line)
        if "look" in asked:
            pid, status = os.waitpid(asked["look"], os.WNOHANG)
            sys.stdout.write(f"{os.waitstatus_to_exitcode(status) if pid else RUNS}\n")
            sys.stdout.flush()
        elif (pid := os.fork()) == 0:
            _become(asked)
            sys.exit(run.run_bot(lambda: renderer))
        else:
            sys.stdout.write(f"{pid}\n")
            sys.stdout.flush()


def _become(asked: Mapping[str, Any]) -> None:
    """Take over folder, environment and output of a new process."""
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for old, new in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(old, new)
    os.close(nothing)
    os.close(log)
    if off := float(os.environ.pop(CLOCK_OFF, "0")):
        _set_clock_off(off)


def _set_clock_off(seconds: float) -> None:
    """Have all that runs in this process see another time, as on a machine whose clock is wrong."""
    true_time = time.time
    time.time = lambda: true_time() + seconds


if __name__ == "__main__":
    serve()
