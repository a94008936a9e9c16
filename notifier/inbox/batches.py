"""Work that is cheaper for many at once: what comes while one batch is worked on is the next."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Item = TypeVar("Item")

_log = logging.getLogger(__name__)


class Batches(Generic[Item]):
    """Hands the items to `work`, in order, at most `most` at once, on one thread of its own; thread-safe.

    What `work` raises is logged, and the next batch is worked on.
    """

    def __init__(self, work: Callable[[Sequence[Item]], None], *, most: int, name: str) -> None:
        """Prepare to work; the thread starts when there is something."""
        self._work = work
        self._most = most
        self._waiting: list[Item] = []
        self._lock = threading.Lock()
        self._is_working = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    def put(self, items: Sequence[Item]) -> None:
        """Have them worked on; those that are put together stay together, as far as `most` allows."""
        with self._lock:
            self._waiting += items
            if not self._is_working:
                self._thread.submit(self._run)
                self._is_working = True

    def stop(self) -> None:
        """Work on what waits, and end."""
        self._thread.shutdown(wait=True)

    def _run(self) -> None:
        while batch := self._take():
            try:
                self._work(batch)
            except Exception:  # noqa: BLE001 - the edge of a thread: what comes next must not wait for ever
                _log.exception("batches.broken")

    def _take(self) -> Sequence[Item]:
        with self._lock:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            # Under the lock of `put`: otherwise what is put at this moment would wait for the next one.
            self._is_working = bool(batch)
        return batch
