"""A card number that somebody types is refused and found nowhere afterwards."""

import json
import unicodedata
from pathlib import Path

import pytest

from tests.journeys.test_top_up_form import forged
from tests.journeys.world import CARD, MANAGER, SUPPORT, JourneyWorld

NUMBER = "4111111111111111"
WIDE = {ord("0") + digit: 0xFF10 + digit for digit in range(10)}
ARABIC = {ord("0") + digit: 0x660 + digit for digit in range(10)}
WAYS = (
    NUMBER,
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111.1111.1111.1111",
    "4111/1111/1111/1111",
    "4111·1111·1111·1111",
    "4111\n1111\n1111\n1111",
    "4111\t1111  1111\u00a01111",
    "4111 & 1111 & 1111 & 1111",
    "4111\u200b1111\u200b1111\u200b1111",
    "4111111111111111".translate(WIDE),
    "4111 1111 1111 1111".translate(ARABIC),
)
REFUSED = "That looks like a full card number. We didn’t store it – please remove it."


def holds_number(text: str) -> bool:
    # Whole files of databases are looked through: by character only what they have different ones of.
    folded = {
        ord(each): str(unicodedata.digit(each, each)) if each.isalnum() else None for each in frozenset(text)
    }
    return NUMBER in text.translate(folded)


def found_anywhere(world: JourneyWorld, folder: Path) -> list[str]:
    """Where the number is: in the database's files, in what Slack was given or Paytend was sent."""
    assert (folder / "test.db").stat().st_size > 0  # it is the folder in which it would be
    places = [
        path.name
        for path in folder.iterdir()
        if path.is_file() and holds_number(path.read_bytes().decode("utf-8", "replace"))
    ]
    given = [(call.method, call.args) for call in world.slack.api_calls]
    given += [
        ("ephemeral", each) for person in world.slack.state.people for each in world.slack.ephemerals(person)
    ]
    given += [("answer", delivery.response) for delivery in world.slack.deliveries]
    given += [("paytend", call.biz_data) for call in world.paytend.calls]
    for place, what in given:
        if holds_number(json.dumps(what, default=str, ensure_ascii=False)):
            places.append(place)
    return places


def test_a_card_number_typed_anywhere_is_refused_and_found_nowhere(
    sqlite_world: JourneyWorld, sqlite_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = sqlite_world
    world.asks()
    caplog.set_level("DEBUG")
    for way in WAYS:
        for typed in (
            f"/card info {way}",
            f"/card lost {way}",
            f"/topup {way} 10",
            f"/topup {CARD} 10 EUR for {way} please",
            f"/topup status {way}",
            f"/holder status {way}",
            f"/holder status passport {way}",
            f"/approvals show {way}",
            f"/card {way}",
        ):
            world.types(SUPPORT, typed)

            assert REFUSED in world.told(SUPPORT), typed
        world.types(SUPPORT, "/topup")
        for field in ("card", "amount", "reason"):
            typed_in = {
                "card": "1755903",
                "amount": "1",
                "reason": "",
                field: forged(way) if field == "card" else way,
            }
            wrong = world.submits(SUPPORT, **typed_in)
            assert wrong.errors[field] == REFUSED
        world.slack.closes(SUPPORT)
        world.clicks(MANAGER, "request_deny")
        assert world.submits(MANAGER, reason=f"it is {way}").errors == {"reason": REFUSED}
        world.slack.closes(MANAGER)

    assert len(world.requests()) == 1
    assert world.request().status == "pending"
    assert found_anywhere(world, sqlite_folder) == []
    assert not any(way in caplog.text for way in WAYS)


def test_a_card_number_in_the_reason_of_a_settlement_is_refused(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    world.paytend.switches.lose_next_request(operation="topup")
    world.clicks(MANAGER, "request_approve")
    for _ in range(4):
        world.passes(minutes=2)
    world.clicks(MANAGER, "request_settle_not")

    assert world.submits(MANAGER, reason=f"see {NUMBER}").errors == {"reason": REFUSED}


@pytest.mark.parametrize("way", WAYS)
def test_a8_a_card_number_in_a_refusal_of_paytend_is_found_nowhere(
    sqlite_world: JourneyWorld, sqlite_folder: Path, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    world = sqlite_world
    caplog.set_level("DEBUG")
    world.asks()
    world.paytend.switches.add("refuse", operation="topup", words=f"Card {way} is abnormal")
    world.clicks(MANAGER, "request_approve")
    world.paytend.switches.add("refuse", operation="getCardInfo", words=f"Card {way} is abnormal")
    world.types(SUPPORT, f"/card info {CARD}")

    assert "Card 411111******1111 is abnormal" in world.told(SUPPORT)
    assert "Card 411111******1111 is abnormal" in world.execution().words
    assert "abnormal" not in "".join(event.facts for event in world.trail())  # which nobody can empty
    assert found_anywhere(world, sqlite_folder) == []
    assert way not in caplog.text
