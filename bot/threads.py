"""The bot's own threads: pools for what Slack delivers and was acknowledged, loops that wait for work."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Protocol

AGAIN_AFTER = 2.0  # seconds until a loop that broke runs again

_log = logging.getLogger(__name__)


class Busy(Exception):
    """The queue is full."""


class WorkQueue(Protocol):
    """Takes work for other threads; tests run it when they choose."""

    def submit(self, work: Callable[[], None]) -> None:
        """Queue work; raises Busy."""
        ...

    def finish(self, work: Callable[[], None], *, within: float) -> None:
        """Queue work, and wait up to `within` seconds for its end; raises Busy."""
        ...

    def stop(self) -> None:
        """Take no more work, and finish what was queued."""
        ...


class WorkerPool:
    """A bounded number of threads with a bounded queue."""

    def __init__(self, name: str, *, threads: int, most_waiting: int) -> None:
        """Prepare the threads; they start when there is work."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        # The executor's own queue has no bound: in a flood it would grow until answers are useless.
        self._places = threading.BoundedSemaphore(threads + most_waiting)

    def submit(self, work: Callable[[], None]) -> None:
        """Queue work; raises Busy when the queue is full."""
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            # With what the log calls this work: what a handler puts off belongs to the same delivery.
            self._threads.submit(copy_context().run, self._run, work)
        except RuntimeError as error:  # the pool was stopped meanwhile
            self._places.release()
            raise Busy from error

    def finish(self, work: Callable[[], None], *, within: float) -> None:
        """Queue work, and wait up to `within` seconds for its end; raises Busy when the queue is full."""
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
        except Exception:  # noqa: BLE001 - the edge of a thread: an exception would be lost here
            _log.exception("worker.failed")
        finally:
            self._places.release()

    def stop(self) -> None:
        """Take no more work, and finish what was queued."""
        # Nothing is cancelled: it was acknowledged to Slack, which does not deliver it again.
        self._threads.shutdown(wait=True, cancel_futures=False)


Run = Callable[[threading.Event, threading.Event], None]


class Pulse(threading.Event):
    """An event by which a loop shows that it goes round: `beat` is called when it asks, and around its waits.

    While it waits it rests, for however long that is.
    """

    def __init__(self, beat: Callable[[bool], None]) -> None:
        """Call `beat(is_resting)`."""
        super().__init__()
        self._beat = beat

    def is_set(self) -> bool:
        """Whether it is set."""
        self._beat(False)  # noqa: FBT003 - the only argument
        return super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set."""
        self._beat(True)  # noqa: FBT003
        try:
            return super().wait(timeout)
        finally:
            self._beat(False)  # noqa: FBT003


class WorkerLoop:
    """A thread that runs `run(stop, wake)` until it is stopped; it can be woken before it is started.

    `monotonic` tells for how long it has been at the same piece of work. A run that breaks is logged and begun
    again after `pause` seconds: nobody would miss a thread that is gone.
    """

    def __init__(
        self, name: str, *, monotonic: Callable[[], float] = lambda: 0.0, pause: float = AGAIN_AFTER
    ) -> None:
        """Prepare the thread."""
        self._name = name
        self._monotonic = monotonic
        self._pause = pause
        self._busy_since: float | None = None
        self._stop = Pulse(self._note)
        self._wake = Pulse(self._note)
        self._thread: threading.Thread | None = None

    def _note(self, is_resting: bool) -> None:  # noqa: FBT001 - called by Pulse only
        self._busy_since = None if is_resting else self._monotonic()

    @property
    def busy_for(self) -> float:
        """For how many seconds it has not come round; 0 while it waits for work."""
        since = self._busy_since
        return 0.0 if since is None else max(0.0, self._monotonic() - since)

    def start(self, run: Run) -> None:
        """Start the thread."""
        # `daemon`: one that hangs in a call must not keep the process from ending.
        self._thread = threading.Thread(target=self._keep_running, args=(run,), name=self._name, daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """Its name, as the log has it."""
        return self._name

    def _keep_running(self, run: Run) -> None:
        while not self._stop.is_set():
            try:
                run(self._stop, self._wake)
            except Exception:  # noqa: BLE001 - the edge of a thread, which only the log would miss
                _log.exception("loop.failed", extra={"loop": self._name})
                self._stop.wait(self._pause)
            else:
                return  # it has nothing left to do

    def wake(self) -> None:
        """Wake the thread, so that it looks for work now."""
        self._wake.set()

    def stop(self) -> None:
        """Let the thread finish its work and end; waits up to 30 seconds for it."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    @property
    def alive(self) -> bool:
        """Whether the thread is running."""
        return self._thread is not None and self._thread.is_alive()
