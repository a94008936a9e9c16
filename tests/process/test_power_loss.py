"""F32, a power cut right after a 200: what was answered for had been synced before, as strace saw it."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.notifier.edge import make_peer, write
from tests.process.world import Child, ProcessWorld

CALLS = "fsync,fdatasync,pwrite64,recvfrom,recvmsg,read,sendto,sendmsg,write,writev"
RUN = "import sys; from bot.cli.main import main; sys.exit(main(['run']))"
ARRIVES = "POST /paytend/webhook"
ANSWERED = re.compile(r'(sendto|sendmsg|write|writev)\(.*\\"status\\": \\"00\\"')
BEGUN = re.compile(r"^(\d+) +(\w+)\(\d+<([^>]*)>")
RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>")


def strace() -> str:
    found = shutil.which("strace")
    if found is None or subprocess.run([found, "-o", os.devnull, "true"], check=False).returncode:
        pytest.skip("there is no strace, or it may not trace here")
    return found


class Traced(Child):
    """One `cardops run` under strace, which names the files of what it sees."""

    def __init__(self, world: ProcessWorld, trace: Path) -> None:
        environment = world.environment | {"CARDOPS_LISTEN": f"127.0.0.1:{world.ports[0]}"}
        self.url, self.log = f"http://{environment['CARDOPS_LISTEN']}", world.folder / "traced.log"
        watch = [strace(), "-f", "-y", "-s", "4000", "-o", str(trace), "-e", f"trace={CALLS}"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*watch, sys.executable, "-c", RUN],
                env=environment,
                cwd=world.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def status(self) -> int | None:
        return self._process.poll()

    def kill(self) -> None:
        """End the bot with its watcher."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(20)


@contextmanager
def traced(world: ProcessWorld, trace: Path) -> Iterator[Traced]:
    bot = Traced(world, trace)
    try:
        bot.wait_until_ready()
        yield bot
    finally:
        bot.kill()


def steps_of(trace: str) -> list[tuple[str, str]]:
    """What mattered in its order, each with its thread: arrives, written, synced, answered."""
    steps, syncing = [], set()
    for line in trace.splitlines():
        thread = line.split(" ", 1)[0]
        if ARRIVES in line:
            steps.append(("arrives", thread))
        elif ANSWERED.search(line):
            steps.append(("answered", thread))
        elif (begun := BEGUN.match(line)) and begun[3].endswith("-wal"):
            if begun[2] == "pwrite64":
                steps.append(("written", thread))
            elif "unfinished" in line:
                syncing.add(thread)
            elif line.endswith("= 0"):
                steps.append(("synced", thread))
        elif (resumed := RESUMED.match(line)) and resumed[2] in {"fsync", "fdatasync"} and thread in syncing:
            syncing.remove(thread)
            steps.append(("synced", thread))
    return steps


def post(bot: Traced, body: bytes) -> int:
    return httpx.post(f"{bot.url}/paytend/webhook", content=body, timeout=10, trust_env=False).status_code


@pytest.mark.soak
def test_f32_the_journal_is_synced_before_the_200_leaves(
    sqlite_process_world: ProcessWorld, tmp_path: Path
) -> None:
    trace, peer = tmp_path / "trace", make_peer()
    with traced(sqlite_process_world, trace) as bot:
        answers = [post(bot, peer.webhook(write(tradeId=f"T{number}"))) for number in range(5)]
        sqlite_process_world.pause(0.5)  # until strace has written its lines

    steps = steps_of(trace.read_text(errors="replace"))
    assert answers == [200] * 5
    assert [name for name, _ in steps if name in {"arrives", "answered"}] == ["arrives", "answered"] * 5
    for number in range(5):
        begin = [place for place, (name, _) in enumerate(steps) if name == "arrives"][number]
        end = [place for place, (name, _) in enumerate(steps) if name == "answered"][number]
        between = steps[begin:end]
        writers = {thread for name, thread in between if name == "written"}
        assert any(("synced", thread) in between for thread in writers), between
