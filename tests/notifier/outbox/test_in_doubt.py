"""A post whose outcome is not known: looked for, repeated with a mark or not at all; nothing twice (F21, F22)."""

import urllib.request

import pytest

from notifier.outbox.tables import DeliveryStatus
from tests.notifier.conftest import NotifierWorld
from tests.notifier.slack import Slack, Trick

DONE_WITHOUT_ANSWER = [Trick.RESETS_AFTER, Trick.FAILS_AFTER]
NOT_DONE_WITHOUT_ANSWER = [
    Trick.RESETS_BEFORE,
    Trick.FAILS_BEFORE,
    Trick.SPEAKS_HTML,
    "internal_error",
    "fatal_error",
]


@pytest.mark.parametrize("trick", DONE_WITHOUT_ANSWER)
def test_f22_a_post_without_an_answer_is_found_and_not_repeated(world: NotifierWorld, trick: Trick) -> None:
    world.slack.will("chat.postMessage", trick)
    for words in ("one", "two", "three"):
        world.says(words)

    world.delivers_all(12)

    assert world.slack.texts() == ["one", "two", "three"]
    assert all(row.status == DeliveryStatus.DELIVERED for row in world.rows())


@pytest.mark.parametrize("trick", NOT_DONE_WITHOUT_ANSWER)
def test_f22_a_post_that_is_not_found_is_repeated_with_a_mark(world: NotifierWorld, trick: Trick | str) -> None:
    world.slack.will("chat.postMessage", trick)
    world.says("one")

    world.delivers_all(5)

    assert world.slack.texts() == ["one (possible repeat)"]
    assert "possible repeat" in world.slack.messages[0]["blocks"][-1]["elements"][0]["text"]


def test_f22_a_reply_without_an_answer_is_looked_for_in_its_thread(world: NotifierWorld) -> None:
    world.says("card", key="request:1")
    world.delivers()
    world.clock.passes(seconds=1)
    world.slack.will("chat.postMessage", Trick.RESETS_AFTER)
    world.says("reply", thread_of="request:1")

    world.delivers_all(5)

    assert world.slack.texts() == ["card", "reply"]
    assert world.slack.count("conversations.replies") == 1


def test_n24_a_reply_whose_thread_is_gone_is_looked_for_in_the_channel_too(world: NotifierWorld) -> None:
    world.says("card", key="request:1")
    world.delivers()
    world.clock.passes(seconds=1)
    world.slack.will("chat.postMessage", "thread_not_found", Trick.RESETS_AFTER)
    world.says("reply", thread_of="request:1")

    world.delivers_all(5)

    assert world.slack.texts() == ["card", "reply"]
    assert world.slack.messages[-1].get("thread_ts") is None
    world.edits(world.rows()[-1].key, "newer")
    world.delivers_all(2)
    assert world.slack.texts() == ["card", "newer"]


def test_f22_without_the_right_to_look_it_is_repeated_once_and_never_twice(world: NotifierWorld) -> None:
    world.slack.may_read_history = False
    world.slack.will("chat.postMessage", Trick.RESETS_AFTER, Trick.RESETS_AFTER)
    world.says("one")

    world.delivers_all(20, step=10)

    assert world.slack.texts() == ["one", "one (possible repeat)"]
    (dead,) = world.dead()
    assert "no right to look" in dead.error
    assert "may have been posted" in world.slack.texts("DU0ADMIN")[0]


def test_f21_nothing_is_repeated_or_lost_while_slack_is_down_for_an_hour(world: NotifierWorld) -> None:
    down = [Trick.FAILS_BEFORE] * 400
    world.slack.will("chat.postMessage", *down)
    world.slack.will("conversations.history", *down)
    world.says("one")
    world.says("two")
    world.says("urgent", urgent=True)
    world.delivers_all(30, step=120)
    assert world.slack.count("chat.postMessage") + world.slack.count("conversations.history") <= 30 * 5 / 4
    world.slack.tricks.clear()

    world.delivers_all(4, step=60)

    # One post was in doubt since the first minute, one was tried beside it; the last was never begun.
    assert world.slack.texts() == ["urgent (possible repeat)", "one (possible repeat)", "two"]


def test_a_refused_connection_is_no_doubt(world: NotifierWorld, slack: Slack) -> None:
    world.deliverer._slack.base_url = "http://127.0.0.1:9/api/"
    world.says("one")
    world.delivers()
    assert world.rows()[0].doubt_since is None

    world.deliverer._slack.base_url = slack.url
    world.delivers_all(5)

    assert world.slack.texts() == ["one"]
    assert world.slack.count("conversations.history") == 0


def test_no_proxy_stands_between_these_tests_and_their_slack() -> None:
    assert urllib.request.proxy_bypass("127.0.0.1") or not urllib.request.getproxies()
