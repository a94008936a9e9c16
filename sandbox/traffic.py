"""What passes between the bot and the two outside parties, kept for the *Watch* tab: in the clear, and sealed."""

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sandbox.paytend.exchanges import Exchange
from sandbox.paytend.webhooks import Attempt, Webhook
from sandbox.slack.deliveries import Delivery
from sandbox.slack.web_api import ApiCall

KEPT = 400
WEBHOOKS = {"1": "transaction", "2": "cardholder reviewed", "3": "card order"}


class Way(StrEnum):
    """The sender and the receiver."""

    SLACK_TO_BOT = "Slack → bot"
    BOT_TO_SLACK = "bot → Slack"
    BOT_TO_PAYTEND = "bot → Paytend"
    PAYTEND_TO_BOT = "Paytend → bot"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One content that travelled: in the clear, and as it was on the wire when that differs."""

    title: str
    clear: Any
    sealed: Any = None


@dataclass(frozen=True, kw_only=True)
class Passed:
    """One thing that passed; `ms` is how long the answer took, None when nobody measured."""

    way: Way
    title: str
    outcome: str
    is_good: bool
    ms: float | None
    parts: tuple[Part, ...]


def of_delivery(delivery: Delivery) -> Passed:
    """Return what went from Slack to the bot."""
    payload = delivery.payload
    words = {
        "slash_commands": f"{payload.get('command')} {payload.get('text')}",
        "block_actions": ", ".join(str(each.get("action_id")) for each in payload.get("actions", ())),
        "view_submission": str(payload.get("view", {}).get("callback_id", "")),
    }
    kind = delivery.kind.replace("_", " ").removesuffix("s") if delivery.kind == "slash_commands" else ""
    title = " · ".join(
        each for each in (kind or delivery.kind.replace("_", " "), words.get(delivery.kind)) if each
    )
    outcome = delivery.error or ("correct it" if delivery.errors else "acknowledged")
    answer = delivery.response or "(nothing: acknowledged)"
    parts = (Part(title="Payload", clear=payload), Part(title="Acknowledgement", clear=answer))
    return Passed(
        way=Way.SLACK_TO_BOT,
        title=title,
        outcome=outcome,
        is_good=not delivery.error,
        ms=delivery.ms,
        parts=parts,
    )


def of_api_call(call: ApiCall, *, places: Mapping[str, str]) -> Passed:
    """Return what the bot asked of Slack; `places` are the names of channels."""
    outcome = "ok" if call.is_ok else str(call.response.get("error", call.status))
    place = places.get(str(call.args.get("channel")))
    title = f"{call.method} · #{place}" if place else call.method
    parts = (Part(title="Arguments", clear=call.args), Part(title="Answer", clear=call.response))
    return Passed(way=Way.BOT_TO_SLACK, title=title, outcome=outcome, is_good=call.is_ok, ms=None, parts=parts)


def of_exchange(exchange: Exchange) -> Passed:
    """Return what the bot asked of Paytend."""
    call = exchange.call
    answered = exchange.answer is not None
    outcome = call.outcome or "not done"
    if call.fault:
        outcome = f"{outcome}, {call.fault.replace('_', ' ')}"
    if not answered:
        outcome += ", no answer"
    parts = (
        Part(title="Request", clear=call.biz_data, sealed=_read(exchange.request)),
        Part(title="Answer", clear=exchange.data, sealed=_read(exchange.answer or "")),
    )
    return Passed(
        way=Way.BOT_TO_PAYTEND,
        title=call.operation,
        outcome=outcome,
        is_good=call.outcome == "00" and answered,
        ms=exchange.ms,
        parts=parts,
    )


def of_webhook(webhook: Webhook, attempt: Attempt) -> Passed:
    """Return Paytend's webhooks to the bot."""
    tries = len(webhook.attempts)
    outcome = f"{attempt.http_status or attempt.answer} {webhook.state}"
    parts = (
        Part(title="Webhook", clear=webhook.content, sealed=webhook.sealed),
        Part(title="Answer", clear=_read(attempt.answer)),
    )
    return Passed(
        way=Way.PAYTEND_TO_BOT,
        title=WEBHOOKS.get(webhook.kind, webhook.kind) + (f" (try {tries})" if tries > 1 else ""),
        outcome=outcome,
        is_good=attempt.good,
        ms=None,
        parts=parts,
    )


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


class Traffic:
    """Keeps the newest; safe from any thread."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Note times by `now`."""
        self._now = now
        self._lock = threading.Lock()
        self._kept: deque[tuple[int, datetime, Passed]] = deque(maxlen=KEPT)
        self._number = 0

    def add(self, passed: Passed) -> None:
        """Keep one more."""
        with self._lock:
            self._number += 1
            self._kept.append((self._number, self._now(), passed))

    def rows(self, after: int) -> list[dict[str, Any]]:
        """Return those after a number without their contents, oldest first."""
        with self._lock:
            kept = [each for each in self._kept if each[0] > after]
        return [_row(*each) for each in kept]

    def in_full(self, number: int) -> dict[str, Any] | None:
        """Return one with its contents, None when it is not kept any more."""
        with self._lock:
            found = next((each for each in self._kept if each[0] == number), None)
        if found is None:
            return None
        parts = [vars(part) for part in found[2].parts]
        return {**_row(*found), "parts": parts}


def _row(number: int, at: datetime, passed: Passed) -> dict[str, Any]:
    return {
        "number": number,
        "at": at.timestamp(),
        "way": passed.way.value,
        "title": passed.title,
        "outcome": passed.outcome,
        "is_good": passed.is_good,
        "ms": None if passed.ms is None else round(passed.ms, 1),
    }
