"""Request ids that never repeat, also between processes that start in the same millisecond."""

import threading
from collections.abc import Callable
from math import gcd

_SPACE = 10**17


class RequestIds:
    """Makes ids of 32 characters: the partner id (15) and 17 digits (`paytend-api.md` b.1 no. 3).

    The vendor's demo fills the digits with the local time, which two processes can share. Here a process walks
    the whole space of 10^17 from a random place in random steps: no id comes twice in a process, and two
    processes meet as rarely as random numbers of 56 bits do. Digits only, as the charset is undocumented.
    """

    def __init__(self, partner_id: str, *, random_below: Callable[[int], int]) -> None:
        """Prepare ids for a partner; `random_below(n)` returns 0 to n-1 unpredictably."""
        self._partner_id = partner_id
        self._place = random_below(_SPACE)
        step = random_below(_SPACE)
        while gcd(step, _SPACE) != 1:  # else the walk would not pass through all places
            step = random_below(_SPACE)
        self._step = step
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """Return the next id."""
        with self._lock:
            self._place = (self._place + self._step) % _SPACE
            return f"{self._partner_id}{self._place:017d}"
