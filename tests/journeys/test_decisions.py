"""Requests that are not simply approved, and who is notified."""

from tests.journeys.world import (
    ADMIN,
    MANAGER,
    OTHER_MANAGER,
    OTHER_SUPPORT,
    SUPPORT,
    JourneyWorld,
    actions_of,
    text_of,
)


def test_a_denial_needs_a_reason_which_the_requester_is_told(world: JourneyWorld) -> None:
    world.asks()
    world.clicks(MANAGER, "request_deny")
    assert world.request().phrase in world.modal_text(MANAGER)
    assert world.slack.submits(MANAGER, {"reason": ""}).errors == {
        "reason": "Please complete this required field."
    }
    assert "reason" in world.slack.submits(MANAGER, {"reason": "   "}).errors

    world.submits(MANAGER, reason="the wrong card")

    assert world.request().status == "denied"
    assert world.paytend.calls_of("topup") == []
    card = world.card()
    assert "Denied" in card["text"]
    assert f"denied by <@{MANAGER}>" in text_of(card["blocks"])
    assert text_of(card["blocks"]).count("the wrong card") == 1
    assert sum("the wrong card" in reply for reply in world.thread()) == 1
    assert actions_of(card) == ["request_show"]
    assert any(f"<@{SUPPORT}>" in reply and "the wrong card" in reply for reply in world.thread())
    assert "Denied" in world.modal_text(MANAGER)


def test_one_denial_ends_what_others_have_approved(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks("600.00")
    world.clicks(MANAGER, "request_approve")
    world.clicks(OTHER_MANAGER, "request_deny")

    world.submits(OTHER_MANAGER, reason="too much")

    assert world.request().status == "denied"
    assert world.paytend.calls_of("topup") == []


def test_the_requester_withdraws(world: JourneyWorld) -> None:
    world.asks()

    world.clicks(SUPPORT, "request_withdraw")

    assert world.request().status == "withdrawn"
    assert "Withdrawn" in world.card()["text"]
    assert actions_of(world.card()) == ["request_show"]
    assert world.thread() == [], "the message says it"
    world.asks("20.00")
    assert len(world.requests()) == 2, "the card is free for another request"


def test_only_the_requester_withdraws(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()

    world.clicks(OTHER_SUPPORT, "request_withdraw")

    assert "Only the requester can withdraw this" in world.told(OTHER_SUPPORT)
    assert world.request().status == "pending"
    assert world.refusals() == ["NotYours"]


def test_reminders_come_at_half_and_three_quarters_of_the_time_and_then_it_expires(world: JourneyWorld) -> None:
    world.asks()  # to be decided within 8 hours

    world.passes(hours=3, minutes=59)
    assert world.thread() == []
    world.passes(minutes=2)
    assert "Still needs 1 approval" in world.thread()[-1]
    world.passes(hours=1, minutes=50)
    assert len(world.thread()) == 1
    world.passes(minutes=10)
    assert len(world.thread()) == 2
    world.passes(hours=2)

    assert world.request().status == "expired"
    assert "Expired" in world.card()["text"]
    assert actions_of(world.card()) == ["request_show"]
    assert len(world.thread()) == 3
    assert f"<@{SUPPORT}>" in world.thread()[-1]
    assert "nobody approved or denied it in time" in world.thread()[-1]


def test_whoever_slept_through_both_reminders_gets_one(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()

    world.passes(hours=7)
    world.passes(minutes=30)

    assert len(world.thread()) == 1


def test_a_click_just_after_the_end_of_the_time_is_too_late(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    world.clock.advance(world.request().decide_by - world.clock.now())  # and the clock's job has not come yet

    world.clicks(MANAGER, "request_approve")

    assert "This request expired" in world.told(MANAGER)
    assert world.request().status == "pending"
    assert world.paytend.calls_of("topup") == []


def test_an_approver_says_that_they_are_looking(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()

    world.clicks(MANAGER, "request_looking")

    assert f"<@{MANAGER}> is looking at this" in world.thread()[-1]
    assert world.request().status == "pending"
    assert "approval:looking" in [row.event for row in world.trail()]


def test_only_an_approver_is_looking_and_only_while_it_waits(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    waiting = world.card()
    world.clicks(ADMIN, "request_looking")
    assert "Only manager can do this" in world.told(ADMIN)
    world.clicks(MANAGER, "request_approve")

    world.clicks(OTHER_MANAGER, "request_looking", message=waiting)

    assert "already completed" in world.told(OTHER_MANAGER)
    assert not any("is looking" in reply for reply in world.thread())
    assert world.refusals() == ["NotInRole", "NotPending"]


def test_a_requester_who_is_not_in_the_channel_follows_in_a_message_from_the_app(
    sqlite_world: JourneyWorld,
) -> None:
    world = sqlite_world
    world.slack.kicks("C0APPROVALS", SUPPORT)
    world.asks()

    followed = world.card(SUPPORT)
    assert "Needs 1 approval" in followed["text"]
    world.clicks(MANAGER, "request_approve")

    assert world.slack.messages(SUPPORT)[0]["ts"] == followed["ts"]
    assert "Completed" in world.slack.messages(SUPPORT)[0]["text"]
    assert any(f"<@{SUPPORT}>" in message["text"] for message in world.slack.messages(SUPPORT, followed["ts"])[1:])
    assert "Completed" in world.card()["text"], "and the channel's copy says the same"


def test_the_requester_withdraws_from_their_own_copy(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.slack.kicks("C0APPROVALS", SUPPORT)
    world.asks()

    world.clicks(SUPPORT, "request_withdraw", message=world.card(SUPPORT))

    assert world.request().status == "withdrawn"
    assert "Withdrawn" in world.card(SUPPORT)["text"]
    assert "Withdrawn" in world.card()["text"]


def test_the_outcome_stands_in_the_thread_and_nothing_else_is_posted(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    world.asks_and_approves()

    posted = {message["channel"] for call in world.slack.state.messages.values() for message in call.values()}
    assert posted == {"C0APPROVALS"}
    assert len(world.slack.messages("C0APPROVALS")) == 1
    assert world.thread() == [f"<@{SUPPORT}> 120.50 EUR added to Rūta Kazlauskaitė’s card •••• 5097."]


def test_a12_an_approved_request_is_stopped_while_paytend_is_away(world: JourneyWorld) -> None:
    world.asks()
    world.paytend_stops()
    world.clicks(MANAGER, "request_approve")
    assert actions_of(world.card()) == ["request_stop", "request_show"]

    world.clicks(OTHER_SUPPORT, "request_stop")
    assert world.refusals() == ["NotInRole"]
    world.clicks(OTHER_MANAGER, "request_stop")
    assert "reason" in world.slack.submits(OTHER_MANAGER, {"reason": "   "}).errors
    world.submits(OTHER_MANAGER, reason="the customer called again")

    assert world.request().status == "withdrawn"
    assert "Stopped – nothing was sent" in world.card()["text"]
    assert actions_of(world.card()) == ["request_show"]
    assert f"<@{SUPPORT}>" in world.thread()[-1]
    assert "the customer called again" in world.thread()[-1]
    assert "Stopped" in world.modal_text(OTHER_MANAGER)
    assert world.trail()[-1].event == "approval:stopped"
    world.passes(minutes=5)
    assert world.paytend.calls_of("topup") == []


def test_x8_a_new_request_is_posted_before_the_replies_to_others(world: JourneyWorld) -> None:
    world.asks()
    world.slack.clicks(MANAGER, action_id="request_approve", message=world.card())
    world.pool.run()
    world.bot.approvals.executor.execute_due()
    world.slack.types(SUPPORT, "/topup 1755903 7.00 customer called", channel="C0GENERAL")
    world.pool.run()
    before = len(world.slack.api_calls)

    world.settles()

    posts = [
        call.args
        for call in world.slack.api_calls[before:]
        if call.method == "chat.postMessage" and call.args["channel"] == "C0APPROVALS"
    ]
    assert len(posts) > 1
    assert ["thread_ts" in post for post in posts] == [False, *[True] * (len(posts) - 1)]
