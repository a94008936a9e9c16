"""A process that has imported what is not ours, and forks for every mutant: each run begins from the same state.

It reads one JSON object a line (`file`, `source`, `tests`, `seconds`) and answers with one (`status`, `seconds`).
"""

import contextlib
import importlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import TextIO

import pytest

_SECONDS = itertools.count(10)
OURS = ("approvals", "benchmarks", "bot", "commands", "notifier", "paytend", "sandbox", "storage", "tests")
SURVIVED, KILLED, TIMEOUT, NO_TESTS = "survived", "killed", "timeout", "no tests"
_STATUS = {pytest.ExitCode.OK: SURVIVED, pytest.ExitCode.NO_TESTS_COLLECTED: NO_TESTS}
_OPTIONS = ["-x", "-q", "--tb=line", "--durations=0", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov"]
_OPTIONS += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # hypothesis is imported already


_LIST = "import json, sys, bot.wiring.compose, hypothesis, jsonschema; print(json.dumps(list(sys.modules)))"


def preload() -> None:
    """Import what the product imports of others; another process lists it, so nothing of ours is imported here."""
    listed = subprocess.run([sys.executable, "-c", _LIST], capture_output=True, text=True, check=True)
    for name in json.loads(listed.stdout):
        if name.partition(".")[0] not in (*OURS, "__main__"):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)


def _run_tests(tests: list[str], output: Path) -> int:
    """Run them in this forked process; the exit status of pytest."""
    os.setsid()
    written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(written, stream)
    try:
        return int(pytest.main([*_OPTIONS, *tests]))
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stdout.flush()


def _wait_for(child: int, seconds: float) -> str:
    """What became of the forked process, which is killed with all its own after so many seconds."""
    until = time.monotonic() + seconds
    pause = 0.005
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return _STATUS.get(code, KILLED)  # type: ignore[call-overload, no-any-return]
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return TIMEOUT


def _try(order: dict[str, object]) -> dict[str, object]:
    """Put the mistake into the file, run the tests, put the file back."""
    path = Path(str(order["file"]))
    before, found = path.read_text(), path.stat()
    started = time.monotonic()
    try:
        path.write_text(str(order["source"]))
        # A compiled file is known by its source's second and size: a second that no mistake before had makes it
        # stale for certain, also one that a program compiled which the tests started.
        changed = found.st_mtime + next(_SECONDS)
        os.utime(path, (changed, changed))
        child = os.fork()
        if child == 0:
            code = int(pytest.ExitCode.INTERNAL_ERROR)
            try:
                code = _run_tests(list(order["tests"]), Path("output.txt"))  # type: ignore[call-overload]
            finally:
                os._exit(code)
        status = _wait_for(child, float(str(order["seconds"])))
    finally:
        path.write_text(before)
        os.utime(path, (found.st_atime, found.st_mtime))
    return {"status": status, "seconds": round(time.monotonic() - started, 2)}


def serve(orders: TextIO, answers: TextIO) -> None:
    """Answer each line."""
    for line in orders:
        print(json.dumps(_try(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    preload()
    serve(sys.stdin, sys.stdout)
