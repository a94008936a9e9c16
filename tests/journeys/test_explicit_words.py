"""A word about money is said, never read out of what is missing: forged, emptied and old forms settle nothing."""

import json
from typing import Any

import pytest

from tests.journeys.world import CARD, MANAGER, SUPPORT, JourneyWorld

LEFT_OUT = object()
NO_WORDS = [LEFT_OUT, None, "", "true", "no", 0, 1, [], {}]


def name_of(value: object) -> str:
    return "left out" if value is LEFT_OUT else repr(value)


def is_unknown(world: JourneyWorld) -> None:
    """Let a top-up end unknown, so that people settle it."""
    world.asks()
    world.paytend.switches.lose_next_request(operation="topup")
    world.clicks(MANAGER, "request_approve")
    for _ in range(4):
        world.passes(minutes=2)
    assert world.request().status == "unknown"


def with_word(world: JourneyWorld, word: object) -> dict[str, Any]:
    """The open settlement form as another client may send it."""
    view = world.slack.modal(MANAGER)
    assert view is not None
    value = json.loads(view["private_metadata"])
    assert isinstance(value.pop("happened"), bool)
    if word is not LEFT_OUT:
        value["happened"] = word
    return {**view, "private_metadata": json.dumps(value)}


@pytest.mark.parametrize("button", ["request_settle_happened", "request_settle_not"])
@pytest.mark.parametrize("word", NO_WORDS, ids=name_of)
def test_a6_a_word_that_nobody_said_is_refused_and_settles_nothing(
    sqlite_world: JourneyWorld, word: object, button: str
) -> None:
    world = sqlite_world
    is_unknown(world)
    world.clicks(MANAGER, button)
    rows, trail = world.rows(), len(world.trail())

    world.slack.submits(MANAGER, {"reason": "seen in the portal"}, view=with_word(world, word))
    world.settles()

    assert "This form doesn’t say whether it went through." in world.modal_text(MANAGER)
    assert world.rows() == rows
    assert world.request().status == "unknown"
    assert len(world.trail()) == trail, "no word is recorded"


@pytest.mark.parametrize("button", ["request_settle_happened", "request_settle_not"])
def test_a6_the_word_of_the_button_is_the_word_that_is_recorded(sqlite_world: JourneyWorld, button: str) -> None:
    world = sqlite_world
    is_unknown(world)
    world.clicks(MANAGER, button)

    world.submits(MANAGER, reason="seen in the portal")

    assert world.rows()["Settlement"] == 1
    said = json.loads(world.trail()[-1].facts)
    assert said["happened"] is (button == "request_settle_happened")


@pytest.mark.parametrize("currency", [LEFT_OUT, "", "GBP", "eur "], ids=name_of)
def test_a6_a_top_up_in_a_currency_that_nobody_chose_is_not_asked_for(
    sqlite_world: JourneyWorld, currency: object
) -> None:
    world = sqlite_world
    world.types(SUPPORT, "/topup")
    view = world.slack.modal(SUPPORT)
    assert view is not None
    delivery = world.submits(SUPPORT, card=CARD, amount="10")
    payload = json.loads(json.dumps(delivery.payload))
    world.types(SUPPORT, "/topup")
    before = len(world.requests())
    states = payload["view"]["state"]["values"]["currency"]
    for state in states.values():
        if currency is LEFT_OUT:
            state.pop("selected_option")
        else:
            state["selected_option"]["value"] = currency

    refused = world.slack.sends("interactive", {**payload, "trigger_id": "other"})
    world.settles()

    assert refused.response["response_action"] == "errors"
    assert refused.response["errors"] == {"currency": "Choose one from the list."}
    assert len(world.requests()) == before
