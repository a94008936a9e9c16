"""The main job: a top-up asked for, approved by a second person, carried out once."""

from tests.journeys.conftest import MakesWorld
from tests.journeys.world import (
    CARD,
    CONFIG,
    MANAGER,
    OTHER_MANAGER,
    OTHER_SUPPORT,
    SUPPORT,
    JourneyWorld,
    actions_of,
    text_of,
)


def test_a_top_up_is_asked_for_approved_and_carried_out_once(world: JourneyWorld) -> None:
    card_before, partner_before = world.card_balance(), world.partner_balance()

    world.types(SUPPORT, "/topup 1755902 120,50 eur customer called")

    assert "120.50 EUR for Rūta Kazlauskaitė •••• 5097" in world.told(SUPPORT)
    card = world.card()
    assert "Needs 1 approval" in card["text"]
    assert "customer called" in text_of(card["blocks"])
    assert {"request_approve", "request_deny", "request_withdraw"} <= set(actions_of(card))
    assert world.paytend.top_ups == []

    world.clicks(MANAGER, "request_approve")

    assert world.request().status == "executed"
    assert "Completed" in world.card()["text"]
    assert actions_of(world.card()) == ["request_show"]
    assert len(world.paytend.calls_of("topup")) == 1
    fee = world.paytend.top_ups[0].fee
    assert world.card_balance() == card_before + 12050
    assert world.partner_balance() == partner_before - 12050 - fee
    assert any(f"<@{SUPPORT}>" in text for text in world.thread())


def test_the_card_shows_what_an_approver_needs(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    world.asks("120.50")

    shown = text_of(world.card()["blocks"])
    assert "Rūta Kazlauskaitė" in shown
    assert "Balance after 184.60 EUR" in shown
    assert "partner balance enough" in shown
    assert "Needs 1 approval" in shown
    assert world.request().phrase in shown
    assert "25,000.00 EUR" not in shown, "not for everybody in the channel"


def test_details_show_everything_as_paytend_has_it_now(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks("120.50")
    world.paytend.events.purchase(CARD, "4.10", merchant="CAFÉ")

    world.clicks(MANAGER, "request_show")

    details = world.modal_text(MANAGER)
    assert "KYC approved" in details
    assert "60.00 EUR → 180.50 EUR* (was 64.10 EUR → 184.60 EUR)" in details
    assert "25,000.00 EUR → 24,879.50 EUR" in details
    assert "Checked with Paytend" in details
    assert "Previous top-ups" in details
    assert "Limit for this card:* 120.50 EUR of 1,000.00 EUR in 24 h" in details
    assert "needs 1 manager, not the requester" in details
    assert world.request().reference in details

    world.clicks(MANAGER, "request_approve", view=world.slack.modal(MANAGER))
    assert world.request().status == "executed"


def test_the_partner_balance_is_a_number_only_for_managers_and_admins(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks("120.50")

    world.clicks(OTHER_SUPPORT, "request_show")

    assert "64.10 EUR → 184.60 EUR" in world.modal_text(OTHER_SUPPORT)
    assert "Partner balance" not in world.modal_text(OTHER_SUPPORT)


def test_details_say_when_paytend_cannot_be_asked(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks("120.50")
    world.paytend_stops()

    world.clicks(MANAGER, "request_show")

    assert "couldn’t check with Paytend now" in world.modal_text(MANAGER)
    assert "64.10 EUR → 184.60 EUR" in world.modal_text(MANAGER)


def test_the_card_says_who_asked_who_approved_and_why(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    world.asks_and_approves()

    shown = text_of(world.card()["blocks"])
    assert f"<@{SUPPORT}>" in shown
    assert f"approved by <@{MANAGER}>" in shown
    assert "*Completed*" in shown
    assert len(shown.splitlines()) == 3, "two lines and a button"
    world.clicks(SUPPORT, "request_show")
    details = world.modal_text(SUPPORT)
    assert "customer called" in details
    assert f"<@{MANAGER}> approved" in details
    assert "*Paytend:* completed" in details
    assert world.paytend.top_ups[0].trade_id in details


def test_the_reference_that_people_see_is_the_one_that_paytend_knows(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    request = world.asks_and_approves()

    world.types(OTHER_SUPPORT, f"/topup status {request.reference}")

    assert f"Top-up {request.reference}: done, 120.50 EUR" in world.told(OTHER_SUPPORT)


def test_an_amount_may_be_written_in_several_ways(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    ways = {"€120.50": 12050, "1,200.00": 120000, "1.200,00 eur": 120000, "7 EUR for lunch": 700}

    for number, (written, minor) in enumerate(ways.items()):
        world.types(SUPPORT, f"/topup {1755902 + number} {written}")

        assert world.request().amount_minor == minor


def test_an_amount_that_can_be_two_things_is_asked_about(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    for written in ("1.200", "1 200", "1 200,50 EUR", "12,34.5", "1e3", "-5", "0"):
        world.types(SUPPORT, f"/topup {CARD} {written}")

        assert "/topup <card> <amount>" in world.told(SUPPORT).replace("&lt;", "<").replace("&gt;", ">"), written
    assert world.requests() == []


def test_money_in_usdt_is_exact_too(make_world: MakesWorld) -> None:
    with make_world(config=CONFIG.replace("2000.00 EUR, then: refuse", "2000.00 USDT, then: refuse")) as world:
        before = world.paytend.books.partner_balance("USDT")

        world.types(SUPPORT, f"/topup {CARD} 10.000001 USDT")

        # Another currency than that of every threshold counts as large.
        assert "Needs 2 approvals" in text_of(world.card()["blocks"])
        world.clicks(MANAGER, "request_approve")
        world.clicks(OTHER_MANAGER, "request_approve")
        top_up = world.paytend.top_ups[0]
        assert (top_up.currency, top_up.amount) == ("USDT", 10_000_001)
        assert world.paytend.books.partner_balance("USDT") == before - top_up.amount - top_up.fee


def test_a_currency_without_a_limit_is_refused_where_there_are_limits(sqlite_world: JourneyWorld) -> None:
    sqlite_world.types(SUPPORT, f"/topup {CARD} 10 USDT")

    assert "no limit exists" in sqlite_world.told(SUPPORT)
    assert sqlite_world.requests() == []


def test_the_same_top_up_within_ten_minutes_asks_whether_again(world: JourneyWorld) -> None:
    world.asks_and_approves("20.00")

    world.types(OTHER_SUPPORT, f"/topup {CARD} 20.00")

    assert "Request it again?" in world.told(OTHER_SUPPORT)
    assert len(world.requests()) == 1

    world.clicks_reply(OTHER_SUPPORT, "topup_again")

    assert len(world.requests()) == 2
    assert "20.00 EUR for" in world.told(OTHER_SUPPORT)
    assert world.request().requester_id == OTHER_SUPPORT


def test_no_to_the_question_whether_again_takes_it_away(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks_and_approves("20.00")
    world.types(SUPPORT, f"/topup {CARD} 20.00")
    asked = len(world.slack.ephemerals(SUPPORT))

    world.clicks_reply(SUPPORT, "dismiss")

    assert len(world.slack.ephemerals(SUPPORT)) == asked - 1
    assert len(world.requests()) == 1


def test_after_ten_minutes_the_same_top_up_is_just_asked_for(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks_and_approves("20.00")

    world.passes(minutes=11)
    world.asks("20.00")

    assert len(world.requests()) == 2


def test_a_second_request_for_a_card_is_refused_and_names_the_first(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    first = world.asks("20.00")

    world.types(OTHER_SUPPORT, f"/topup {CARD} 30.00")

    told = world.told(OTHER_SUPPORT)
    assert first.phrase in told
    assert "sam" in told
    assert world.requests() == [first]
    assert world.refusals() == ["AlreadyOpen"]
