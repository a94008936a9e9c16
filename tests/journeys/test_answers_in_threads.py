"""An answer to a click in a thread appears in the thread, where the person looks."""

from typing import Any

import pytest

from tests.journeys.world import MANAGER, OTHER_SUPPORT, JourneyWorld


def in_thread(world: JourneyWorld) -> dict[str, Any]:
    """A reply with a button, in the thread of the newest card."""
    card = world.card()
    content = {"text": "again", "blocks": [each for each in card["blocks"] if each["type"] == "actions"]}
    return world.slack.state.post("C0APPROVALS", content, by="U0BOT", thread_ts=card["ts"])


@pytest.mark.parametrize("way", ["response_url", "fallback"])
def test_s12_an_answer_to_a_click_in_a_thread_is_in_the_thread(sqlite_world: JourneyWorld, way: str) -> None:
    world = sqlite_world
    world.asks()
    reply = in_thread(world)
    if way == "fallback":
        world.slack.base_url = "http://127.0.0.1:9"  # no response address of this workspace can be reached

    world.clicks(OTHER_SUPPORT, "request_approve", message=reply)

    answer = world.slack.ephemerals(OTHER_SUPPORT)[-1]
    assert "can do this. Ask an admin" in answer["text"]
    assert answer["thread_ts"] == world.card()["ts"]


def test_s12_an_answer_to_a_click_in_the_channel_is_in_the_channel(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    in_thread(world)

    world.clicks(MANAGER, "request_looking")
    world.clicks(OTHER_SUPPORT, "request_approve")

    assert "thread_ts" not in world.slack.ephemerals(OTHER_SUPPORT)[-1]
