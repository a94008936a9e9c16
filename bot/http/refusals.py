"""What is refused before anybody's signature was found good: counted by reason, and told at most once a second."""

import logging
import threading
from collections.abc import Callable, Iterable
from enum import StrEnum

from prometheus_client import Counter

PAUSE = 1.0  # seconds between two lines

_log = logging.getLogger(__name__)


class Door(StrEnum):
    """Where a request was refused."""

    SERVER = "server"
    SLACK = "slack"
    PAGE = "page"


class ServerLimit(StrEnum):
    """Why the server takes no more at this moment."""

    CONNECTIONS = "connections"
    OF_ONE_ADDRESS = "connections of one address"
    AT_A_TIME = "too many at a time"


class Throttle:
    """Lets so many lines pass in `pause` seconds, and counts what it holds back; thread-safe."""

    def __init__(self, *, monotonic: Callable[[], float], pause: float = PAUSE, lines: int = 1) -> None:
        """Prepare; the first lines pass."""
        self._monotonic = monotonic
        self._pause = pause
        self._lines = lines
        self._next = float("-inf")
        self._passed = 0
        self._left_out = 0
        self._lock = threading.Lock()

    def let_pass(self, count: int = 1) -> int | None:
        """Return how much was held back before this line, or None to hold it back, which counts `count`."""
        with self._lock:
            now = self._monotonic()
            if now >= self._next:
                self._next, self._passed = now + self._pause, 0
            if self._passed == self._lines:
                self._left_out += count
                return None
            self._passed += 1
            left_out, self._left_out = self._left_out, 0
            return left_out


class Refusals:
    """Counts what is refused in a metric, by door and reason, with a line in the log now and then."""

    def __init__(self, counter: Counter, *, monotonic: Callable[[], float]) -> None:
        """Prepare; `counter` has the labels `door` and `reason`."""
        self._counter = counter
        self._throttle = Throttle(monotonic=monotonic)

    def expect(self, door: Door, reasons: Iterable[str]) -> None:
        """Show these from 0 on: Prometheus sees no increase in a counter that begins with its first refusal."""
        for reason in reasons:
            self._counter.labels(door=door, reason=reason)

    def add(self, door: Door, reason: str) -> None:
        """Count one; `reason` is one of a few words of ours, never anything that was sent."""
        self._counter.labels(door=door, reason=reason).inc()
        left_out = self._throttle.let_pass()
        if left_out is not None:
            _log.warning("requests.refused", extra={"door": door, "reason": reason, "left_out": left_out})
