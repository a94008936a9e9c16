"""Webhooks that wait to be opened: nobody's signature on them is known yet, so they wait in bounds.

At most so many bytes wait, and none for long; a sender that has hung up takes its webhook along. The others are
asked to send again, which Paytend does.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum

from bot.http.app import HttpResponse
from notifier.inbox.batches import Batches

MOST_WAITING = 8 * 1024 * 1024  # bytes; some 8,000 webhooks
PATIENCE = 10.0  # seconds, after which most senders have given up
OPENED_TOGETHER = 32  # the first of them waits for the last, some milliseconds

Answer = Future[HttpResponse]


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
    _batches: Batches[_Unopened] = field(init=False)

    def __post_init__(self) -> None:
        """Prepare to open on one thread: two would wait for each other, as most of it is Python's own work."""
        self._batches = Batches(self._work, most=OPENED_TOGETHER, name="webhooks")

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
        self._batches.put([waiting])

    def wind_down(self, *, within: float) -> None:
        """Take nothing more, and open what waits for so many seconds at most; the rest is refused."""
        with self._lock:
            self._ends_at = self.monotonic() + within

    def stop(self) -> None:
        """Open or refuse what waits, and end."""
        if self._ends_at is None:
            self.wind_down(within=self.patience)
        self._batches.stop()

    def _work(self, batch: Sequence[_Unopened]) -> None:
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
