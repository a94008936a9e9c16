"""Traces the three main ways through the code: command to message, click to execution, webhook to post.

The main line of a way is what its reader has to follow: our calls that are on the stack when the way reaches one
of its landmarks. A landmark is something that happens outside our code (work goes to a thread, a row is written,
Paytend or Slack is called), and is recognised in the library that does it. So the same ruler measures any version:
in the folder of another checkout, `PYTHONPATH=. python …/tests/architecture/ways.py`.
"""

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

from tests.databases import fresh_database
from tests.journeys.world import CARD, MANAGER, SUPPORT, JourneyWorld, build_world

PACKAGES = ("approvals", "bot", "commands", "notifier", "paytend", "storage")
Variables = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call of a function of ours: its file below the checkout, its name with its class."""

    file: str
    function: str

    def __str__(self) -> str:
        return f"{self.file} {self.function}"


@dataclass(frozen=True, kw_only=True)
class Landmark:
    """A library's function that a way has to call; `fits` looks at its arguments."""

    name: str
    file: str  # how its path ends
    function: str
    fits: Callable[[Variables], bool] = lambda _: True


@dataclass(frozen=True, kw_only=True)
class Way:
    """A journey's last step, what has to be there before it, and the landmarks of what follows."""

    name: str
    prepare: Callable[[JourneyWorld], object]
    go: Callable[[JourneyWorld], object]
    landmarks: Sequence[Landmark]


@dataclass(kw_only=True)
class Trace:
    """What a way did: all calls of ours in order, the main line, and the landmarks it did not come to."""

    calls: list[Call] = field(default_factory=list)
    line: list[Call] = field(default_factory=list)
    missed: list[Landmark] = field(default_factory=list)


def entered(calls: Sequence[Call]) -> list[str]:
    """The files that calls enter, in order; a file that they come back to is there again."""
    files = [call.file for call in calls]
    return [file for file, before in zip(files, [None, *files], strict=False) if file != before]


def _writes(start: str) -> Landmark:
    return Landmark(
        name=start,
        file="/sqlalchemy/engine/default.py",
        function="do_execute",
        fits=lambda variables: " ".join(variables["statement"].split()).startswith(start),
    )


def _adds(table: str) -> Landmark:
    return Landmark(
        name=f"a new row of {table}",
        file="/sqlalchemy/orm/session.py",
        function="add",
        fits=lambda variables: variables["instance"].__tablename__ == table,
    )


def _calls_slack(method: str) -> Landmark:
    return Landmark(name=f"chat.{method}", file="/slack_sdk/web/client.py", function=f"chat_{method}")


_TO_THE_POOL = Landmark(name="handed to a pool", file="/tests/journeys/world.py", function="submit")
_TO_A_THREAD = Landmark(name="handed to a thread", file="/concurrent/futures/thread.py", function="submit")
WAYS = (
    Way(
        name="A command to its message",
        prepare=lambda _: None,
        go=lambda world: world.types(SUPPORT, f"/topup {CARD} 120.50 EUR customer called"),
        landmarks=(
            _TO_THE_POOL,
            _adds("approval_request"),
            _adds("delivery"),
            _calls_slack("postMessage"),
        ),
    ),
    Way(
        name="A click to the execution",
        prepare=lambda world: world.asks(),
        go=lambda world: world.clicks(MANAGER, "request_approve"),
        landmarks=(
            _TO_THE_POOL,
            _adds("approval_decision"),
            _writes("UPDATE approval_request"),
            _adds("approval_execution"),
            Landmark(
                name="the top-up at Paytend",
                file="/httpx/_client.py",
                function="send",
                fits=lambda variables: variables["request"].url.path.endswith("/topup"),
            ),
            _writes("UPDATE approval_execution"),
            _writes("UPDATE delivery SET facts"),
            _calls_slack("update"),
        ),
    ),
    Way(
        name="A webhook to its post",
        prepare=lambda world: world.paytend.events.decline(CARD, "99.90", merchant="SHOP"),
        go=lambda world: world.hears_from_paytend(),
        landmarks=(
            _TO_A_THREAD,
            _TO_A_THREAD,
            _writes("INSERT INTO inbox_event"),
            _adds("delivery"),
            _calls_slack("postMessage"),
        ),
    ),
)


class _Tracer:
    """Notes calls on all threads that are started after `install`, while it is `on`."""

    def __init__(self, root: Path) -> None:
        self.on = False
        self.trace = Trace()
        self.left: list[Landmark] = []
        self._length = len(f"{root}/")
        self._ours = tuple(f"{root}/{package}/" for package in PACKAGES)
        self._seen: set[FrameType] = set()
        self._lock = threading.Lock()

    @contextmanager
    def installed(self) -> Iterator[None]:
        before = sys.getprofile()
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        try:
            yield
        finally:
            sys.setprofile(before)
            threading.setprofile(before)

    def start(self, landmarks: Sequence[Landmark]) -> None:
        self.trace, self.left, self.on = Trace(), list(landmarks), True
        self._seen = set()

    def stop(self) -> Trace:
        self.on = False
        self._seen = set()
        self.trace.missed = self.left
        return self.trace

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        if not self.on or event != "call":
            return
        with self._lock:
            if call := self._read(frame):
                self.trace.calls.append(call)
            elif self.left and self._is_at(self.left[0], frame):
                del self.left[0]
                self._add_to_line(frame)

    def _read(self, frame: FrameType) -> Call | None:
        """Return the call, if it is one of ours and no comprehension or lambda."""
        code = frame.f_code
        if not code.co_filename.startswith(self._ours) or code.co_name.startswith("<"):
            return None
        return Call(file=code.co_filename[self._length :], function=code.co_qualname)

    def _is_at(self, landmark: Landmark, frame: FrameType) -> bool:
        code = frame.f_code
        is_function = code.co_name == landmark.function and code.co_filename.endswith(landmark.file)
        return is_function and any(map(self._read, _stack(frame))) and landmark.fits(frame.f_locals)

    def _add_to_line(self, frame: FrameType) -> None:
        """Add what is on the stack now and was not at an earlier landmark; a call that goes on counts once."""
        for outer in reversed(list(_stack(frame))):
            if outer not in self._seen and (call := self._read(outer)):
                self._seen.add(outer)
                self.trace.line.append(call)


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame:
        yield frame
        frame = frame.f_back


def trace(way: Way, root: Path, folder: Path) -> Trace:
    """Go a way in a world of its own, and return what it did."""
    tracer = _Tracer(root)
    with tracer.installed(), fresh_database("sqlite", folder) as database, build_world(database, folder) as world:
        way.prepare(world)
        tracer.start(way.landmarks)
        way.go(world)
        return tracer.stop()


def describe(root: Path) -> Iterator[str]:
    """Each way's main line, with how many functions and files it has."""
    for way in WAYS:
        with TemporaryDirectory() as folder:
            found = trace(way, root, Path(folder))
        assert not found.missed, found.missed
        yield f"{way.name}: {len(found.line)} functions, {len(entered(found.line))} files entered"
        for number, call in enumerate(found.line, start=1):
            yield f"{number:4} {call}"


if __name__ == "__main__":
    sys.stdout.write("\n".join([*describe(Path.cwd()), ""]))
