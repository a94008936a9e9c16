"""How often the Web API may be called, by the movable clock.

docs.slack.dev/apis/web-api/rate-limits: a tier for each method and workspace, and about one
chat.postMessage a second for each channel, short bursts allowed.
"""

import math
import threading

from sandbox.clock import Clock

PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100, 5: 600}
POSTS_PER_SECOND = 1.0
POST_BURST = 5


class RateLimits:
    """Buckets that fill by the clock; thread-safe."""

    def __init__(self, clock: Clock, *, is_on: bool, burst: int = POST_BURST) -> None:
        """Count by `clock`; when not `is_on`, nothing is ever limited."""
        self.is_on = is_on
        self._clock = clock
        self._burst = burst
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, method: str, *, tier: int, channel: str | None) -> int | None:
        """Return after how many whole seconds to come again, or None when the call may be made now."""
        if not self.is_on:
            return None
        a_minute = PER_MINUTE[tier]
        wanted = [(method, float(a_minute), a_minute / 60)]
        if method == "chat.postMessage" and channel is not None:
            wanted.append((f"{method} {channel}", float(self._burst), POSTS_PER_SECOND))
        with self._lock:
            now = self._clock.now().timestamp()
            levels = {}
            for name, size, rate in wanted:
                level, since = self._buckets.get(name, (size, now))
                level = min(size, level + max(0.0, now - since) * rate)
                if level < 1:
                    return max(1, math.ceil((1 - level) / rate))
                levels[name] = (level - 1, now)
            self._buckets.update(levels)
        return None
