"""The systemd unit, by systemd's own checks, where it is installed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.names import is_setting

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
UNIT = FOLDER / "cardops.service"
SERVICES = sorted(FOLDER.glob("*.service"))
WORST = 20  # of 100: how exposed it may be


@pytest.fixture(scope="session")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all units, with a program that is there on any machine."""
    folder = tmp_path_factory.mktemp("units")
    for unit in FOLDER.iterdir():
        text = re.sub(r"^ExecStart=/opt\S+.*$", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE)
        (folder / unit.name).write_text(text)
    return folder


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd-analyze")
    return subprocess.run([program, *words], capture_output=True, text=True, timeout=30, check=False)


def test_systemd_takes_them(units: Path) -> None:
    done = analyze("verify", *(str(unit) for unit in units.iterdir()))

    ours = [line for line in done.stderr.splitlines() if "cardops" in line and "Documentation" not in line]
    assert ours == []


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_it_is_hardened(units: Path, service: Path) -> None:
    done = analyze("security", "--offline=true", f"--threshold={WORST}", "--no-pager", str(units / service.name))

    assert done.returncode == 0, done.stdout[-1500:] + done.stderr


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_o15_the_keys_are_credentials_and_the_clock_is_right_first(service: Path) -> None:
    text = service.read_text()
    named = re.findall(r"^Environment=PAYTEND_\w+_KEY_FILE=%d/(\S+)$", text, re.MULTILINE)

    assert set(named) == set(re.findall(r"^LoadCredential=([^:]+):/etc/cardops/", text, re.MULTILINE))
    assert len(named) == 2
    assert "User=cardops\n" in text, "they share the folder of the state"
    if service == UNIT:
        assert re.search(r"^After=.*\btime-sync.target", text, re.MULTILINE)


def test_o15_a_timer_runs_each_task() -> None:
    tasks = {path.stem for path in SERVICES if path != UNIT}

    assert {path.stem for path in FOLDER.glob("*.timer")} == tasks == {"cardops-backup", "cardops-check"}


def test_its_settings_are_ours_and_it_is_given_time_to_end() -> None:
    text = UNIT.read_text()
    names = re.findall(r"^Environment=((?:CARDOPS|DATABASE|SLACK|PAYTEND)_\w+)=", text, re.MULTILINE)

    assert len(names) == 6
    assert "Environment=HOME=/var/lib/cardops\n" in text, (
        "a dynamic user may have none, and the bot would not start"
    )
    assert all(is_setting(name) for name in names)
    assert "ExecStart=/opt/cardops/bin/cardops run\n" in text
    stop = re.search(r"^TimeoutStopSec=(\d+)s$", text, re.MULTILINE)
    assert stop is not None
    assert int(stop[1]) >= 60
