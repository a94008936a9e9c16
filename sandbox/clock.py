"""The stand-ins' clock: runs like a real one, and can be moved by a test or from the demo's panel."""

import threading
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Real time plus an offset, or a time that does not move until a test moves it."""

    def __init__(self, *, start: datetime | None = None) -> None:
        """Follow real time, or stay at `start` (an aware datetime) when one is given."""
        self._lock = threading.Lock()
        self._frozen = start
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the time in UTC."""
        with self._lock:
            base = self._frozen if self._frozen is not None else datetime.fromtimestamp(time.time(), UTC)
            return base.astimezone(UTC) + self._offset

    def advance(self, by: timedelta) -> datetime:
        """Move on (or back) and return the new time."""
        with self._lock:
            self._offset += by
        return self.now()
