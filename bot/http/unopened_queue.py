"""Webhooks that wait to be opened: nobody's signature on them is known yet, so they wait in bounds.

At most so many bytes wait, and none for long; a sender that has hung up takes its webhook along. The others are
asked to send again, which Paytend does.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum

from bot.http.app import HttpResponse

MOST_WAITING = 8 * 1024 * 1024  # bytes; some 8,000 webhooks
PATIENCE = 10.0  # seconds, after which most senders have given up
OPENED_TOGETHER = 32  # the first of them waits for the last, some milliseconds

Answer = Future[HttpResponse]

_log = logging.getLogger(__name__)


class PutOffReason(StrEnum):
    """Why a webhook is not opened, as the metric and the log say it."""

    FULL = "full"
    LATE = "late"
    STOPPING = "stopping"


@dataclass(kw_only=True, slots=True)
class _Unopened:
    body: bytes
    answer: Answer
    until: float


@dataclass(kw_only=True)
class UnopenedQueue:
    """Hands bodies to `open_all`, many at once on one thread; `refuse` answers those that are not opened.

    `refuse` gets the answer and why.
    """

    open_all: Callable[[Sequence[tuple[bytes, Answer]]], None]
    refuse: Callable[[Answer, PutOffReason], None]
    monotonic: Callable[[], float]
    most_bytes: int = MOST_WAITING
    patience: float = PATIENCE
    _bytes: int = 0
    _ends_at: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waiting: deque[_Unopened] = field(default_factory=deque)
    # One thread: two would wait for each other, as most of it is Python's own work.
    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="webhooks")
    )

    @property
    def waiting_bytes(self) -> int:
        """How many bytes wait to be opened."""
        return self._bytes

    def put(self, body: bytes, answer: Answer) -> None:
        """Have a body opened, unless `answer` is cancelled before."""
        with self._lock:
            why = PutOffReason.STOPPING if self._ends_at is not None else None
            if self._bytes and self._bytes + len(body) > self.most_bytes:
                why = why or PutOffReason.FULL
            if why is None:
                self._bytes += len(body)
        if why is not None:
            answer.set_running_or_notify_cancel()
            self.refuse(answer, why)
            return
        waiting = _Unopened(body=body, answer=answer, until=self.monotonic() + self.patience)
        answer.add_done_callback(lambda _answer: self._release(waiting))
        self._waiting.append(waiting)
        self._thread.submit(self._open_next)

    def wind_down(self, *, within: float) -> None:
        """Take nothing more, and open what waits for so many seconds at most; the rest is refused."""
        with self._lock:
            self._ends_at = self.monotonic() + within

    def stop(self) -> None:
        """Open or refuse what waits, and end."""
        if self._ends_at is None:
            self.wind_down(within=self.patience)
        self._thread.shutdown(wait=True)

    def _open_next(self) -> None:
        """Open what waits, or find that an earlier turn has opened it: each body that is put gives one turn."""
        try:
            self._open(self._take())
        except Exception:  # noqa: BLE001 - the edge of a thread: what comes next must not wait for ever
            _log.exception("webhooks.broken")

    def _take(self) -> list[_Unopened]:
        # Without a lock: only this thread takes, and a deque may grow meanwhile.
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), OPENED_TOGETHER))]

    def _open(self, batch: Sequence[_Unopened]) -> None:
        now, taken = self.monotonic(), []
        for waiting in batch:
            body = self._release(waiting)
            if not waiting.answer.set_running_or_notify_cancel():
                continue  # its sender has gone
            if self._ends_at is not None and now > self._ends_at:
                self.refuse(waiting.answer, PutOffReason.STOPPING)
            elif now > waiting.until:
                self.refuse(waiting.answer, PutOffReason.LATE)
            else:
                taken.append((body, waiting.answer))
        if taken:
            self.open_all(taken)

    def _release(self, waiting: _Unopened) -> bytes:
        """Return its body once, and let go of it: a cancelled one must not hold its memory until its turn."""
        with self._lock:
            body, waiting.body = waiting.body, b""
            self._bytes -= len(body)
        return body
