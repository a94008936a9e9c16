"""How long a webhook takes to its message in Slack: one at a time, and in a flood that becomes a digest."""

import json
import re
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.callers import Caller, flood, make_webhooks
from benchmarks.measure import quantile
from benchmarks.rig import Rig, build_rig, run_bot
from benchmarks.servers import serve
from bot.wiring.compose import make_pools
from notifier.outbox import backlog
from sandbox.slack import SlackWorkspace

STEADY, APART, TARGET_P95 = 60, 0.6, 0.1  # webhooks, seconds between two, seconds
BUSY, A_SECOND, CHANNELS, BUSY_P95 = 1500, 50, 20, 2.0  # webhooks, seconds
FLOOD, MOST_MESSAGES, LONGEST = 2000, 200, 90.0
_HEADERS = {"Content-Type": "application/json"}
_AUDIT = "C0AUDIT"
_AMOUNT = re.compile(r"\b(\d+\.\d\d) EUR")


def run() -> Iterator[str]:
    """Yield a line for each figure."""
    yield from _steady()
    yield from _busy()
    yield from _flood()


def _steady() -> Iterator[str]:
    """Send webhooks one by one, for two channels in turn, as Slack takes one message a second in each."""
    with build_rig(pools=make_pools(), budget=500) as rig, serve(rig.bot.web) as port:
        rig.bot.start()
        caller, sent = Caller(port, "/paytend/webhook"), []
        for number in range(1, STEADY + 1):
            sent.append(rig.slack.clock.now())
            caller(rig.paytend.seal_webhook("1", _content(number)), _HEADERS)
            time.sleep(APART)
        caller.close()
        _wait_until_told(rig)
        rig.bot.stop()
        posts = _posts(rig)
    taken = [(at - begun).total_seconds() for begun, (_, at) in zip(sent, posts, strict=True)]
    amounts = [text for text, _ in posts]
    in_order = all(f"{number / 100:.2f} EUR" in text for number, text in enumerate(amounts, 1))
    yield (
        f"webhook to chat.postMessage, {STEADY} one by one: p50 {quantile(taken, 0.5) * 1e3:.0f} ms, "
        f"p95 {quantile(taken, 0.95) * 1e3:.0f} ms (under {TARGET_P95 * 1e3:.0f} ms)"
    )
    yield f"one message each: {len(posts) == STEADY}; in order: {in_order}"


def _busy() -> Iterator[str]:
    """Send many a second for many channels: more than Slack takes as messages of their own, so lines count too."""
    merchants = {f"SHOP {number:02d}": f"C0BUSY{number:02d}" for number in range(CHANNELS)}
    names, sent = list(merchants), []
    with TemporaryDirectory() as folder, run_bot(folder=Path(folder), channels_by_merchant=merchants) as bot:
        contents = [_content(number) | {"remark": names[number % CHANNELS]} for number in range(1, BUSY + 1)]
        bodies = [bot.paytend.seal_webhook("1", content) for content in contents]
        caller = Caller(bot.port, "/paytend/webhook")
        began = time.perf_counter()
        for number, body in enumerate(bodies):
            time.sleep(max(0.0, began + number / A_SECOND - time.perf_counter()))
            sent.append(bot.slack.clock.now())
            caller(body, _HEADERS)
        lasted = time.perf_counter() - began
        caller.close()
        until = time.monotonic() + LONGEST
        while len(told := _find_told(bot.slack)) < BUSY and time.monotonic() < until:
            time.sleep(0.5)
    taken = [(told[number] - at).total_seconds() for number, at in enumerate(sent, 1) if number in told]
    yield (
        f"{BUSY / lasted:.0f} webhooks a second for {CHANNELS} channels: {len(taken)} of {BUSY} told; "
        f"p50 {quantile(taken, 0.5):.2f} s, p95 {quantile(taken, 0.95):.2f} s (under {BUSY_P95} s)"
    )


def _find_told(slack: SlackWorkspace) -> dict[int, datetime]:
    """Return when each amount was first in a message, by its number."""
    told: dict[int, datetime] = {}
    for call in slack.api_calls:
        if call.is_ok and call.args.get("channel") != _AUDIT:
            for amount in _AMOUNT.findall(json.dumps(call.args, default=str)):
                told.setdefault(int(amount.replace(".", "")), call.at)
    return told


def _flood() -> Iterator[str]:
    """Send many webhooks at once: they become few messages, soon."""
    with build_rig(pools=make_pools()) as rig, serve(rig.bot.web) as port:
        rig.bot.start()
        bodies, started = make_webhooks(rig.paytend, FLOOD), time.perf_counter()
        taken_in = flood(port, bodies)
        _wait_until_told(rig)
        seconds = time.perf_counter() - started
        rig.bot.stop()
        messages = len(_posts(rig))
    yield (
        f"{FLOOD} webhooks at once, taken in within {taken_in:.1f} s: all told after {seconds:.1f} s "
        f"in {messages} messages (at most {MOST_MESSAGES})"
    )


def _content(number: int) -> dict[str, Any]:
    return {
        "cardId": "1755902",
        "cardNo": "533711******5097",
        "currency": "EUR",
        "amount": number,
        "businessDate": "2026-11-22 12:00:00",
        "tradeId": f"T{number:018d}",
        "tradeType": 151,
        "tradeSrc": "A",
        "tradeStatus": 1 if number % 2 else 6,
        "remark": "MAXIMA LT, X-123 VILNIUS",
    }


def _posts(rig: Rig) -> list[tuple[str, Any]]:
    """Return the texts of the notices that were posted, each with its time."""
    calls = [call for call in rig.slack.api_calls if call.method == "chat.postMessage" and call.is_ok]
    notices = [
        call for call in calls if call.args.get("channel") != _AUDIT
    ]  # where the head of the audit trail is posted
    return [(json.dumps(call.args, default=str), call.at) for call in notices]


def _wait_until_told(rig: Rig) -> None:
    until = time.perf_counter() + LONGEST
    for _ in count():
        rig.bot.notices.dispatcher.dispatch_due()
        with rig.bot.database.reading() as session:
            if not backlog.waiting(session) or time.perf_counter() > until:
                return
        time.sleep(0.1)
