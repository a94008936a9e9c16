"""How long Paytend has had no such order, by a clock that does not jump."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

_MOST = 10_000  # requests; more are never unknown at once


class AbsenceWatch:
    """Remembers since when this process knows of an absence, in seconds of its monotonic clock.

    The database's clock alone must not decide that a refused change will not be done any more: if it jumps ahead,
    two answers within a second would lie days apart, and what Paytend then does would be asked for and paid again.
    A process that starts waits for the whole pause once more.
    """

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        """Prepare with nothing known."""
        self._monotonic = monotonic
        self._known: dict[str, tuple[datetime, float]] = {}  # by request: when the absence began, when it was seen
        self._lock = threading.Lock()

    def measure(self, request_id: str, *, since: datetime) -> timedelta:
        """Return for how long this process has known of the absence that began at `since`; 0 if it is news."""
        with self._lock:
            now = self._monotonic()
            began, seen = self._known.get(request_id, (None, now))
            if began != since:  # it was there in between
                seen = now
                self._known.pop(request_id, None)
                if len(self._known) >= _MOST:
                    self._known.pop(next(iter(self._known)))
                self._known[request_id] = since, seen
        return timedelta(seconds=now - seen)
