"""Threads of our own: what is asked in Slack is acknowledged first and worked on here."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

_log = logging.getLogger(__name__)


class Busy(Exception):
    """So much is waiting already that nothing more is taken."""


class WorkQueue(Protocol):
    """Where work is handed over; tests do it at a moment of their choice."""

    def submit(self, work: Callable[[], None]) -> None:
        """Have work done soon; raises Busy."""
        ...

    def finish(self, work: Callable[[], None], *, within: float) -> None:
        """Have work done, and wait that many seconds for its end at the most; raises Busy."""
        ...

    def stop(self) -> None:
        """Take no more, and finish what was taken."""
        ...


class WorkerPool:
    """A bounded number of threads with a bounded queue before them."""

    def __init__(self, name: str, *, threads: int, most_waiting: int) -> None:
        """Prepare the threads; they start when they are needed."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._places = threading.BoundedSemaphore(threads + most_waiting)

    def submit(self, work: Callable[[], None]) -> None:
        """Have work done soon; raises Busy when the queue is full."""
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            self._threads.submit(self._run, work)
        except RuntimeError as error:  # the pool was stopped meanwhile
            self._places.release()
            raise Busy from error

    def finish(self, work: Callable[[], None], *, within: float) -> None:
        """Have work done, and wait that many seconds for its end at the most; raises Busy when it is full."""
        ended = threading.Event()

        def run() -> None:
            try:
                work()
            finally:
                ended.set()

        self.submit(run)
        ended.wait(within)

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # noqa: BLE001 - the edge of a thread: nobody above would hear of it
            _log.exception("worker.failed")
        finally:
            self._places.release()

    def stop(self) -> None:
        """Take no more, and finish what was taken."""
        self._threads.shutdown(wait=True, cancel_futures=False)


Run = Callable[[threading.Event, threading.Event], None]


class WorkerLoop:
    """A thread that runs `run(stop, wake)` until it is stopped; it can be woken before it is started."""

    def __init__(self, name: str) -> None:
        """Prepare the thread."""
        self._name = name
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, run: Run) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=run, args=(self._stop, self._wake), name=self._name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Have it look for work now."""
        self._wake.set()

    def stop(self) -> None:
        """Let it finish what it holds, and end."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()
