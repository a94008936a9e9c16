"""The same journeys when Slack delivers over Socket Mode: nothing listens, and everything ends cleanly."""

import json
import threading
from collections.abc import Iterator

import pytest

from bot.http.app import HttpRequest, HttpResponse
from tests.journeys.conftest import MakesWorld
from tests.journeys.world import (
    CARD,
    GUEST,
    MANAGER,
    OTHER_MANAGER,
    SUPPORT,
    JourneyWorld,
    actions_of,
    door_of,
    text_of,
)

APPROVE = "request_approve"


@pytest.fixture
def socket_world(make_world: MakesWorld) -> Iterator[JourneyWorld]:
    """The whole system in Socket Mode; its threads end with it."""
    before = set(threading.enumerate())
    with make_world(socket_mode=True) as world:
        yield world
    left = [thread for thread in set(threading.enumerate()) - before if thread.is_alive()]
    for thread in left:
        thread.join(timeout=5)
    assert not [thread.name for thread in left if thread.is_alive()]


def test_from_a_command_to_the_money_and_all_that_is_refused_on_the_way(socket_world: JourneyWorld) -> None:
    world = socket_world
    before = world.card_balance()

    delivery = world.types(SUPPORT, f"/topup {CARD} 600.00 EUR customer called")
    assert delivery.transport == "socket"
    assert "600.00 EUR for" in world.told(SUPPORT)
    world.clicks(GUEST, APPROVE)
    assert "Guests can’t use cardops" in world.told(GUEST)
    world.clicks(MANAGER, APPROVE)
    world.repeats()
    world.clicks(MANAGER, APPROVE)
    assert "You already" in world.told(MANAGER)
    assert world.request().status == "pending"

    world.paytend.switches.lose_next_answer(operation="topup")
    world.clicks(OTHER_MANAGER, APPROVE)
    assert world.request().status == "unknown"
    world.passes(seconds=2)

    assert world.request().status == "executed"
    assert "Completed" in world.card()["text"]
    assert world.card_balance() == before + 60000
    assert len(world.paytend.calls_of("topup")) == 1


def test_forms_open_answer_and_come_back(socket_world: JourneyWorld) -> None:
    world = socket_world
    world.types(SUPPORT, "/topup")
    assert set(world.submits(SUPPORT, card=CARD, amount="?").errors) == {"amount"}
    world.submits(SUPPORT, card="999", amount="5")
    world.clicks_modal(SUPPORT, "form_go_on")
    world.submits(SUPPORT, card=CARD)
    assert world.request().amount_minor == 500

    world.clicks(MANAGER, "request_deny")
    world.submits(MANAGER, reason="not this one")

    assert world.request().status == "denied"
    assert "not this one" in text_of(world.card()["blocks"])
    world.types(SUPPORT, f"/card info {CARD}")
    assert "topup_open" in actions_of(world.slack.ephemerals(SUPPORT)[-1])


def test_after_a_lost_connection_the_bot_comes_back(socket_world: JourneyWorld) -> None:
    world = socket_world
    world.slack.drops_sockets()
    client = world.bot.slack.socket.client if world.bot.slack.socket is not None else None
    assert client is not None
    world.slack.wait_for(lambda: client.is_connected() and world.slack.sockets.connections, timeout=30)

    world.asks_and_approves()

    assert world.request().status == "executed"


def test_nothing_of_another_workspace_and_nothing_over_http_is_taken(socket_world: JourneyWorld) -> None:
    world = socket_world
    payload = world.types(SUPPORT, "/cardops help").payload
    foreign = {
        **payload,
        "command": "/topup",
        "text": f"{CARD} 1",
        "team_id": "T0ELSEWHERE",
        "trigger_id": "other",
    }
    world.slack.courier.acknowledge_seconds = 0.3

    assert world.slack.sends("slash_commands", foreign).error == "operation_timeout", "it is not acknowledged"

    world.settles()
    assert world.requests() == []
    status, _, _ = door_of(world.bot.web)("POST", "", {}, b"")
    assert status in {404, 405}


def test_s5_a_deaf_socket_is_told_and_turns_no_replica_unready(socket_world: JourneyWorld) -> None:
    bot = socket_world.bot
    asked = HttpRequest(method="GET", path="/readyz", headers={})
    said = []
    for hears in (True, False):
        bot.base.counters.socket.observe(hears)
        ready = bot.web(asked)
        assert isinstance(ready, HttpResponse)
        said.append((ready.status, json.loads(ready.body)))

    (status, heard), (status_deaf, deaf) = said
    assert (heard["socket"], deaf["socket"]) == ("ok", "not connected")
    assert (status, heard["checks"]) == (status_deaf, deaf["checks"])
    assert bot.slack.context.doctor.uses_socket
    assert bot.slack.context.doctor.socket_hears() is False
