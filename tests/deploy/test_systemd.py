"""The systemd unit, by systemd's own checks, where it is installed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.names import is_setting

UNIT = Path(__file__).parents[2] / "deploy" / "systemd" / "cardops.service"
WORST = 20  # of 100: how exposed it may be


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there on any machine."""
    copy = tmp_path / "cardops.service"
    copy.write_text(re.sub(r"^ExecStart=\S+.*$", "ExecStart=/bin/true", UNIT.read_text(), flags=re.MULTILINE))
    return copy


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd-analyze")
    return subprocess.run([program, *words], capture_output=True, text=True, timeout=30, check=False)


def test_systemd_takes_it(unit: Path) -> None:
    done = analyze("verify", str(unit))

    ours = [line for line in done.stderr.splitlines() if "cardops" in line and "Documentation" not in line]
    assert ours == []


def test_it_is_hardened(unit: Path) -> None:
    done = analyze("security", "--offline=true", f"--threshold={WORST}", "--no-pager", str(unit))

    assert done.returncode == 0, done.stdout[-1500:] + done.stderr


def test_its_settings_are_ours_and_it_is_given_time_to_end() -> None:
    text = UNIT.read_text()
    names = re.findall(r"^Environment=((?:CARDOPS|DATABASE|SLACK|PAYTEND)_\w+)=", text, re.MULTILINE)

    assert len(names) == 4
    assert "Environment=HOME=/var/lib/cardops\n" in text, (
        "a dynamic user may have none, and the bot would not start"
    )
    assert all(is_setting(name) for name in names)
    assert "ExecStart=/opt/cardops/bin/cardops run\n" in text
    stop = re.search(r"^TimeoutStopSec=(\d+)s$", text, re.MULTILINE)
    assert stop is not None
    assert int(stop[1]) >= 60
