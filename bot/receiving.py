"""The webhook edge: verify, keep, commit, answer; nothing else happens before the answer."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import prometheus_client

from bot.web import Answer, say
from notifier.batches import Batches
from notifier.inbox import make_row
from notifier.intake import Intake
from notifier.vault import Vault
from paytend import AmountUnit, Flaw, Keys, ProtocolError, envelope
from paytend.webhooks import read_event

TAKEN = say("200 OK", {"status": "00", "msg": "success"})
REFUSED = say("401 Unauthorized", {"status": "01", "msg": "refused"})
LATER = say("503 Service Unavailable", {"status": "99", "msg": "try again"})

_LOGGED = ("kind", "form", "verified_by")
_Opened = tuple[Mapping[str, Any], Future[Answer]]
OPENED_TOGETHER = 32  # the first of them waits for the last, some milliseconds

_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class RefusedCount:
    """How many webhooks were refused since the trail was told, by reason; a flood makes one line of it."""

    _counts: Counter[Flaw] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, flaw: Flaw) -> None:
        """Count one."""
        with self._lock:
            self._counts[flaw] += 1

    def take(self) -> dict[Flaw, int]:
        """Return the counts and start anew."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        return dict(sorted(counts.items()))

    def give_back(self, counts: Mapping[Flaw, int]) -> None:
        """Count again what was taken and could not be told."""
        with self._lock:
            self._counts.update(counts)


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Takes webhooks in: each once, for ever. What they say is told afterwards, from the stored row."""

    intake: Intake
    keys: Keys = field(repr=False)
    partner_id: str
    unit: AmountUnit
    vault: Vault
    make_id: Callable[[], str]
    now: Callable[[], datetime]
    wake_teller: Callable[[], None]
    refused: RefusedCount
    counter: prometheus_client.Counter
    _opening: Batches[tuple[bytes, Future[Answer]]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare to open on one thread: two would wait for each other, as most of it is Python's own work."""
        object.__setattr__(self, "_opening", Batches(self._take, most=OPENED_TOGETHER, name="webhooks"))

    def __call__(self, body: bytes) -> Future[Answer]:
        """Return what the sender is told, once it is known: "00" only for what is on the disk."""
        answer: Future[Answer] = Future()
        answer.set_running_or_notify_cancel()  # whoever waits for it cannot take it back
        self._opening.put([(body, answer)])
        return answer

    def stop(self) -> None:
        """Take in what was handed over, and end."""
        self._opening.stop()
        self.intake.stop()

    def open(self, body: bytes) -> dict[str, Any]:
        """Return the row of a webhook; raises ProtocolError when Paytend did not send it to us."""
        webhook = envelope.open_webhook(body, keys=self.keys, partner_id=self.partner_id)
        event = read_event(webhook, unit=self.unit)
        return make_row(webhook, event, now=self.now(), vault=self.vault, make_id=self.make_id)

    def _take(self, batch: Sequence[tuple[bytes, Future[Answer]]]) -> None:
        """Open a batch, and have what is good kept in one commit."""
        opened = [(row, answer) for body, answer in batch if (row := self._open_or_refuse(body, answer))]
        if not opened:
            return
        try:
            kept = self.intake.keep_all([row for row, _ in opened])
        except Exception as error:  # noqa: BLE001 - the edge of a thread: the senders are told to try again
            for _, answer in opened:
                answer.set_result(self._fail(error))
            return
        # They are kept in their order, so when the last one is, all are.
        kept[-1].add_done_callback(lambda _last: self._tell(opened, kept))

    def _open_or_refuse(self, body: bytes, answer: Future[Answer]) -> dict[str, Any] | None:
        try:
            return self.open(body)
        except ProtocolError as error:
            self.refused.add(error.flaw)
            self.counter.labels(outcome="refused", reason=error.flaw).inc()
            _log.warning("webhook.refused", extra={"reason": error.flaw})
            answer.set_result(REFUSED)
        except Exception as error:  # noqa: BLE001 - the edge of a thread: the sender is told to try again
            answer.set_result(self._fail(error))
        return None

    def _tell(self, opened: Sequence[_Opened], kept: Sequence[Future[bool]]) -> None:
        """Answer what was kept together."""
        answers = [(answer, self._say(row, done)) for (row, answer), done in zip(opened, kept, strict=True)]
        if any(done.exception() is None and done.result() for done in kept):
            self.wake_teller()
        for answer, said in answers:
            answer.set_result(said)

    def _say(self, row: Mapping[str, Any], kept: Future[bool]) -> Answer:
        if error := kept.exception():
            return self._fail(error)
        new = kept.result()
        self.counter.labels(outcome="taken" if new else "known", reason="").inc()
        _log.info("webhook.taken", extra={**{name: row[name] for name in _LOGGED}, "new": new})
        return TAKEN

    def _fail(self, error: BaseException) -> Answer:
        _log.error("webhook.not_kept", exc_info=error)
        self.counter.labels(outcome="not_kept", reason="").inc()
        return LATER
