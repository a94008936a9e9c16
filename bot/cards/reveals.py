"""Which names a person has been shown of late: typing into a select searches at every letter."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

KEPT = 600.0  # seconds
_MOST = 10_000  # names


@dataclass(frozen=True, kw_only=True)
class Reveals:
    """What the trail has of the searches of this process; thread-safe."""

    monotonic: Callable[[], float]
    _shown: dict[tuple[str, str], float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, account: str, card_ids: Iterable[str]) -> Sequence[str]:
        """Return the cards of which this person has not been shown the name within ten minutes; now they have."""
        now = self.monotonic()
        with self._lock:
            if len(self._shown) > _MOST:
                self._shown.clear()  # then the trail says again what it said before
            new = [each for each in card_ids if self._shown.get((account, each), now - KEPT) <= now - KEPT]
            self._shown.update({(account, each): now for each in new})
        return new
