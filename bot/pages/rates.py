"""How often an address may ask for pages, and a token: anybody reaches the port."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_KEYS = 10_000  # what is counted at a time; the one that was seen longest ago goes first


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """Lets `most` pass at once, and then one each time that a share of `seconds` is over; thread-safe."""

    most: int
    seconds: float
    monotonic: Callable[[], float]
    _left: "OrderedDict[str, tuple[float, float]]" = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def let_pass(self, key: str) -> bool:
        """Whether one more of this key may pass, which counts it."""
        with self._lock:
            now = self.monotonic()
            left, seen = self._left.pop(key, (float(self.most), now))
            left = min(float(self.most), left + (now - seen) * self.most / self.seconds)
            is_free = left >= 1
            self._left[key] = (left - is_free, now)
            if len(self._left) > MOST_KEYS:
                self._left.popitem(last=False)
        return is_free
