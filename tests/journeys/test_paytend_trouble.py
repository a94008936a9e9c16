"""What Paytend can do to an approved top-up: refuse, lose, be slow, be away; money moves once or not at all."""

from datetime import timedelta
from typing import Any

import pytest

from approvals.execution.lapses import NO_ANSWER
from tests.journeys.world import (
    ADMIN,
    CARD,
    LEAD,
    MANAGER,
    OTHER_MANAGER,
    OTHER_SUPPORT,
    SUPPORT,
    JourneyWorld,
    actions_of,
    text_of,
)

APPROVE = "request_approve"


def minutes_pass(world: JourneyWorld) -> None:
    """Let Paytend be asked whenever it is due, until two answers count."""
    for _ in range(5):
        world.passes(minutes=1)


def outcome(world: JourneyWorld) -> tuple[str, int, int]:
    """The status, how often Paytend was asked to move money, and how often it did."""
    return world.request().status, len(world.paytend.calls_of("topup")), len(world.paytend.top_ups)


def test_a_refusal_that_paytend_signed_is_a_failure_once_it_has_no_such_order(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    world.paytend.switches.refuse_next("2303", operation="topup")

    world.clicks(MANAGER, APPROVE)
    assert outcome(world) == ("unknown", 1, 0)
    minutes_pass(world)

    assert outcome(world) == ("failed", 1, 0)
    assert "Failed – no money moved" in world.card()["text"]
    assert "Refused on demand" in text_of(world.card()["blocks"])
    assert f"<@{SUPPORT}>" in world.thread()[-1]
    world.passes(minutes=11)
    world.asks("20.00")  # the card is free again


def test_a_refusal_without_a_signature_proves_nothing(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    world.paytend.switches.set_modes(unsigned_refusals=True)
    world.paytend.switches.refuse_next("2303", operation="topup")

    world.clicks(MANAGER, APPROVE)

    assert outcome(world) == ("unknown", 1, 0)
    assert "Outcome unclear – checking with Paytend" in world.card()["text"]


def test_too_little_partner_balance_is_a_failure_with_paytends_words(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    world.paytend.events.set_partner_balance("100.00")

    world.clicks(MANAGER, APPROVE)
    minutes_pass(world)

    assert outcome(world) == ("failed", 1, 0)
    assert "Insufficient balance" in text_of(world.card()["blocks"])
    assert world.partner_balance() == 10000


@pytest.mark.parametrize("fault", ["lose_after", "hang_after", "error_after", "tamper", "not_json"])
def test_f10_a_lost_answer_to_what_was_done_is_found_out_without_a_second_call(
    sqlite_world: JourneyWorld, fault: str
) -> None:
    find_out_what_was_done(sqlite_world, fault)


def test_a_lost_answer_is_found_out_on_every_database(world: JourneyWorld) -> None:
    find_out_what_was_done(world, "lose_after")


def find_out_what_was_done(world: JourneyWorld, fault: str) -> None:
    card_before, partner_before = world.card_balance(), world.partner_balance()
    world.asks()
    world.paytend.switches.add(fault, operation="topup")

    world.clicks(MANAGER, APPROVE)
    assert outcome(world) == ("unknown", 1, 1)
    assert "Outcome unclear – checking with Paytend" in world.card()["text"]
    assert "failed" not in world.card()["text"]

    world.passes(seconds=2)

    assert outcome(world) == ("executed", 1, 1)
    assert "Completed" in world.card()["text"]
    assert world.card_balance() == card_before + 12050
    assert world.partner_balance() == partner_before - 12050 - world.paytend.top_ups[0].fee
    assert sum(f"<@{SUPPORT}>" in reply for reply in world.thread()) == 2, "once for the doubt, once for the end"


def test_what_paytend_does_a_minute_after_the_answer_was_lost_is_found_out(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    world.paytend.switches.add("late", operation="topup", seconds=60)
    world.clicks(MANAGER, APPROVE)

    for _ in range(4):
        world.passes(seconds=10)
    assert outcome(world) == ("unknown", 1, 0)
    for _ in range(4):
        world.passes(seconds=30)

    assert outcome(world) == ("executed", 1, 1)


def test_lookups_that_fail_for_an_hour_change_nothing(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    world.paytend.switches.add("lose_after", operation="topup")
    world.clicks(MANAGER, APPROVE)
    world.paytend.switches.add("lose_before", operation="getTopupResult", count=None)

    for _ in range(12):
        world.passes(minutes=5)
    assert outcome(world) == ("unknown", 1, 1)
    assert "Outcome unclear – two people must check" in world.card()["text"]

    world.paytend.switches.clear()
    world.passes(hours=2)
    assert outcome(world) == ("executed", 1, 1)


def unknown_for_long(world: JourneyWorld) -> dict[str, Any]:
    """Let a top-up be lost on its way and asked about until the lookups give up; return its card."""
    world.asks()
    world.paytend.switches.lose_next_request(operation="topup")
    world.clicks(MANAGER, APPROVE)
    assert outcome(world) == ("unknown", 1, 0)
    assert actions_of(world.card()) == ["request_show"], "nobody settles what is still being asked about"
    for _ in range(4):
        world.passes(minutes=2)
    return world.card()


def test_what_paytend_never_heard_of_is_parked_and_blocks_more_money_on_the_card(world: JourneyWorld) -> None:
    card = unknown_for_long(world)

    assert outcome(world) == ("unknown", 1, 0)
    assert "Outcome unclear – two people must check" in card["text"]
    assert actions_of(card) == ["request_settle_happened", "request_settle_not", "request_show"]
    assert any(
        "Outcome unclear – two people must check" in message["text"]
        for message in world.slack.messages("C0APPROVALS")
    )

    world.passes(minutes=11)
    world.types(OTHER_SUPPORT, f"/topup {CARD} 20.00")

    assert "are paused until" in world.told(OTHER_SUPPORT)
    assert world.request().phrase in world.told(OTHER_SUPPORT)
    world.asks("20.00", card="1755903")
    assert world.request().subject == "1755903", "other cards are free"


def test_two_people_settle_it_with_the_buttons_of_the_card(world: JourneyWorld) -> None:
    unknown_for_long(world)

    world.clicks(MANAGER, "request_settle_not")
    assert "It did not go through" in world.slack.modal(MANAGER)["title"]["text"]  # type: ignore[index]  # the modal is open, or this fails
    world.submits(MANAGER, reason="Paytend's own page does not list it")
    assert world.request().status == "unknown"
    assert "A second person must confirm the same result" in world.modal_text(MANAGER)
    assert "did not go through (1 of 2)" in world.thread()[-1]

    world.clicks(ADMIN, "request_settle_not")
    world.submits(ADMIN, reason="Nor does the statement")

    assert outcome(world) == ("failed", 1, 0)
    assert "Failed – no money moved" in world.card()["text"]
    assert actions_of(world.card()) == ["request_show"]
    assert f"<@{SUPPORT}>" in world.thread()[-1]
    world.passes(minutes=11)
    world.asks("20.00")
    assert len(world.requests()) == 2, "the card is free again"


def test_two_people_settle_it_in_what_approvals_show_opens(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    unknown_for_long(world)
    request = world.request()

    for person in (OTHER_MANAGER, LEAD):
        world.types(person, f"/approvals show {request.id}")
        assert request.phrase in world.modal_text(person)
        world.clicks_modal(person, "request_settle_happened")
        world.submits(person, reason="The card has the money")

    assert world.request().status == "executed"
    world.clicks(MANAGER, "request_show")
    assert "Two people settled that it happened" in world.modal_text(MANAGER)


def test_settling_takes_two_other_people_who_agree(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    card = unknown_for_long(world)

    for person, words in (
        (SUPPORT, "You requested this"),
        (OTHER_SUPPORT, "can do this. Ask an admin"),
    ):
        world.clicks(person, "request_settle_happened")
        world.submits(person, reason="I am sure")
        assert words in world.modal_text(person)
    for _ in range(2):
        world.clicks(MANAGER, "request_settle_happened")
        world.submits(MANAGER, reason="I have seen it")
    assert "You already confirmed" in world.modal_text(MANAGER)
    world.clicks(OTHER_MANAGER, "request_settle_not")
    world.submits(OTHER_MANAGER, reason="I have not")
    assert "Others confirmed the opposite" in text_of(
        world.slack.messages("C0APPROVALS", card["ts"])[-1]["blocks"]
    )
    assert world.request().status == "unknown"

    world.clicks(MANAGER, "request_settle_not")
    world.submits(MANAGER, reason="I was wrong")
    assert world.request().status == "unknown", "a word stays, even a wrong one"
    world.clicks(LEAD, "request_settle_not")
    world.submits(LEAD, reason="Nor have I")

    assert world.request().status == "failed"
    assert world.refusals() == ["RequesterSettles", "NotInRole", "AlreadySaid", "AlreadySaid"]


def test_while_paytend_is_away_it_stays_approved_and_ends_in_time(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()  # to be carried out within 30 minutes of the approval
    world.paytend_stops()

    world.clicks(MANAGER, APPROVE)
    assert world.request().status == "approved"
    assert "Approved – sending to Paytend" in world.card()["text"]
    world.passes(minutes=29)
    assert world.request().status == "approved"
    world.passes(minutes=2)
    assert world.request().status == "approved", "Paytend is asked whether it was sent, and may answer soon"
    world.passes(minutes=10)

    assert world.request().status == "unknown"
    assert NO_ANSWER in world.thread()[-1]
    assert f"<@{SUPPORT}>" in world.thread()[-1]
    assert world.paytend.calls_of("topup") == []


def test_a_command_while_paytend_is_away_says_so(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend_stops()

    world.types(SUPPORT, f"/card info {CARD}")
    assert "Paytend isn’t responding" in world.told(SUPPORT)
    world.types(SUPPORT, f"/topup {CARD} 10")

    assert "Nothing was changed. Try again in a minute" in world.told(SUPPORT)
    assert world.requests() == []


def test_when_the_card_can_be_looked_at_again_it_is_carried_out(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    fault = world.paytend.switches.add("lose_before", operation="getCardInfo", count=None)
    world.clicks(MANAGER, APPROVE)
    assert world.request().status == "approved"

    world.paytend.switches.faults.remove(fault)
    world.passes(seconds=11)

    assert outcome(world) == ("executed", 1, 1)


@pytest.mark.parametrize(("status", "words"), [(6, "lost"), (8, "frozen"), (7, "closed")])
def test_a_card_that_changed_since_it_was_asked_is_refused_before_sending(
    sqlite_world: JourneyWorld, status: int, words: str
) -> None:
    world = sqlite_world
    world.asks()
    world.paytend.events.set_card_status(CARD, status)

    world.clicks(MANAGER, APPROVE)

    assert outcome(world) == ("failed", 0, 0)
    shown = text_of(world.card()["blocks"])
    assert "Stopped before sending: the card changed from active to" in shown
    assert words in shown
    assert f"<@{SUPPORT}>" in world.thread()[-1]


def test_a_lost_card_cannot_even_be_asked_for(sqlite_world: JourneyWorld) -> None:
    sqlite_world.types(SUPPORT, "/topup 1755907 10")

    assert "Only active cards allow this" in sqlite_world.told(SUPPORT)
    assert sqlite_world.requests() == []


def test_a_top_up_that_paytend_works_on_ends_when_paytend_says_so(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.switches.set_modes(processing_top_ups=True)
    world.asks()

    world.clicks(MANAGER, APPROVE)
    assert outcome(world) == ("unknown", 1, 0)
    for _ in range(10):
        world.passes(seconds=20)

    assert outcome(world) == ("executed", 1, 1)
    assert "Completed" in world.card()["text"]


def test_a_top_up_that_fails_later_says_so_and_the_money_is_back(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    before = world.partner_balance()
    world.paytend.switches.set_modes(processing_top_ups=True, processing_fails=True)
    world.asks()

    world.clicks(MANAGER, APPROVE)
    for _ in range(10):
        world.passes(seconds=20)

    assert outcome(world) == ("failed", 1, 0)
    assert "Top-up failed" in text_of(world.card()["blocks"])
    assert world.partner_balance() == before


def test_a_slow_answer_announces_itself(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.switches.add("delay", seconds=1.1, count=2)  # seconds of real time

    world.types(SUPPORT, f"/card info {CARD}")

    first, last = world.slack.ephemerals(SUPPORT)
    assert "Paytend is slow" in first["text"]
    assert "Rūta Kazlauskaitė •••• 5097" in last["text"]


def test_a_card_that_was_reported_lost_after_the_approval_is_not_topped_up(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks("600.00")
    world.clicks(MANAGER, APPROVE)
    world.types(OTHER_SUPPORT, f"/card lost {CARD}")
    world.clicks_reply(OTHER_SUPPORT, "card_lost")

    world.clicks(OTHER_MANAGER, APPROVE)

    assert outcome(world) == ("failed", 0, 0)


@pytest.mark.parametrize("kind", ["refuse_after", "processing_after", "refuse_late"])
def test_a1_what_is_refused_and_happens_all_the_same_is_done_once(sqlite_world: JourneyWorld, kind: str) -> None:
    world = sqlite_world
    world.asks()
    world.paytend.switches.add(kind, operation="topup", code="2303", seconds=90)
    world.clicks(MANAGER, APPROVE)
    minutes_pass(world)

    assert outcome(world) == ("executed", 1, 1)


@pytest.mark.parametrize("kind", ["another_card", "another_amount"])
def test_a19_an_answer_about_something_else_alarms_on_call_and_managers(
    sqlite_world: JourneyWorld, kind: str
) -> None:
    world = sqlite_world
    world.asks()
    world.paytend.switches.lose_next_answer(operation="topup")
    world.clicks(MANAGER, APPROVE)
    world.paytend.switches.add(kind, operation="getTopupResult", count=None)
    minutes_pass(world)

    assert outcome(world) == ("unknown", 1, 1)
    assert any("Check this now" in message["text"] for message in world.slack.messages("C0ONCALL"))


def test_a7_what_two_people_settled_is_contradicted_and_settled_again(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    unknown_for_long(world)
    reference = world.request().reference
    for person in (MANAGER, ADMIN):
        world.clicks(person, "request_settle_happened")
        world.submits(person, reason="seen on Paytend's own page")
    assert world.request().status == "executed"

    world.passes(minutes=2)
    world.bot.approvals.follow_up.watch_ends()  # Paytend has no such order
    world.settles()
    assert actions_of(world.card()) == ["request_settle_happened", "request_settle_not", "request_show"]
    world.types(OTHER_SUPPORT, f"/topup {CARD} 20.00")
    assert "are paused until" in world.told(OTHER_SUPPORT)

    for person in (MANAGER, ADMIN):
        world.clicks(person, "request_settle_not")
        world.submits(person, reason="that was another order")
    assert (world.request().status, world.request().reference) == ("failed", reference)
    assert actions_of(world.card()) == ["request_show"]


def test_a7_it_is_looked_up_again_when_somebody_settles(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    world.paytend.switches.set_modes(processing_top_ups=True, processing_seconds=None)
    world.clicks(MANAGER, APPROVE)
    for _ in range(8):
        world.passes(minutes=1)
    world.clicks(MANAGER, "request_settle_not")
    world.submits(MANAGER, reason="I do not see it")

    assert "it may still go through" in world.modal_text(MANAGER)
    world.paytend.events.finish_top_up(world.request().reference)
    world.clock.advance(timedelta(seconds=11))
    world.clicks(MANAGER, "request_settle_not")
    world.submits(MANAGER, reason="I still do not see it")
    assert world.request().status == "executed"
