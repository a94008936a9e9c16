"""What happens by itself later, by the stand-in's clock."""

import heapq
from collections.abc import Callable
from datetime import datetime


class Agenda:
    """Actions with the time at which they are due; equal times in the order they were added."""

    def __init__(self) -> None:
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._added = 0

    def add(self, due: datetime, action: Callable[[], None]) -> None:
        """Have `action` called at the first look after `due`."""
        self._added += 1
        heapq.heappush(self._due, (due, self._added, action))

    def run_due(self, now: datetime) -> int:
        """Call everything due at `now` and return how many calls that were."""
        called = 0
        while self._due and self._due[0][0] <= now:
            _, _, action = heapq.heappop(self._due)
            action()
            called += 1
        return called
