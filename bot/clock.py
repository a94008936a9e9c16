"""Time and randomness of the process: the only place that reads them."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: nothing that is mistaken for another
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]  # ten bits each


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Where the rest of the program gets its time from; a test hands in one that it moves."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    pause: Callable[[float], None]


def make_clock() -> Clock:
    """Return the clock of this machine, in UTC."""
    return Clock(
        now=lambda: datetime.fromtimestamp(time.time(), UTC),
        monotonic=time.monotonic,
        pause=time.sleep,
    )


class Ids:
    """Makes ids of 26 characters that sort by time: 10 for the millisecond, 16 random."""

    def __init__(self, *, now: Callable[[], datetime], random_bits: Callable[[int], int]) -> None:
        """Prepare ids; `random_bits(n)` returns an unpredictable number of n bits."""
        self._now = now
        self._random_bits = random_bits
        self._last = 0
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """Return the next id, greater than all before it in this process."""
        with self._lock:
            value = int(self._now().timestamp() * 1000) << 80 | self._random_bits(80)
            self._last = max(value, self._last + 1)
            value = self._last
        return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])


def make_ids(clock: Clock) -> Ids:
    """Return the ids of this process."""
    return Ids(now=clock.now, random_bits=secrets.randbits)
