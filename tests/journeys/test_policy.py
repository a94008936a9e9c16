"""Quorum, limits, and an empty policy."""

import re

from tests.journeys.conftest import MakesWorld
from tests.journeys.world import (
    CARD,
    CONFIG,
    LEAD,
    MANAGER,
    OTHER_MANAGER,
    OTHER_SUPPORT,
    SUPPORT,
    JourneyWorld,
    text_of,
)

APPROVE = "request_approve"


def test_a_quorum_of_two_takes_two_people(world: JourneyWorld) -> None:
    world.asks("600.00")
    assert world.request().quorum == 2

    world.clicks(MANAGER, APPROVE)
    assert world.request().status == "pending"
    assert "Needs 1 more approval" in text_of(world.card()["blocks"])
    assert world.thread() == []
    assert world.paytend.calls_of("topup") == []

    world.clicks(MANAGER, APPROVE)
    assert world.request().status == "pending", "the same person counts once"

    world.clicks(OTHER_MANAGER, APPROVE)
    assert world.request().status == "executed"
    assert len(world.paytend.top_ups) == 1


def test_a21_two_accounts_of_one_person_count_once(make_world: MakesWorld) -> None:
    with make_world(config=f"same_person: [[{MANAGER}, {LEAD}]]\n{CONFIG}") as world:
        world.asks("600.00")
        world.clicks(MANAGER, APPROVE)

        world.clicks(LEAD, APPROVE)

        assert world.request().status == "pending"
        assert "You already" in world.told(LEAD)
        world.clicks(OTHER_MANAGER, APPROVE)
        assert world.request().status == "executed"


def test_a_limit_for_the_requester_refuses(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    for number, amount in enumerate(("450.00", "460.00", "470.00", "480.00")):
        world.asks(amount, card=str(1755902 + number))
        world.clicks(MANAGER, APPROVE)
    assert len(world.paytend.top_ups) == 4

    world.passes(minutes=11)
    world.types(SUPPORT, f"/topup {CARD} 200.00")

    told = world.told(SUPPORT)
    assert "Over the limit for this requester: 2,060.00 EUR in 24 h (limit 2,000.00 EUR)" in told
    assert world.refusals() == ["LimitReached"]
    world.types(OTHER_SUPPORT, f"/topup {CARD} 200.00")
    assert world.request().requester_id == OTHER_SUPPORT, "the limit is for a requester"


def test_after_its_window_a_limit_allows_again(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks("1900.00")
    world.clicks(MANAGER, APPROVE)
    world.clicks(OTHER_MANAGER, APPROVE)
    world.types(SUPPORT, "/topup 1755903 200.00")
    assert "(limit " in world.told(SUPPORT)

    world.passes(hours=25)
    world.asks("200.00", card="1755903")

    assert world.request().amount_minor == 20000


def test_a_limit_for_a_card_asks_for_a_second_approver(world: JourneyWorld) -> None:
    for amount in ("450.00", "460.00"):
        world.asks_and_approves(amount)

    world.asks("100.00")

    assert world.request().quorum == 2
    assert "1,010.00 EUR in 24 h on this card – above 1,000.00 EUR, so 2 approvals are needed" in text_of(
        world.card()["blocks"]
    )
    world.clicks(MANAGER, APPROVE)
    assert world.request().status == "pending"
    world.clicks(OTHER_MANAGER, APPROVE)
    assert world.request().status == "executed"


def test_what_no_rule_of_the_policy_allows_is_refused(make_world: MakesWorld) -> None:
    only_large = "\n".join(line for line in CONFIG.splitlines() if "name: top-ups" not in line)
    with make_world(config=only_large) as world:
        world.types(SUPPORT, f"/topup {CARD} 10")

        assert "Your policy doesn’t allow this" in world.told(SUPPORT)
        assert world.requests() == []
        assert world.refusals() == ["NothingAllows"]


def test_without_a_configuration_everything_is_refused(make_world: MakesWorld) -> None:
    with make_world(config="") as world:
        for typed in (f"/topup {CARD} 10", f"/card info {CARD}", f"/card lost {CARD}", "/holder status 101982"):
            world.types(SUPPORT, typed)

            assert re.search(r"Only .*support.* can do this", world.told(SUPPORT)), typed
        world.types(SUPPORT, "/cardops whoami")
        assert "with the roles: none" in world.told(SUPPORT)
        assert world.paytend.calls == []


def test_a_rule_with_a_channel_of_its_own_is_decided_there(make_world: MakesWorld) -> None:
    config = CONFIG.replace("name: top-ups,", "name: top-ups, channel: C0ONCALL,")
    with make_world(config=config) as world:
        world.asks("10.00")

        assert "in <#C0ONCALL>" in world.told(SUPPORT)
        assert "Needs 1 approval" in world.card("C0ONCALL")["text"]
        assert world.slack.messages("C0APPROVALS") == []
        assert "Needs 1 approval" in world.card(SUPPORT)["text"], "who is not in that channel follows"
        world.clicks(MANAGER, APPROVE, message=world.card("C0ONCALL"))
        assert world.request().status == "executed"
