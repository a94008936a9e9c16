"""The log of a journey: one id leads from what somebody typed to what Paytend and Slack did with it."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from bot.logs import start_logging
from tests.journeys.world import CARD, MANAGER, SUPPORT, JourneyWorld


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    start_logging("json", stream=stream)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_o9_one_id_follows_a_top_up_from_the_command_to_its_outcome(
    log: io.StringIO, sqlite_world: JourneyWorld
) -> None:
    world = sqlite_world
    other = world.asks_and_approves("20.00")
    request = world.asks_and_approves("120.50")
    assert request.status == "executed"
    assert request.reference.endswith(request.id)

    found = [json.loads(line) for line in log.getvalue().splitlines() if request.reference in line]

    events = [line["event"] for line in found]
    steps = [
        ("slack.taken", "/topup"),
        ("request.opened", ""),
        ("delivery.made", "request"),
        ("slack.taken", "request_approve"),
        ("request.decided", ""),
        ("execution.claimed", ""),
        ("paytend.called", ""),
        ("execution.recorded", ""),
        ("delivery.made", "request_outcome"),
    ]
    place = 0
    for event, mark in steps:
        matching = [
            n for n, line in enumerate(found) if n >= place and line["event"] == event and mark in str(line)
        ]
        assert matching, (event, mark, events[place:])
        place = matching[0] + 1
    assert all(line["correlation"] == request.id for line in found)
    assert other.id not in json.dumps(found)
    first, opened = found[0], found[events.index("request.opened")]
    assert first["person"] == SUPPORT
    assert opened["subject"] == CARD
    assert found[events.index("request.decided")]["person"] == MANAGER


def test_o9_the_reference_of_a_broken_command_finds_its_delivery(
    log: io.StringIO, sqlite_world: JourneyWorld
) -> None:
    sqlite_world.types(SUPPORT, "/topup 999 1.00 EUR x")

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    refused = next(line for line in lines if line["event"] == "command.refused")
    assert refused["reference"] == refused["correlation"]
    found = [line["event"] for line in lines if line.get("correlation") == refused["reference"]]
    assert found[0] == "slack.taken"


def test_o9_asking_paytend_about_a_lost_answer_carries_the_same_id(
    log: io.StringIO, sqlite_world: JourneyWorld
) -> None:
    world = sqlite_world
    world.paytend.switches.add("lose_after", operation="topup")
    request = world.asks_and_approves()
    world.passes(minutes=1)

    assert world.request().status == "executed"
    lines = [json.loads(line) for line in log.getvalue().splitlines() if request.reference in line]
    asked = [line for line in lines if line["event"] == "reconciliation.asked"]
    assert asked
    assert all(line["correlation"] == line["request"] == request.id for line in asked)
    assert any(line.get("operation") == "getTopupResult" for line in lines)
