"""`python -m sandbox paytend`: says where it is, writes the keys, ends cleanly."""

import signal
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sandbox.__main__ import main
from sandbox.paytend import PaytendStandIn
from sandbox.running import Running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_end(tmp_path: Path, number: signal.Signals) -> None:
    words = [
        sys.executable,
        "-m",
        "sandbox",
        "paytend",
        "--listen",
        "127.0.0.1:0",
        "--keys",
        str(tmp_path / "keys"),
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout
        assert program.stderr
        lines = [program.stdout.readline().split()[-1] for _ in range(4)]
        assert httpx.get(f"{lines[0]}/_control/state", trust_env=False).json()["partnerId"] == lines[1]
        program.send_signal(number)
        assert program.wait(timeout=10) == 0
        assert program.stderr.read() == ""
    assert lines[1] == "888666000199001"
    for name, first in (("partner-private.pem", "PRIVATE"), ("paytend-public.pem", "PUBLIC")):
        file = tmp_path / "keys" / name
        assert str(file) in lines
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text().startswith(f"-----BEGIN {first} KEY-----")


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with Running(PaytendStandIn(programme=False).app) as server:
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        assert main(["paytend", "--listen", server.url.removeprefix("http://")]) == 1
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)
    assert "Cannot listen" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["other"], ["paytend", "--listen", "here"], ["paytend", "--unit", "cents"]])
def test_wrong_usage_is_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err
