"""Our import names are plain words: another distribution that brings one of them is told (ADR 15)."""

from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from bot.doctor import table
from bot.doctor.findings import CheckResult, CheckState


def check() -> CheckResult:
    return table.CHECKS["versions"](None)  # type: ignore[arg-type]  # it looks at nothing


def test_o15_what_is_installed_here_brings_none_of_our_names() -> None:
    assert check().state is CheckState.OK


def test_o15_another_distribution_with_a_package_bot_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "chatter-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: chatter\nVersion: 1.0\n")
    (folder / "top_level.txt").write_text("bot\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "chatter" in packages_distributions()["bot"]

    found = check()

    assert found.state is CheckState.WRONG
    assert "chatter brings a package bot too" in found.says
