"""Which methods of Slack are limited, and until when: known to all callers of this process together."""

import math
import threading
from collections.abc import Callable

# Limited for each channel apart, which the outbox keeps (`notifier/outbox/turns.py`): one full channel must not
# keep the others waiting.
_BY_CHANNEL = frozenset({"chat.postMessage"})


class SlackLimits:
    """Retry-After of each method; thread-safe."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Count by this clock, in seconds."""
        self._monotonic = monotonic
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def note(self, method: str, seconds: float) -> None:
        """Remember that Slack takes this method again only after so many seconds."""
        if method in _BY_CHANNEL:
            return
        until = self._monotonic() + seconds
        with self._lock:
            self._until[method] = max(until, self._until.get(method, until))

    def wait(self, method: str) -> int:
        """Return after how many whole seconds the method may be called; 0: now."""
        with self._lock:
            until = self._until.get(method)
        return 0 if until is None else max(0, math.ceil(until - self._monotonic()))


class LimitedResponse(dict[str, object]):
    """The answer for a call that was not made: 429 with what is left of the Retry-After that Slack gave before."""

    status_code = 429

    def __init__(self, wait: int) -> None:
        super().__init__(ok=False, error="ratelimited")
        self.headers = {"Retry-After": str(wait)}
        self.data = dict(self)
