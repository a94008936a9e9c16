"""A plugin of pytest that writes how long each test took which passed."""

import json
import os
from pathlib import Path

import pytest

_seconds: dict[str, float] = {}
_failed: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid] = round(_seconds.get(report.nodeid, 0) + report.duration, 3)
    if report.outcome != "passed":
        _failed.add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):  # the one process that hears of every test
        passed = {test: spent for test, spent in _seconds.items() if test not in _failed}
        Path(os.environ["CARDOPS_DURATIONS"]).write_text(json.dumps(passed))
