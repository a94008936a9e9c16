"""Slack answers slowly: every modal opens while its trigger is valid, and is filled or refused then."""

import time
from collections.abc import Callable

import pytest

from tests.journeys.world import CARD, GUEST, HOLDER, MANAGER, SUPPORT, JourneyWorld

WITHIN = 2.0  # seconds
ASKED = ("users.info", "usergroups.list", "conversations.members", "chat.postEphemeral")


def slows(world: JourneyWorld) -> None:
    world.bot.slack.context.members.directory.forget()
    for method in ASKED:
        world.slack.faults.slows(method, seconds=1.0, times=3)


def opened_after(world: JourneyWorld, act: Callable[[], object]) -> float:
    """Do something, and return after how many seconds a modal was opened."""
    opened: list[float] = []
    begun = time.monotonic()

    def watch(call: object) -> None:
        if getattr(call, "method", "") == "views.open" and getattr(call, "is_ok", False):
            opened.append(time.monotonic() - begun)

    world.slack.watch(calls=watch, deliveries=lambda _delivery: None)
    act()
    assert len(opened) == 1
    return opened[0]


@pytest.mark.parametrize(
    "text", ["/topup", f"/card password {CARD}", f"/holder documents {HOLDER}", "/card apply"]
)
def test_s10_a_modal_opens_at_once_and_is_filled_when_the_person_is_known(
    sqlite_world: JourneyWorld, text: str
) -> None:
    world = sqlite_world
    slows(world)

    assert opened_after(world, lambda: world.types(SUPPORT, text)) < WITHIN
    view = world.slack.modal(SUPPORT)
    assert view is not None
    assert view["callback_id"] not in {"", "loading"}
    assert view["submit"]


def test_s10_who_may_not_is_refused_in_the_modal_that_is_open(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    world.slack.changes_group("S0MANAGER", [MANAGER, GUEST])
    slows(world)

    opened_after(world, lambda: world.clicks(GUEST, "request_deny"))

    assert "Guests can’t use cardops" in world.modal_text(GUEST)


def test_s10_an_approval_opens_no_modal_however_long_it_takes(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    slows(world)

    world.clicks(MANAGER, "request_approve")

    assert world.slack.modal(MANAGER) is None
    assert world.request().status == "executed"
