"""Cards are ordered and cardholders changed from forms, with a second person; an order is followed to its end."""

import json
from typing import Any

from sandbox.slack.deliveries import Delivery
from tests.journeys.test_holders import chooses_place, initials, searches
from tests.journeys.world import HOLDER, MANAGER, SUPPORT, JourneyWorld, text_of

PARCEL = {
    "contact_name": "Front desk",
    "contact_mobile": "+370 612 34567",
    "line": "Gedimino 1-2",
    "postcode": "LT-01103",
    "reason": "new colleagues",
}


def applies(world: JourneyWorld, *, design: str = "CTHMCPE20056", **values: Any) -> Delivery:
    world.types(SUPPORT, "/card apply")
    world.bot.slack.context.inputs.choices.designs()
    searches(world, SUPPORT, "", action="design")
    chooses_place(world)
    given = {**PARCEL, "quantity": "3", **values}
    return world.submits(SUPPORT, **given, design=design, country="LT", city="LT_VI")


def approves(world: JourneyWorld) -> None:
    world.clicks(MANAGER, "request_approve")


def test_several_cards_are_ordered_approved_and_followed_to_their_end(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    applies(world)
    assert "Decision by" in world.modal_text(SUPPORT)
    assert "3 unactivated cards" in text_of(world.card()["blocks"])
    assert "Gedimino" not in str(world.card())
    approves(world)

    assert world.request().status == "executed"
    assert len(world.paytend.calls_of("applyCard")) == 1
    world.bot.approvals.follow_up.follow_orders()
    world.passes(minutes=15)
    assert world.bot.approvals.follow_up.follow_orders() == 1
    world.settles()
    assert "The order is done" in world.thread()[-1]
    assert f"<@{SUPPORT}>" in world.thread()[-1]

    world.passes(hours=12)
    assert world.bot.approvals.follow_up.follow_orders() == 0


def hears(world: JourneyWorld) -> int:
    """Deliver the newest webhook of Paytend's to the bot, and return the status of its answer."""
    status, _ = world.webhook_arrives(json.dumps(world.paytend.webhooks[-1].sealed).encode())
    world.settles()
    return status


def test_the_result_of_an_order_is_told_once_when_the_webhook_is_first(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    applies(world)
    approves(world)
    world.passes(minutes=15)

    assert hears(world) == 200
    assert [text for text in world.thread() if "The order is done" in text] != []
    before = len(world.thread())
    world.passes(hours=1)
    assert world.bot.approvals.follow_up.follow_orders() == 0
    world.settles()

    assert len(world.thread()) == before


def test_one_card_is_ordered_for_a_cardholder(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    applies(world, holder=HOLDER, quantity="1")
    approves(world)

    assert world.paytend.calls_of("applyCard")[0].biz_data["holderId"] == HOLDER


def test_what_does_not_fit_together_is_said_under_its_field(sqlite_world: JourneyWorld) -> None:
    done = applies(sqlite_world, holder=HOLDER, quantity="2", contact_mobile="612")

    assert set(done.errors) == {"quantity", "contact_mobile"}


def test_a_virtual_card_without_a_cardholder_comes_back_with_everything_typed(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    applies(world, design="CTHMCVE20010", quantity="1")

    assert "need a cardholder" in world.modal_text(SUPPORT)
    world.clicks_modal(SUPPORT, "form_go_on")
    assert {"CTHMCVE20010", "Virtual", "Front desk", "LT_VI"} <= set(initials(world))


def test_an_order_that_paytend_refuses_is_told_and_not_followed(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    applies(world, holder="101986", quantity="1")  # under review, not approved

    approves(world)
    assert world.request().status == "unknown", "a refusal alone proves nothing"
    for _ in range(6):
        world.passes(minutes=3)

    assert world.request().status == "failed"
    assert "Cardholder is not approved" in text_of(world.card()["blocks"])
    assert world.bot.approvals.follow_up.follow_orders() == 0


def test_a_lost_answer_to_an_order_is_found_out_and_not_repeated(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    applies(world)
    world.paytend.switches.lose_next_answer(operation="applyCard")

    approves(world)
    assert world.request().status == "unknown"
    world.passes(minutes=1)

    assert world.request().status == "executed"
    assert len(world.paytend.calls_of("applyCard")) == 1


def test_paytend_down_while_the_form_is_sent_loses_nothing(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, "/card apply")
    world.bot.slack.context.inputs.choices.designs()
    searches(world, SUPPORT, "", action="design")
    chooses_place(world)
    world.paytend.switches.add("error_before", operation="getSKUs", count=None)

    world.submits(SUPPORT, **PARCEL, quantity="3", design="CTHMCPE20056", country="LT", city="LT_VI", holder="")

    assert "isn’t responding" in world.modal_text(SUPPORT)
    world.clicks_modal(SUPPORT, "form_go_on")
    assert "Front desk" in initials(world)


def changes(world: JourneyWorld, **values: Any) -> Delivery:
    world.types(SUPPORT, f"/holder update {HOLDER}")
    return world.submits(SUPPORT, **values)


def test_a_cardholder_is_changed_with_a_second_person(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    changes(world, birthday="1981-02-03", reason="typing mistake")
    assert "1981-02-03" not in str(world.card())
    approves(world)

    assert world.request().status == "executed"
    assert world.paytend.books.holders[HOLDER].birthday == "1981-02-03"


def test_the_form_is_filled_with_how_the_cardholder_stands(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    world.types(SUPPORT, f"/holder update {HOLDER}")

    assert "Kazlauskaitė" in world.modal_text(SUPPORT)
    assert "Asking Paytend" not in world.modal_text(SUPPORT)


def test_the_form_says_when_paytend_does_not_answer_and_can_be_used_all_the_same(
    sqlite_world: JourneyWorld,
) -> None:
    world = sqlite_world
    world.paytend.switches.add("error_before", operation="getHolder", count=3)

    world.types(SUPPORT, f"/holder update {HOLDER}")
    assert "Couldn’t read the present values" in world.modal_text(SUPPORT)
    world.submits(SUPPORT, gender="1")

    assert world.request().action == "cardholder.update"


def test_a_change_to_a_city_that_paytend_does_not_know_is_refused(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, f"/holder update {HOLDER}")
    chooses_place(world)
    world.bot.slack.context.inputs.choices.cities("LT")
    world.paytend.switches.clear()
    option = {"text": {"type": "plain_text", "text": "Atlantis"}, "value": "LT_XX"}

    world.submits(SUPPORT, line="Main 1", postcode="1", country="LT", city=option)

    assert "from the list" in world.modal_text(SUPPORT)
    assert world.requests() == []


def test_nothing_filled_in_is_said_at_once(sqlite_world: JourneyWorld) -> None:
    assert "Nothing to change" in changes(sqlite_world).errors["birthday"]


def test_who_decides_sees_the_new_values_privately(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    changes(world, birthday="1981-02-03")
    world.slack.opens_home(MANAGER)
    world.settles()

    world.clicks(MANAGER, "home_approve", view=world.slack.home(MANAGER))

    assert "1981-02-03" in world.modal_text(MANAGER)
    assert "1981-02-03" not in text_of(world.slack.home(MANAGER))
