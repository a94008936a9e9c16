"""Whoever looks at names or other personal data is in the trail (case A21)."""

import json
from collections.abc import Callable

import pytest

from tests.journeys.world import CARD, HOLDER, MANAGER, SUPPORT, JourneyWorld


def opens_home(world: JourneyWorld) -> None:
    world.slack.opens_home(MANAGER)
    world.settles()


# What somebody does, and the event and subject that it leaves; {request} is the request's id.
READS: dict[str, tuple[Callable[[JourneyWorld], object], str, str]] = {
    "history": (lambda world: world.types(MANAGER, "/approvals history"), "requests:read", "requests:history"),
    "waiting": (lambda world: world.types(MANAGER, "/approvals waiting"), "requests:read", "requests:waiting"),
    "show": (
        lambda world: world.types(MANAGER, f"/approvals show {world.request().reference}"),
        "request:read",
        "request:{request}",
    ),
    "home": (opens_home, "requests:read", "requests:home"),
    "replace": (lambda world: world.types(SUPPORT, f"/card replace {CARD} 1755910"), "card:read", CARD),
    "the new card": (lambda world: world.types(SUPPORT, f"/card replace {CARD} 1755910"), "card:read", "1755910"),
    "lost": (lambda world: world.types(SUPPORT, f"/card lost {CARD}"), "card:read", CARD),
    "info": (lambda world: world.types(SUPPORT, f"/card info {CARD}"), "card:read", CARD),
    "holder": (lambda world: world.types(SUPPORT, f"/holder status {HOLDER}"), "cardholder:read", HOLDER),
    "update": (lambda world: world.types(SUPPORT, f"/holder update {HOLDER}"), "cardholder:read", HOLDER),
}


@pytest.mark.parametrize("name", READS)
def test_a21_every_read_of_personal_data_leaves_an_event(world: JourneyWorld, name: str) -> None:
    request = world.asks()
    before = len(world.trail())
    act, event, subject = READS[name]

    act(world)

    left = [(row.event, row.subject) for row in world.trail()[before:]]
    assert (event, subject.format(request=request.id)) in left


def test_a21_a_list_says_whose_names_were_seen(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    request = world.asks()
    world.types(MANAGER, "/approvals history")

    event = world.trail()[-1]
    assert event.actor == MANAGER
    assert json.loads(event.facts) == {"requests": [request.id]}


def test_a21_a_list_without_names_leaves_none(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(MANAGER, "/approvals history")
    opens_home(world)

    assert world.trail() == []
