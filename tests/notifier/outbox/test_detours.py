"""Channels that cannot be written to and tokens that Slack takes no more: nothing is lost (F25, F26)."""

import pytest

from notifier.outbox import backlog
from tests.notifier.conftest import NotifierWorld


@pytest.mark.parametrize("how", ["archived", "unknown"])
def test_f25_notices_take_a_detour_and_the_admin_is_told_once(world: NotifierWorld, how: str) -> None:
    world.slack.archived.update({"C0ALERTS"} if how == "archived" else ())
    world.slack.channels -= {"C0ALERTS"} if how == "unknown" else set()
    world.says("one")
    world.says("two")

    world.delivers_all(6)

    assert world.slack.texts("C0SPARE") == ["one", "two"]
    (told,) = world.slack.texts("DU0ADMIN")
    assert "go to <#C0SPARE> for now" in told
    assert world.dead() == []


def test_f25_when_the_fallback_channel_fails_too_notices_wait_and_the_admin_is_told_once(
    world: NotifierWorld,
) -> None:
    world.slack.archived.update({"C0ALERTS", "C0SPARE"})
    world.says("one")
    world.says("two", "C0SPARE")
    world.delivers_all(10, step=60)
    assert sorted("wait" in text for text in world.slack.texts("DU0ADMIN")) == [False, True]

    world.slack.archived.clear()
    world.delivers_all(4, step=60)

    assert sorted(world.slack.texts("C0SPARE")) == ["one", "two"]
    assert world.dead() == []


def test_f25_a_message_that_took_a_detour_is_edited_and_answered_there(world: NotifierWorld) -> None:
    world.slack.archived.add("C0ALERTS")
    world.says("card", key="request:1")
    world.delivers_all(2)

    world.edits("request:1", "done")
    world.says("reply", thread_of="request:1")
    world.delivers_all(2)

    card, reply = (message for message in world.slack.messages if message["channel"] == "C0SPARE")
    assert (card["text"], reply["text"], reply["thread_ts"]) == ("done", "reply", card["ts"])


def test_f25_a_channel_that_is_back_is_used_again(world: NotifierWorld) -> None:
    world.slack.archived.add("C0ALERTS")
    world.says("one")
    world.delivers_all(3)
    world.slack.archived.clear()
    world.says("two")
    world.delivers_all(3)
    assert world.slack.texts() == ["two"]

    world.slack.archived.add("C0ALERTS")
    world.says("three")
    world.delivers_all(3)

    assert world.slack.texts("C0SPARE") == ["one", "three"]
    (told,) = (message for message in world.slack.messages if message["channel"] == "DU0ADMIN")
    assert "2 times since" in str(told["blocks"]), "the same problem again is the same message, with a count"


def test_f25_a_card_whose_channel_was_archived_moves_with_its_next_edit(world: NotifierWorld) -> None:
    world.says("asked", key="request:1")
    world.delivers()
    world.slack.archived.add("C0ALERTS")

    world.edits("request:1", "one approval")
    world.delivers_all(3)
    world.edits("request:1", "done")
    world.delivers_all(3)

    assert world.slack.texts("C0SPARE") == ["done"]


def test_what_is_meant_for_one_person_never_goes_to_the_fallback_channel(world: NotifierWorld) -> None:
    world.slack.will("conversations.open", *["user_not_found"] * 5)
    world.says("private", "U0GONE")

    world.delivers_all(20, step=10)

    assert world.slack.texts("C0SPARE") == []
    (dead,) = world.dead()
    assert (dead.recipient, dead.error) == ("U0GONE", "user_not_found")


def test_f26_a_revoked_token_stops_everything_without_hammering_and_later_all_is_delivered(
    world: NotifierWorld,
) -> None:
    world.slack.token_is_good = False
    for channel in ("C0ALERTS", "C0OPS"):
        world.says("one", channel)

    for _ in range(30):
        world.delivers()
        world.clock.passes(hours=1)
    assert world.slack.count("chat.postMessage") <= 30
    assert world.dead() == []
    with world.database.reading() as session:
        assert backlog.measure(session, now=world.clock.now).waiting == 2

    world.slack.token_is_good = True
    world.clock.passes(minutes=20)
    world.delivers_all(3)

    assert world.slack.texts("C0ALERTS") == world.slack.texts("C0OPS") == ["one"]


def test_f26_one_refusal_of_the_token_holds_all_channels(world: NotifierWorld) -> None:
    world.slack.token_is_good = False
    for channel in ("C0ALERTS", "C0OPS", "C0SPARE"):
        world.says("one", channel)

    assert world.delivers() == 1
    assert world.delivers() == 0
    with world.database.reading() as session:
        assert backlog.measure(session, now=world.clock.now).paused_until is not None
