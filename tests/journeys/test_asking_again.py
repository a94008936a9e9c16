"""The question whether the same is wanted again: one yes, one request, nothing personal (case A23)."""

import json
from typing import Any

from tests.journeys.card_world import LIFTED_CONFIG
from tests.journeys.conftest import MakesWorld
from tests.journeys.test_apply import applies
from tests.journeys.world import CARD, MANAGER, SUPPORT, JourneyWorld


def carried(value: Any) -> str:
    """Everything that buttons, options and modals carry, however deep in what Slack was given."""
    if isinstance(value, dict):
        own = [value[name] for name in ("value", "private_metadata") if isinstance(value.get(name), str)]
        return "\n".join([*own, *map(carried, value.values())])
    return "\n".join(map(carried, value)) if isinstance(value, list) else ""


def given(world: JourneyWorld) -> str:
    calls = [call.args for call in world.slack.api_calls]
    shown = [each for person in (SUPPORT, MANAGER) for each in world.slack.ephemerals(person)]
    answers = [delivery.response for delivery in world.slack.deliveries]
    return carried(json.loads(json.dumps([calls, shown, answers], default=str)))


def test_a23_a_double_click_on_yes_asks_once(world: JourneyWorld) -> None:
    world.asks_and_approves("20.00")
    world.types(SUPPORT, f"/topup {CARD} 20.00 EUR for Anna Kern")
    question = world.slack.ephemerals(SUPPORT)[-1]
    world.clicks(SUPPORT, "topup_again", message=question)
    world.clicks(MANAGER, "request_approve")
    assert len(world.requests()) == 2

    world.clicks(SUPPORT, "topup_again", message=question)

    assert len(world.requests()) == 2
    assert "You already answered this" in world.told(SUPPORT)
    assert "Anna Kern" not in given(world)


def test_a23_a_double_click_on_a_lifted_order_orders_once_more_and_not_twice(make_world: MakesWorld) -> None:
    with make_world(config=LIFTED_CONFIG) as world:
        applies(world)
        world.slack.closes(SUPPORT)
        applies(world)
        assert len(world.paytend.calls_of("applyCard")) == 1

        for _ in range(2):  # before the first has had any effect
            world.slack.clicks(SUPPORT, action_id="ask_again")
        world.settles()

        assert len(world.paytend.calls_of("applyCard")) == 2
        for personal in ("Front desk", "61234567", "Gedimino", "LT-01103", "new colleagues"):
            assert personal not in given(world)
