"""The steps of the container file, done in an empty folder: what they make runs as nobody special and answers."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.process.nursery import Nursery
from tests.process.world import LONGEST, ProcessWorld, find_port, make_process_world

ROOT = Path(__file__).parents[2]
NOBODY = 10001
# What an engine would do to the machine itself; the test's user is made by its number alone.
SKIPPED = re.compile(r"^(groupadd|useradd) ")

pytestmark = pytest.mark.soak


@dataclass(kw_only=True)
class Image:
    """What the file makes: a folder for the root of its file system, and how it is started."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = Path("/")
    words: dict[str, list[str]] = field(default_factory=dict)

    def place(self, path: str) -> Path:
        """Where a path of the image is here."""
        return self.root / (Path("/") / self.folder / path).relative_to("/")

    def here(self, text: str) -> str:
        """A text of the file with its folders as they are here."""
        return re.sub(
            r"(?:(?<=sqlite:///)|(?<![\w./]))/(opt/cardops|data|src|etc/cardops)\b", rf"{self.root}/\1", text
        )

    def do(self, instruction: str) -> None:
        """Do one instruction."""
        word, _, rest = instruction.partition(" ")
        match word:
            case "ENV":
                self.environment |= dict(re.findall(r"(\w+)=(\S+)", self.here(rest).replace(":$PATH", "")))
            case "WORKDIR":
                self.folder = Path(rest)
                self.place(".").mkdir(parents=True, exist_ok=True)
            case "COPY" if not rest.startswith("--from"):
                *sources, target = rest.split()
                for source in sources:
                    self._copy(source, target)
            case "RUN":
                self._run(self.here(rest))
            case "ENTRYPOINT" | "CMD":
                self.words[word] = json.loads(rest)
            case "HEALTHCHECK":
                self.words[word] = json.loads(rest.partition("CMD ")[2])

    def _copy(self, source: str, target: str) -> None:
        place = self.place(target) / source if target.endswith("/") else self.place(target)
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, place)

    def _run(self, command: str) -> None:
        steps = [step for step in re.split(r"\s+&&\s+", command) if not SKIPPED.match(step)]
        steps = [step.replace("-o cardops -g cardops", owned_by_nobody()) for step in steps]
        environment = (
            os.environ | self.environment | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        )
        environment.pop("PYTHONPATH", None)
        done = subprocess.run(
            ["/bin/sh", "-ec", " && ".join(steps)],
            cwd=self.place("."),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"

    def is_healthy(self, words: list[str]) -> bool:
        """Whether its own health check passes."""
        environment = self.environment | {"PATH": f"{self.environment['PATH']}:/usr/bin:/bin"}
        done = subprocess.run([*as_nobody(), *words], env=environment, capture_output=True, check=False)
        return done.returncode == 0

    def run(self, words: list[str], **settings: str) -> "subprocess.Popen[bytes]":
        """Run a program of the image as its user, with only the environment that the file sets."""
        environment = self.environment | settings
        environment["PATH"] += ":/usr/bin:/bin"
        with (self.root / "said.log").open("ab") as log:
            return subprocess.Popen([*as_nobody(), *words], cwd=self.place("."), env=environment, stderr=log)

    @property
    def said(self) -> str:
        """What its programs have written for people."""
        return (self.root / "said.log").read_text()


def owned_by_nobody() -> str:
    return f"-o {NOBODY} -g {NOBODY}" if os.geteuid() == 0 else ""


def as_nobody() -> list[str]:
    """How a command is run by the image's user: root becomes it, anybody else is nobody special already."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"]


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """All instructions of both stages, done one after the other."""
    text = (ROOT / "deploy" / "Dockerfile").read_text().replace("\\\n", " ")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # its user has to come through
        made = Image(root=Path(folder))
        for line in text.splitlines():
            if line and not line.startswith("#"):
                made.do(line)
        yield made


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ProcessWorld]:
    """The stand-ins; the bot comes from the image."""
    nursery = Nursery()
    with make_process_world("sqlite", tmp_path, nursery=nursery) as world:
        yield world
    nursery.end()


def test_what_the_steps_make_answers_is_healthy_and_ends_when_told(image: Image, world: ProcessWorld) -> None:
    port = find_port()
    settings = {
        name: value for name, value in world.environment.items() if name.startswith(("SLACK_", "PAYTEND_"))
    }
    settings |= {name: world.environment[name] for name in ("CARDOPS_SECRET_KEYS",)}
    config = Path(image.environment["CARDOPS_CONFIG"])
    config.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(world.folder / "cardops.yml", config)
    health = [word.replace(":3000", f":{port}") for word in image.words["HEALTHCHECK"]]
    assert health != image.words["HEALTHCHECK"]

    bot = image.run(
        [*image.words["ENTRYPOINT"], *image.words["CMD"]], **settings, CARDOPS_LISTEN=f"127.0.0.1:{port}"
    )
    try:
        until = time.monotonic() + LONGEST
        while not image.is_healthy(health):
            assert bot.poll() is None, image.said
            assert time.monotonic() < until, image.said
        if os.geteuid() == 0:
            ids = re.findall(r"^(?:Uid|Gid):\s+(\d+)", Path(f"/proc/{bot.pid}/status").read_text(), re.MULTILINE)
            assert ids == [str(NOBODY)] * 2
        assert image.place("cardops.db").exists()
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(timeout=LONGEST) == 0
    finally:
        if bot.poll() is None:
            bot.kill()
            bot.wait()


def test_neither_an_installer_nor_anything_of_the_demo_is_left_in_it(image: Image) -> None:
    programs = {path.name for path in (image.root / "opt" / "cardops" / "bin").iterdir()}
    packages = {path.name for path in (image.root / "opt" / "cardops" / "lib").glob("*/site-packages/*")}

    assert "cardops" in programs
    assert not packages & {"pip", "setuptools", "sandbox", "tests"}
    sources = (image.root / "opt" / "cardops" / "lib").glob("*/site-packages/bot/*.py")
    assert all(list(path.parent.glob(f"__pycache__/{path.stem}.*.pyc")) for path in sources), (
        "compiled before it runs"
    )
