"""The clock of this machine and ids that sort by time. Nothing else in `bot` reads the clock; a test says so."""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlmodel import Session

from storage.database_clock import DatabaseClock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's Base32: no letter looks like a digit
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]  # ten bits each


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Where the rest of the program gets its time from; tests hand in one that they move.

    `monotonic` returns seconds from an arbitrary start, `pause` waits for so many seconds. `in_database` returns
    the time by which leases and deadlines are decided; without it, that is `now`. `steps` counts the jumps of the
    clock that this reads, by direction.
    """

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    pause: Callable[[float], None]
    in_database: Callable[[Session], datetime] | None = None
    steps: Mapping[str, int] = field(default_factory=dict)

    def now_in(self, session: Session) -> datetime:
        """Return the time by which leases and deadlines are decided, in UTC."""
        return self.now() if self.in_database is None else self.in_database(session)


def make_clock() -> Clock:
    """Return the clock of this machine, in UTC."""
    shared = DatabaseClock(wall=read_time, monotonic=read_monotonic)
    return Clock(now=read_time, monotonic=read_monotonic, pause=time.sleep, in_database=shared, steps=shared.steps)


def read_time() -> datetime:
    """Return this machine's time, in UTC."""
    return datetime.fromtimestamp(time.time(), UTC)


def read_monotonic() -> float:
    """Return seconds that never go back, from an arbitrary start; they go on while the machine sleeps."""
    # Linux stops `monotonic` while the machine is suspended, and a claim must be too old when it wakes up.
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Ids:
    """Makes ids of 26 characters that sort by time: 10 for the millisecond, 16 random."""

    def __init__(self, *, now: Callable[[], datetime], random_bits: Callable[[int], int]) -> None:
        """Prepare ids; `random_bits(n)` returns an unpredictable number of n bits."""
        self._now = now
        self._random_bits = random_bits
        self._last = 0
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """Return the next id, greater than every earlier one of this process, even when the clock goes back."""
        with self._lock:
            value = int(self._now().timestamp() * 1000) << 80 | self._random_bits(80)
            self._last = max(value, self._last + 1)  # also within a millisecond, and after the clock goes back
            value = self._last
        return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])


def make_ids(clock: Clock) -> Ids:
    """Return the ids of this process."""
    return Ids(now=clock.now, random_bits=secrets.randbits)
