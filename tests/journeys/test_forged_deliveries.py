"""What did not come from Slack, or not to us, and words that would be something else elsewhere."""

import time
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox.slack.seed import SIGNING_SECRET
from sandbox.slack.signing import sign
from tests.journeys.world import CARD, MANAGER, SUPPORT, JourneyWorld, door_of, text_of


def test_a18_a_delivery_with_a_wrong_signature_is_refused(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.slack.courier.signing_secret = "somebody else's"

    delivery = world.types(SUPPORT, f"/topup {CARD} 10")

    assert delivery.status == 401
    assert world.requests() == []
    assert world.paytend.calls == []


def test_a19_a_delivery_for_another_workspace_is_refused_though_it_is_signed(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    payload = world.types(SUPPORT, f"/topup {CARD} 10").payload
    request = world.request()
    click = world.slack.clicks(MANAGER, action_id="request_looking", message=world.card()).payload
    replies = len(world.thread())
    world.pool.waiting.clear()

    for kind, foreign in (
        ("slash_commands", {**payload, "team_id": "T0ELSEWHERE", "trigger_id": "other"}),
        ("interactive", {**click, "team": {"id": "T0ELSEWHERE"}, "trigger_id": "other"}),
    ):
        delivery = world.slack.sends(kind, foreign)
        world.settles()

        assert delivery.status == 401
    assert world.requests() == [request]
    assert len(world.thread()) == replies


@pytest.mark.parametrize(
    "change",
    [
        {"timestamp": -301},
        {"timestamp": +301},
        {"secret": "another secret"},
        {"body": b"&text=999"},
        {"headers": {"X-Slack-Signature": ""}},
        {"headers": {"X-Slack-Signature": "v0=" + "0" * 64}},
        {"headers": {"X-Slack-Request-Timestamp": "soon"}},
        {"headers": {"X-Slack-Request-Timestamp": "9" * 5000}},
        {"without": "X-Slack-Signature"},
        {"without": "X-Slack-Request-Timestamp"},
    ],
    ids=str,
)
def test_a18_a_forged_old_or_altered_delivery_is_refused_and_does_nothing(
    sqlite_world: JourneyWorld, change: dict[str, Any]
) -> None:
    world = sqlite_world
    command = world.types(SUPPORT, "/cardops help").payload | {"text": f"{CARD} 10", "command": "/topup"}
    body = urlencode(command | {"trigger_id": "another"}).encode()
    timestamp = int(time.time()) + change.get("timestamp", 0)
    headers = sign(body, secret=change.get("secret", SIGNING_SECRET), timestamp=timestamp) | change.get(
        "headers", {}
    )
    headers |= {"Content-Type": "application/x-www-form-urlencoded"}
    headers.pop(change.get("without"), None)

    status, _, answer = door_of(world.bot.web)("POST", "", headers, body + change.get("body", b""))
    world.settles()

    assert status == 401
    assert not any(word in answer.decode() for word in (CARD, "secret", "timestamp"))
    assert world.requests() == []


def test_a18_the_same_delivery_rightly_signed_is_taken(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    command = world.types(SUPPORT, "/cardops help").payload | {"text": f"{CARD} 10", "command": "/topup"}
    body = urlencode(command | {"trigger_id": "another"}).encode()
    headers = sign(body, secret=SIGNING_SECRET, timestamp=int(time.time()))
    headers |= {"Content-Type": "application/x-www-form-urlencoded"}

    assert door_of(world.bot.web)("POST", "", headers, body)[0] == 200
    world.settles()
    assert len(world.requests()) == 1, "so what the other test refuses is refused for its forgery"


@pytest.mark.parametrize("words", ["'); DROP TABLE request; --", '" OR 1=1 --', "100% of_it \\", "{{ 7 * 7 }}"])
def test_a26_words_in_sqls_own_language_are_words(world: JourneyWorld, words: str) -> None:
    world.types(SUPPORT, f"/topup {CARD} 10 {words}")
    world.types(SUPPORT, f"/topup status {words}")
    world.types(SUPPORT, f"/approvals show {words}")
    world.types(SUPPORT, f"/card info {words}")

    [request] = world.requests()
    assert request.status == "pending"
    assert words.replace("&", "&amp;") in text_of(world.card()["blocks"])
    assert [event.event for event in world.trail()] == ["approval:opened"]
