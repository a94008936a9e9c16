"""What Slack delivers twice, late, altered or for somebody else; and rights that end before the execution."""

import pytest

from tests.journeys.conftest import MakesWorld
from tests.journeys.world import CARD, MANAGER, OTHER_MANAGER, SUPPORT, JourneyWorld, text_of

APPROVE = "request_approve"


def test_f23_a_command_that_is_delivered_again_asks_once(world: JourneyWorld) -> None:
    world.types(SUPPORT, f"/topup {CARD} 10")
    said = len(world.slack.ephemerals(SUPPORT))

    world.repeats()

    assert len(world.requests()) == 1
    assert len(world.slack.ephemerals(SUPPORT)) == said
    assert len(world.slack.messages("C0APPROVALS")) == 1


def test_f23_a_click_that_is_delivered_again_counts_once(world: JourneyWorld) -> None:
    world.asks()
    world.clicks(MANAGER, APPROVE)
    rows, trail = world.rows(), len(world.trail())

    world.repeats()
    world.repeats()

    assert world.rows() == rows
    assert len(world.trail()) == trail
    assert len(world.paytend.calls_of("topup")) == 1
    assert world.slack.ephemerals(MANAGER) == []


def test_f23_a_form_that_is_delivered_again_asks_once(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, "/topup")
    world.submits(SUPPORT, card=CARD, amount="10")

    world.repeats()

    assert len(world.requests()) == 1
    assert world.request().phrase in world.modal_text(SUPPORT)


def test_f24_slack_has_its_acknowledgement_before_anything_is_done(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.switches.add("delay", operation="getCardInfo", seconds=1.2, count=None)

    delivery = world.slack.types(SUPPORT, f"/card info {CARD}", channel="C0GENERAL")

    assert not delivery.error
    assert world.paytend.calls == [], "it is acknowledged, and waits for a thread"
    world.settles()
    assert "Rūta Kazlauskaitė •••• 5097" in world.told(SUPPORT)


def test_a_report_of_loss_that_is_delivered_again_is_sent_once(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, f"/card lost {CARD}")
    world.clicks_reply(SUPPORT, "card_lost")

    world.repeats()

    assert len(world.paytend.calls_of("lostCard")) == 1


@pytest.mark.parametrize("age", [301, -301])
def test_a_delivery_that_was_signed_at_another_time_is_refused(sqlite_world: JourneyWorld, age: int) -> None:
    world = sqlite_world
    world.slack.courier.signature_age = age

    delivery = world.types(SUPPORT, f"/topup {CARD} 10")

    assert delivery.status == 401
    assert world.requests() == []


def test_what_the_bot_does_not_know_is_acknowledged_and_does_nothing(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    payload = world.slack.clicks(MANAGER, action_id="request_looking", message=world.card()).payload
    world.pool.waiting.clear()
    rows = world.rows()

    unknown = {**payload, "actions": [{**payload["actions"][0], "action_id": "from_an_older_version"}]}
    delivery = world.slack.sends("interactive", {**unknown, "trigger_id": "other"})
    world.settles()
    world.slack.tells({"type": "app_mention", "user": SUPPORT, "text": "approve everything"})
    world.settles()

    assert delivery.status == 200
    assert "has expired" in world.told(MANAGER)
    assert world.rows() == rows


def test_an_approver_who_loses_the_role_before_the_execution_no_longer_counts(world: JourneyWorld) -> None:
    world.asks()
    fault = world.paytend.switches.add("lose_before", operation="getCardInfo", count=None)
    world.clicks(MANAGER, APPROVE)
    assert world.request().status == "approved"

    world.slack.changes_group("S0MANAGER", [OTHER_MANAGER])
    world.paytend.switches.faults.remove(fault)
    world.passes(seconds=31)

    assert world.request().status == "pending"
    assert world.paytend.calls_of("topup") == []
    assert "(no longer counts)" in text_of(world.card()["blocks"])
    assert "Needs 1 approval" in text_of(world.card()["blocks"])
    assert f"<@{SUPPORT}>" in world.thread()[-1]
    assert "approval:returned" in [row.event for row in world.trail()]

    world.clicks(OTHER_MANAGER, APPROVE)
    assert world.request().status == "executed"
    assert len(world.paytend.top_ups) == 1


def test_an_approver_who_is_deactivated_before_the_execution_no_longer_counts(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    fault = world.paytend.switches.add("lose_before", operation="getCardInfo", count=None)
    world.clicks(MANAGER, APPROVE)

    world.slack.deactivates(MANAGER)
    world.paytend.switches.faults.remove(fault)
    world.passes(seconds=31)

    assert world.request().status == "pending"
    assert "This account is deactivated" in world.thread()[-1]


def test_while_slack_does_not_tell_the_rights_of_the_approvers_nothing_is_sent(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    fault = world.paytend.switches.add("lose_before", operation="getCardInfo", count=None)
    world.clicks(MANAGER, APPROVE)
    world.paytend.switches.faults.remove(fault)

    world.slack.faults.fails("usergroups.list", times=1000)
    world.passes(seconds=31)
    assert world.request().status == "approved"
    assert world.paytend.calls_of("topup") == []

    world.slack.faults.clear()
    world.passes(seconds=11)
    assert world.request().status == "executed"


def test_a_policy_that_asks_for_more_by_now_is_heeded(make_world: MakesWorld) -> None:
    with make_world() as world:
        world.asks("600.00")
        world.clicks(MANAGER, APPROVE)
        world.slack.changes_group("S0MANAGER", [MANAGER])
        world.passes(seconds=31)

        world.clicks(OTHER_MANAGER, APPROVE)

        assert "can do this. Ask an admin" in world.told(OTHER_MANAGER)
        assert world.request().status == "pending"
