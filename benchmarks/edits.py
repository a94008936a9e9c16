"""How long a notice waits behind edits that notify nobody, at a Slack that keeps its rate limits."""

import json
import time
from collections.abc import Iterator

from benchmarks.callers import Caller
from benchmarks.rig import Rig, build_rig
from benchmarks.servers import serve
from bot.wiring.compose import make_pools
from notifier.outbox.in_full import KIND, InFullFacts
from notifier.outbox.tables import Message

EDITS, TARGET, LONGEST = 300, 5.0, 60.0  # edits that wait, seconds
_HEADERS = {"Content-Type": "application/json"}
_CHANNEL, _MERCHANT = "C0ALERTS", "MAXIMA LT, X-123 VILNIUS"


def run() -> Iterator[str]:
    """Yield a line for each figure."""
    with build_rig(pools=make_pools(), budget=500) as rig, serve(rig.bot.web) as port:
        _fill(rig)
        rig.slack.limits.is_on = True
        rig.bot.start()
        caller, began = Caller(port, "/paytend/webhook"), time.perf_counter()
        caller(rig.paytend.seal_webhook("1", _content()), _HEADERS)
        while not (told := _is_told(rig)) and time.perf_counter() - began < LONGEST:
            time.sleep(0.02)
        took = time.perf_counter() - began
        caller.close()
        rig.bot.stop()
        limited = sum(call.status == 429 for call in rig.slack.api_calls)
    words = f"{took:.2f} s" if told else f"not within {LONGEST:.0f} s"
    yield f"a notice behind {EDITS} edits in its channel: {words} (under {TARGET:.0f} s), {limited} calls limited"


def _fill(rig: Rig) -> None:
    """Post messages, and have each of them edited."""
    outbox, now = rig.bot.approvals.context.outbox, rig.bot.base.clock.now()
    places = [
        rig.bot.base.clients.slack.chat_postMessage(channel=_CHANNEL, text="a purchase") for _ in range(EDITS)
    ]
    facts = InFullFacts(parts=["a purchase of Ana's"], page=1, pages=1, cut=False)
    with rig.bot.database.writing() as session:
        for place in places:
            key, ts = outbox.make_key(), str(place["ts"])
            session.add(Message(id=key, key=key, recipient=_CHANNEL, channel=_CHANNEL, ts=ts, posted_at=now))
            session.flush()
            outbox.edit(session, key=key, kind=KIND, facts=facts, now=now)


def _content() -> dict[str, object]:
    return {
        "cardId": "1755902",
        "cardNo": "533711******5097",
        "currency": "EUR",
        "amount": 1250,
        "businessDate": "2026-11-22 12:00:00",
        "tradeId": "T000000000000000001",
        "tradeType": 151,
        "tradeSrc": "A",
        "tradeStatus": 1,
        "remark": _MERCHANT,
    }


def _is_told(rig: Rig) -> bool:
    posts = [call for call in rig.slack.api_calls if call.method == "chat.postMessage" and call.is_ok]
    return any("MAXIMA" in json.dumps(call.args, default=str) for call in posts[EDITS:])
