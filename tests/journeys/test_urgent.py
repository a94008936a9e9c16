"""Urgent notices: somebody acknowledges one, or else the next recipients are notified."""

import json
from datetime import timedelta
from typing import Any

import pytest

from sandbox.paytend.records import AuditStatus, CardStatus
from tests.journeys.conftest import MakesWorld
from tests.journeys.world import (
    ADMIN,
    CARD,
    CONFIG,
    GUEST,
    MANAGER,
    ONCALL,
    SUPPORT,
    JourneyWorld,
    actions_of,
    text_of,
)

ESCALATES = CONFIG.replace(
    "to: [oncall], mention: oncall}",
    "to: [oncall], mention: oncall, acknowledge_within: 10m, then: [alerts, U0LEAD]}",
)


def declines(world: JourneyWorld, amount: str = "99.90") -> dict[str, Any]:
    world.paytend.events.decline(CARD, amount)
    world.hears_from_paytend()
    found: dict[str, Any] = world.slack.messages("C0ONCALL")[-1]
    return found


def test_a_decline_of_a_card_that_was_reported_lost_says_by_whom_and_when(world: JourneyWorld) -> None:
    world.types(SUPPORT, f"/card lost {CARD}")
    world.clicks_reply(SUPPORT, "card_lost")
    world.paytend.events.purchase(CARD, "49.90", merchant="FUEL 24/7")
    world.hears_from_paytend()

    [notice] = world.slack.messages("C0ONCALL")
    name = world.bot.base.clients.directory.person(SUPPORT).name
    assert f"Reported lost by {name} <!date^" in text_of(notice["blocks"])
    assert f"<@{SUPPORT}>" not in text_of(notice["blocks"]), "whoever reported it is not called at each try"
    assert actions_of(notice) == ["notice_details", "notice_acknowledge"]
    world.clicks(ONCALL, "notice_details", message=notice)
    assert f"Reported lost by {name}" in text_of(world.slack.ephemerals(ONCALL)[-1]["blocks"])


@pytest.mark.parametrize(
    ("card_status", "review", "asked", "says"),
    [
        (CardStatus.ACTIVE, 2, "99.90", "Balance 64.10 EUR, asked 99.90 EUR"),
        (CardStatus.ACTIVE, 3, "12.00", "KYC rejected"),
        (CardStatus.FROZEN, 3, "99.90", "Card is frozen"),
        (CardStatus.ACTIVE, 2, "12.00", ""),
    ],
)
def test_a_decline_is_told_at_once_and_after_one_look_at_the_card_it_says_why(
    sqlite_world: JourneyWorld, card_status: CardStatus, review: int, asked: str, says: str
) -> None:
    world = sqlite_world
    card = world.paytend.books.card(CARD)
    world.paytend.books.holder(card.holder_id or "").status = AuditStatus(review)
    card.status = card_status
    world.paytend.events.decline(CARD, asked)
    [webhook] = world.paytend.webhooks
    world.webhook_arrives(json.dumps(webhook.sealed).encode())
    world.told_webhooks = 1
    world.bot.notices.dispatcher.dispatch_due()
    world.bot.notices.deliverer.deliver_due()
    [at_once] = world.slack.messages("C0ONCALL")
    assert world.paytend.calls_of("getCardInfo") == [], "nothing is asked before it is told"

    world.settles()

    [notice] = world.slack.messages("C0ONCALL")
    assert notice["ts"] == at_once["ts"]
    assert len(world.paytend.calls_of("getCardInfo")) == 1
    assert says in text_of(notice["blocks"])
    assert ("card_lost" in actions_of(notice)) is (not says), "the red button is for what nothing explains"


def test_an_answer_about_another_card_explains_nothing(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.books.card(CARD).status = CardStatus.FROZEN
    world.paytend.switches.add("another_card", operation="getCardInfo", count=None)

    notice = declines(world)

    assert "Declined: 99.90 EUR" in notice["text"]
    assert "frozen" not in text_of(notice["blocks"])


def minutes_pass(world: JourneyWorld, minutes: float) -> None:
    world.clock.advance(timedelta(minutes=minutes))
    world.bot.jobs.fire("calm")
    world.settles()


def told(world: JourneyWorld, channel: str) -> list[str]:
    return [message["text"] for message in world.slack.messages(channel)]


def test_whoever_is_on_it_stands_on_the_message_and_the_second_one_is_told(world: JourneyWorld) -> None:
    notice = declines(world)

    world.clicks(ONCALL, "notice_acknowledge", message=notice)

    [edited] = world.slack.messages("C0ONCALL")
    assert f"<@{ONCALL}> is on it" in text_of(edited["blocks"])
    assert actions_of(edited) == ["notice_details"]
    assert "99.90 EUR" in edited["text"], "it still says what happened"
    world.clicks(MANAGER, "notice_acknowledge", message=notice)
    assert f"<@{ONCALL}> is already on it" in world.told(MANAGER)
    assert [row.actor for row in world.trail() if row.event == "notice:acknowledged"] == [ONCALL]


def test_guests_do_not_take_anything_on(sqlite_world: JourneyWorld) -> None:
    notice = declines(sqlite_world)

    sqlite_world.slack.invites("C0ONCALL", GUEST)
    sqlite_world.clicks(GUEST, "notice_acknowledge", message=notice)

    assert "Guests can’t use cardops" in sqlite_world.told(GUEST)
    assert "notice_acknowledge" in actions_of(sqlite_world.slack.messages("C0ONCALL")[0])


def test_what_nobody_takes_on_goes_to_the_next_and_then_to_the_one_after(make_world: MakesWorld) -> None:
    with make_world(config=ESCALATES) as world:
        notice = declines(world)
        minutes_pass(world, 9.9)
        assert told(world, "C0ALERTS") == []

        minutes_pass(world, 0.2)
        assert ["99.90 EUR" in text for text in told(world, "C0ALERTS")] == [True]
        minutes_pass(world, 5)
        assert len(told(world, "C0ALERTS")) == 1
        minutes_pass(world, 5.1)
        minutes_pass(world, 60)

        thread = [reply["text"] for reply in world.slack.messages("C0ONCALL", notice["ts"])[1:]]
        assert thread == [
            "No one picked this up in 10 minutes. Escalating to <#C0ALERTS>.",
            "No one picked this up in 20 minutes. Escalating to <@U0LEAD>.",
        ]
        world.clicks(ADMIN, "notice_acknowledge", message=world.slack.messages("C0ALERTS")[0])
        for channel in ("C0ONCALL", "C0ALERTS"):
            assert f"<@{ADMIN}> is on it" in text_of(world.slack.messages(channel)[0]["blocks"])


def test_what_has_gone_to_the_last_of_them_goes_no_further_and_holds_up_no_other(make_world: MakesWorld) -> None:
    with make_world(config=ESCALATES) as world:
        declines(world, "11.00")
        for _ in range(4):
            minutes_pass(world, 10.1)
        assert sum("11.00 EUR" in text for text in told(world, "C0ALERTS")) == 1

        declines(world, "22.00")
        minutes_pass(world, 10.1)

        assert sum("22.00 EUR" in text for text in told(world, "C0ALERTS")) == 1


def test_what_is_taken_on_in_time_goes_no_further(make_world: MakesWorld) -> None:
    with make_world(config=ESCALATES) as world:
        notice = declines(world)
        world.clicks(ONCALL, "notice_acknowledge", message=notice)

        minutes_pass(world, 30)

        assert told(world, "C0ALERTS") == []
        assert len(world.slack.messages("C0ONCALL", notice["ts"])) == 1


def test_a_digest_with_urgent_lines_can_be_taken_on_and_is_escalated(make_world: MakesWorld) -> None:
    with make_world(config=f"{ESCALATES}storms: {{budget: 2, window: 1m}}\n") as world:
        for amount in ("1.00", "2.00", "3.00", "4.00"):
            world.paytend.events.decline(CARD, amount)
        world.hears_from_paytend()

        digest = world.slack.messages("C0ONCALL")[-1]
        assert "Alert burst: " in digest["text"]
        minutes_pass(world, 1)
        assert "notice_acknowledge" in actions_of(world.slack.messages("C0ONCALL")[-1])
        minutes_pass(world, 10)
        assert any("alerts at once" in text for text in told(world, "C0ALERTS"))
        world.clicks(ONCALL, "notice_acknowledge", message=world.slack.messages("C0ONCALL")[-1])
        assert f"<@{ONCALL}> is on it" in text_of(world.slack.messages("C0ONCALL")[-1]["blocks"])


def test_a_low_balance_that_stays_low_is_one_message_and_a_worse_one_is_another(
    sqlite_world: JourneyWorld,
) -> None:
    world = sqlite_world
    world.paytend.events.set_partner_balance("4000.00")
    for _ in range(3):
        world.clock.advance(timedelta(hours=4, minutes=5))
        world.bot.jobs.fire("balance")
        world.settles()

    notice, *below = world.slack.messages("C0ALERTS")
    assert {each["thread_ts"] for each in below} <= {notice["ts"]}, "what is repeated stands under it"
    world.paytend.events.set_partner_balance("900.00")
    world.clock.advance(timedelta(minutes=5))
    world.bot.jobs.fire("balance")
    world.settles()
    assert "critically low" in told(world, "C0ALERTS")[-1], "what is worse is a message of its own"
    assert "notice_acknowledge" in actions_of(world.slack.messages("C0ALERTS")[-1])


def test_webhooks_of_one_new_kind_are_one_message_with_a_count(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    for number in range(3):
        world.webhook_arrives(world.paytend.seal_webhook("77", {"number": number}))
    world.webhook_arrives(world.paytend.seal_webhook("78", {"number": 9}))
    world.settles()

    first, second = world.slack.messages("C0ALERTS")
    assert "3 times since" in text_of(first["blocks"])
    assert "number: 2" in text_of(first["blocks"])
    assert "times since" not in text_of(second["blocks"])
