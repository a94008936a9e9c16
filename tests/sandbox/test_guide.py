"""The guide believes only what happened, and shows how far each story is."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.guide import STORM_FROM, Seen, saw_api_call, saw_delivery, saw_exchange, saw_webhook, told
from sandbox.paytend.exchanges import Exchange, PaytendCall
from sandbox.paytend.webhooks import Attempt, Webhook
from sandbox.slack.deliveries import Delivery
from sandbox.slack.web_api import ApiCall

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def api_call(method: str, channel: str, *, is_ok: bool = True, blocks: Any = (), text: str = "") -> ApiCall:
    args = {"channel": channel, "blocks": list(blocks), "text": text}
    return ApiCall(method=method, args=args, response={"ok": is_ok}, status=200, at=START)


def exchange(operation: str, outcome: str) -> Exchange:
    call = PaytendCall(operation=operation, at=START, outcome=outcome)
    return Exchange(call=call, request="{}", data={}, answer="{}", ms=1.0)


def told_of(seconds: float, *, status: int = 1, good: bool = True, tries: int = 1) -> tuple[Webhook, Attempt]:
    at = START + timedelta(seconds=seconds)
    attempts = [Attempt(at=at, http_status=200, answer="", good=good) for _ in range(tries)]
    webhook = Webhook(
        kind="1", content={"tradeStatus": status}, plaintext="", sealed={}, state="delivered", attempts=attempts
    )
    return webhook, attempts[-1]


def done(seen: Seen, story: str, *, has_read_storm: bool = False) -> list[bool]:
    found = next(each for each in told(seen, has_read_storm=has_read_storm) if each["name"] == story)
    return [step["is_done"] for step in found["steps"]]


def typed(command: str, text: str) -> Delivery:
    return Delivery(kind="slash_commands", payload={"command": command, "text": text})


def pressed(action: str) -> Delivery:
    return Delivery(kind="block_actions", payload={"actions": [{"action_id": action}]})


BUTTONS = [{"type": "actions", "elements": []}]


def test_a_top_up_is_done_when_it_was_asked_for_moved_and_told() -> None:
    seen = saw_api_call(Seen(), api_call("chat.postMessage", "C0APPROVALS", blocks=BUTTONS))
    assert done(seen, "approve") == [True, False, False]

    seen = saw_exchange(seen, exchange("topup", "00"))
    assert done(seen, "approve") == [True, True, False]
    seen = saw_api_call(seen, api_call("chat.update", "C0APPROVALS"))
    assert done(seen, "approve") == [True, True, True]


def test_what_was_refused_or_went_elsewhere_counts_for_nothing() -> None:
    seen = saw_api_call(Seen(), api_call("chat.postMessage", "C0APPROVALS", is_ok=False, blocks=BUTTONS))
    seen = saw_api_call(seen, api_call("chat.postMessage", "C0SUPPORT", blocks=BUTTONS))
    seen = saw_exchange(seen, exchange("topup", "2001"))
    seen = saw_api_call(seen, api_call("chat.update", "C0APPROVALS"))

    assert done(seen, "approve") == [False, False, False]


def test_a_card_is_lost_and_the_next_payment_is_declined_and_told() -> None:
    payload = {"command": "/card", "text": "lost 1755903"}
    seen = saw_delivery(Seen(), Delivery(kind="slash_commands", payload=payload, error="operation_timeout"))
    assert done(seen, "lost") == [False, False, False]
    seen = saw_delivery(seen, Delivery(kind="slash_commands", payload=payload))
    assert done(seen, "lost") == [True, False, False]

    seen = saw_exchange(seen, exchange("lostCard", "00"))
    seen = saw_webhook(seen, *told_of(0, status=1))
    seen = saw_api_call(seen, api_call("chat.postMessage", "C0ONCALL"))
    assert done(seen, "lost") == [True, True, False]
    seen = saw_webhook(seen, *told_of(1, status=6))
    seen = saw_api_call(seen, api_call("chat.postMessage", "C0ONCALL"))
    assert done(seen, "lost") == [True, True, True]


def test_a_storm_is_many_transactions_in_two_minutes_all_taken_and_read() -> None:
    seen = Seen()
    for number in range(STORM_FROM):
        seen = saw_webhook(seen, *told_of(number * 10))  # too slow
    assert done(seen, "storm") == [False, False, False]

    for number in range(STORM_FROM):
        seen = saw_webhook(seen, *told_of(1000 + number))
    assert done(seen, "storm") == [True, True, False]
    seen = saw_webhook(seen, *told_of(1041, good=False))
    assert done(seen, "storm") == [True, False, False]
    seen = saw_webhook(seen, *told_of(1051, tries=2))
    seen = saw_api_call(seen, api_call("chat.postMessage", "C0ALERTS"))
    seen = saw_api_call(seen, api_call("chat.update", "C0ALERTS"))
    assert done(seen, "storm") == [True, True, False]
    assert done(seen, "storm", has_read_storm=True) == [True, True, True]
    words = told(seen, has_read_storm=True)[2]["steps"][2]["words"]
    assert "41 transactions, 1 messages and 1 edits" in words
    assert seen.storm_told_at == START.timestamp()


def test_a_storm_that_only_on_call_heard_of_so_far_cannot_have_been_read() -> None:
    seen = Seen()
    for number in range(STORM_FROM):
        seen = saw_webhook(seen, *told_of(number))
    seen = saw_api_call(seen, api_call("chat.postMessage", "C0ONCALL"))

    assert done(seen, "storm", has_read_storm=True) == [True, True, False]


def test_a_stop_is_no_request_and_going_on_takes_two() -> None:
    seen = saw_api_call(
        Seen(), api_call("chat.postMessage", "C0APPROVALS", blocks=BUTTONS, text="Stopped: top-ups")
    )
    assert done(seen, "stop") == [True, False, False]
    assert done(seen, "approve") == [False, False, False]

    seen = saw_delivery(seen, typed("/cardops", "resume top-ups"))
    assert done(seen, "stop") == [True, True, False]
    seen = saw_api_call(seen, api_call("chat.update", "C0APPROVALS", text="Resumed: top-ups"))
    assert done(seen, "stop") == [True, True, True]


def test_a_difference_of_the_books_is_seen_when_on_call_is_told() -> None:
    seen = saw_delivery(Seen(), typed("/partner", "books today"))
    assert done(seen, "books") == [True, False, False]

    text = "<!subteam^S0ONCALL> The books differ: twice, 5.00 EUR"
    seen = saw_api_call(seen, api_call("chat.postMessage", "C0ONCALL", blocks=BUTTONS, text=text))
    assert done(seen, "books") == [True, True, False]
    seen = saw_delivery(seen, pressed("books_known"))
    assert done(seen, "books") == [True, True, True]
