"""The webhook edge: verify, keep, commit, answer; nothing else happens before the answer."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import prometheus_client

from bot.http.app import DroppableResponse, HttpResponse, respond_json
from bot.http.refusals import Throttle
from bot.http.unopened_queue import UnopenedQueue
from bot.jobs.refused_webhooks import RefusalCounter
from notifier.inbox.group_commit import GroupCommit, Outcome
from notifier.inbox.inbox import make_row
from paytend import AmountUnit, Keys, ProtocolError
from paytend.webhooks import Event, read_event
from paytend.wire import envelope
from paytend.wire.envelope import Webhook
from storage.vault import Vault

TAKEN = respond_json("200 OK", {"status": "00", "msg": "success"})
# No reason: a forger must not learn which check failed. The log has it.
REFUSED = respond_json("401 Unauthorized", {"status": "01", "msg": "refused"})
LATER = replace(
    respond_json("503 Service Unavailable", {"status": "99", "msg": "try again"}), headers=(("Retry-After", "5"),)
)

_LOGGED = ("kind", "form", "verified_by")
_Before = TypeVar("_Before")
_After = TypeVar("_After")
_Waiting = tuple[_After, Future[HttpResponse]]  # what is known of a webhook by now, and what its sender waits for
_LINES = 4  # a second about what was refused

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class WebhookReceiver:
    """Takes webhooks in, each once, forever. Their notices are made later, from the stored row."""

    intake: GroupCommit
    keys: Keys = field(repr=False)
    partner_id: str
    unit: AmountUnit
    vault: Vault
    make_id: Callable[[], str]
    now: Callable[[], datetime]
    wake_dispatcher: Callable[[], None]
    refused: RefusalCounter
    counter: prometheus_client.Counter
    monotonic: Callable[[], float]
    _unopened: UnopenedQueue = field(init=False, repr=False)
    _throttle: Throttle = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare the queue of what was not opened yet."""
        queue = UnopenedQueue(open_all=self._take, refuse=self._put_off, monotonic=self.monotonic)
        object.__setattr__(self, "_unopened", queue)
        object.__setattr__(self, "_throttle", Throttle(monotonic=self.monotonic, lines=_LINES))

    def __call__(self, body: bytes) -> Future[HttpResponse]:
        """Return the answer to the sender, as soon as it is known: "00" only for what is on disk.

        Cancel it when the sender has gone: then the webhook is not opened. Paytend sends it again.
        """
        answer = DroppableResponse()
        self._unopened.put(body, answer)
        return answer

    def wind_down(self, *, within: float) -> None:
        """Take nothing more, and open what waits for so many seconds at most; the other senders are put off."""
        self._unopened.wind_down(within=within)

    def stop(self) -> None:
        """Take in what was handed over, or put it off, and end."""
        self._unopened.stop()
        self.intake.stop()

    def open(self, body: bytes) -> dict[str, Any]:
        """Return the row of a webhook; raises ProtocolError when Paytend did not send it to us."""
        webhook = envelope.open_webhook(body, keys=self.keys, partner_id=self.partner_id)
        return self._make_row(self._read(webhook))

    def _read(self, webhook: Webhook) -> tuple[Webhook, Event]:
        try:
            return webhook, read_event(webhook, unit=self.unit)
        except Exception:  # noqa: BLE001 - Paytend signed it: kept as it is, as it would be sent again for ever
            _log.exception("webhooks.not_read", extra={"notify_type": webhook.notify_type})
            unread = replace(webhook, content={envelope.UNREAD: webhook.text}, notify_type=envelope.UNREAD)
            return unread, read_event(unread, unit=self.unit)

    def _make_row(self, read: tuple[Webhook, Event]) -> dict[str, Any]:
        webhook, event = read
        return make_row(webhook, event, now=self.now(), vault=self.vault, make_id=self.make_id)

    def _take(self, batch: Sequence[_Waiting[bytes]]) -> None:
        """Open a batch, a step for all of it before the next, and have what is good kept in one commit.

        The same code over and over stays in the processor's cache: a sixth less time than one after another.
        """
        failed: list[_Waiting[Exception]] = []
        verified: list[_Waiting[Webhook]] = []
        for body, answer in batch:
            try:
                webhook = envelope.open_webhook(body, keys=self.keys, partner_id=self.partner_id)
            except Exception as error:  # noqa: BLE001 - the edge of a thread: the sender is told
                failed.append((error, answer))
            else:
                verified.append((webhook, answer))
        opened = _each(self._make_row, _each(self._read, verified, failed), failed)
        self._answer_failed(failed)
        if not opened:
            return
        try:
            self.intake.keep_all([row for row, _ in opened], partial(self._answer_kept, opened))
        except Exception as error:  # noqa: BLE001 - the edge of a thread: the senders are asked to try again
            self._answer_failed([(error, answer) for _, answer in opened])

    def _answer_kept(self, opened: Sequence[_Waiting[Mapping[str, Any]]], outcomes: Sequence[Outcome]) -> None:
        """Answer what was to be kept together; the log has one line for all, as each costs much in a flood."""
        done = [(row, answer, outcome) for (row, answer), outcome in zip(opened, outcomes, strict=True)]
        taken = [(row, answer, outcome) for row, answer, outcome in done if not isinstance(outcome, Exception)]
        if new := sum(is_new for *_, is_new in taken):
            self.wake_dispatcher()
        for name, count in (("taken", new), ("known", len(taken) - new)):
            self.counter.labels(outcome=name, reason="").inc(count)
        if taken:
            told = {name: dict(Counter(str(row[name]) for row, *_ in taken)) for name in _LOGGED}
            _log.info("webhooks.taken", extra={**told, "new": new, "known": len(taken) - new})
        for _, answer, _ in taken:
            # Known ones too: after any other answer Paytend would repeat them.
            answer.set_result(TAKEN)
        self._answer_failed([(error, answer) for _, answer, error in done if isinstance(error, Exception)])

    def _answer_failed(self, failed: Sequence[_Waiting[BaseException]]) -> None:
        """Refuse what Paytend did not send, and ask for the rest again."""
        refused = Counter(error.flaw for error, _ in failed if isinstance(error, ProtocolError))
        self.refused.add(refused)
        for flaw, count in refused.items():
            self.counter.labels(outcome="refused", reason=flaw).inc(count)
            self._tell("webhooks.refused", flaw, count=count)
        broken = Counter(error for error, _ in failed if not isinstance(error, ProtocolError))
        for error, count in broken.items():
            self.counter.labels(outcome="not_kept", reason="").inc(count)
            _log.error("webhooks.not_kept", exc_info=error, extra={"count": count})
        for error, answer in failed:
            answer.set_result(REFUSED if isinstance(error, ProtocolError) else LATER)

    def _put_off(self, answer: Future[HttpResponse], why: str) -> None:
        """Ask a sender to come back: what was sent has not been looked at."""
        self.counter.labels(outcome="put_off", reason=why).inc()
        self._tell("webhooks.put_off", why, count=1)
        answer.set_result(LATER)

    def _tell(self, event: str, reason: str, *, count: int) -> None:
        left_out = self._throttle.let_pass(count)
        if left_out is not None:
            _log.warning(event, extra={"reason": reason, "count": count, "left_out": left_out})


def _each(
    step: Callable[[_Before], _After], batch: Sequence[_Waiting[_Before]], failed: list[_Waiting[Exception]]
) -> list[_Waiting[_After]]:
    """Return a batch after a step, without those that failed it."""
    passed = []
    for value, answer in batch:
        try:
            passed.append((step(value), answer))
        except Exception as error:  # noqa: BLE001 - the edge of a thread: the sender is told
            failed.append((error, answer))
    return passed
