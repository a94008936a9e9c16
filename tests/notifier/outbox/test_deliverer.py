"""Deliveries reach Slack in order, once, at its pace, and edits and replies find their message."""

import threading
from datetime import timedelta

import pytest
from slack_sdk import WebClient
from sqlmodel import select

from notifier.outbox.deliverer import Deliverer
from notifier.outbox.tables import Message
from tests.notifier.conftest import NotifierWorld
from tests.notifier.slack import Trick


def test_messages_of_a_channel_arrive_in_order_one_a_second(world: NotifierWorld) -> None:
    for words in ("one", "two", "three"):
        world.says(words)

    assert world.delivers() == 1
    assert world.slack.texts() == ["one"]
    world.delivers()
    assert world.slack.texts() == ["one"]
    world.delivers_all(3)

    assert world.slack.texts() == ["one", "two", "three"]
    assert world.waiting() == 0


def test_an_urgent_message_goes_first(world: NotifierWorld) -> None:
    world.says("calm")
    world.says("urgent", urgent=True)

    world.delivers_all(2)

    assert world.slack.texts() == ["urgent", "calm"]


def test_f20_a_channel_that_is_limited_holds_no_other(world: NotifierWorld) -> None:
    world.slack.will("chat.postMessage", Trick.LIMITED)
    world.says("held", "C0ALERTS")
    world.says("free", "C0OPS")

    world.delivers()

    assert world.slack.texts("C0OPS") == ["free"]
    assert world.slack.texts("C0ALERTS") == []


def test_a_post_has_a_fallback_text_metadata_and_unfurls_nothing(world: NotifierWorld) -> None:
    delivery = world.says("hello")

    world.delivers()

    (post,) = world.slack.messages
    assert post["text"] == "hello"
    assert post["unfurl_links"] is post["unfurl_media"] is False
    assert post["metadata"] == {"event_type": "cardops_delivery", "event_payload": {"delivery": delivery}}


def test_f20_retry_after_is_obeyed_and_survives_a_restart(world: NotifierWorld) -> None:
    world.slack.will("chat.postMessage", Trick.LIMITED)
    world.says("one")
    world.delivers()
    world.says("urgent newcomer", urgent=True)

    world.clock.passes(seconds=29)
    world.delivers()
    assert world.slack.count("chat.postMessage") == 1

    world.clock.passes(seconds=2)
    world.delivers_all(3)
    assert world.slack.texts() == ["urgent newcomer", "one"]


def test_an_edit_changes_every_posted_copy(world: NotifierWorld) -> None:
    world.says("asked", "C0ALERTS", key="request:1")
    world.says("asked", "U0REQUESTER", key="request:1")
    world.delivers_all(2)

    assert world.edits("request:1", "approved") == 2
    world.delivers()

    assert world.slack.texts("C0ALERTS") == world.slack.texts("DU0REQUESTER") == ["approved"]
    assert world.slack.count("chat.postMessage") == 2


def test_a_waiting_post_is_given_the_newer_facts(world: NotifierWorld) -> None:
    world.says("asked", key="request:1")

    assert world.edits("request:1", "approved") == 1
    world.delivers_all(2)

    assert world.slack.texts() == ["approved"]
    assert world.slack.count("chat.update") == 0


def test_waiting_edits_of_one_copy_become_one(world: NotifierWorld) -> None:
    world.says("asked", key="request:1")
    world.delivers()

    for words in ("one approval", "two approvals", "done"):
        world.edits("request:1", words)
    world.delivers_all(2)

    assert world.slack.texts() == ["done"]
    assert world.slack.count("chat.update") == 1


def test_an_edit_while_the_post_is_in_doubt_is_made_after_it(world: NotifierWorld) -> None:
    world.slack.will("chat.postMessage", Trick.RESETS_AFTER)
    world.says("asked", key="request:1")
    world.delivers()

    world.edits("request:1", "done")
    world.delivers_all(10)

    assert world.slack.texts() == ["done"]


def test_an_edit_waits_for_a_post_in_doubt_that_is_put_off_though_its_channel_is_free(
    world: NotifierWorld,
) -> None:
    world.slack.will("chat.postMessage", Trick.RESETS_BEFORE, "some_new_error")
    world.says("asked", key="request:1")
    world.delivers()
    world.clock.passes(seconds=3)
    world.delivers()  # looked for, not found, and refused: put off alone, without its channel

    world.edits("request:1", "done")
    world.says("other", key="request:2")
    world.delivers_all(30)

    assert sorted(world.slack.texts()) == ["done", "other"]


def test_an_edit_of_a_deleted_message_posts_a_new_copy_which_is_edited_from_then_on(world: NotifierWorld) -> None:
    world.says("asked", key="request:1")
    world.delivers()
    world.slack.messages.clear()

    world.edits("request:1", "approved")
    world.delivers_all(2)
    world.edits("request:1", "done")
    world.delivers_all(2)

    assert world.slack.texts() == ["done"]
    with world.database.reading() as session:
        assert len(session.exec(select(Message)).all()) == 1


def test_edits_do_not_wait_for_the_pace_of_posts(world: NotifierWorld) -> None:
    world.says("asked", key="request:1")
    world.delivers()

    world.edits("request:1", "approved")
    world.delivers()

    assert world.slack.texts() == ["approved"]


def test_an_older_edit_never_overtakes_a_newer_one(world: NotifierWorld) -> None:
    world.says("asked", key="request:1")
    world.delivers()
    world.slack.will("chat.update", "some_new_error")
    world.edits("request:1", "one approval")
    world.delivers()
    world.edits("request:1", "done")

    world.delivers_all(20)

    assert world.slack.texts() == ["done"]


def test_a_reply_waits_for_its_message_and_stands_in_its_thread(world: NotifierWorld) -> None:
    world.slack.will("chat.postMessage", "some_new_error")
    world.says("card", key="request:1")
    world.delivers()
    world.says("reply", thread_of="request:1", broadcast=True, urgent=True)

    world.delivers()
    assert world.slack.texts() == []
    world.delivers_all(20)

    card, reply = world.slack.messages
    assert (card["text"], reply["text"]) == ("card", "reply")
    assert reply["thread_ts"] == card["ts"]
    assert reply["reply_broadcast"] is True


def test_a_reply_stands_alone_when_its_message_died(world: NotifierWorld) -> None:
    world.says("card", key="request:1")
    world.says("reply", thread_of="request:1")
    world.slack.will("chat.postMessage", *["some_new_error"] * 5)

    world.delivers_all(20, step=10)

    assert world.slack.texts() == ["reply"]
    assert "thread_ts" not in world.slack.messages[0]


def test_a_reply_stands_alone_when_its_message_was_deleted(world: NotifierWorld) -> None:
    world.says("card", key="request:1")
    world.delivers()
    world.slack.messages.clear()
    world.says("reply", thread_of="request:1")

    world.delivers_all(2)

    assert world.slack.texts() == ["reply"]


def test_a_person_is_told_in_direct_messages_that_are_opened_once(world: NotifierWorld) -> None:
    world.says("one", "U0PERSON")
    world.says("two", "U0PERSON")

    world.delivers_all(3)

    assert world.slack.texts("DU0PERSON") == ["one", "two"]
    assert world.slack.count("conversations.open") == 1


def test_after_a_stop_nothing_more_is_claimed(world: NotifierWorld) -> None:
    stop = threading.Event()
    stop.set()
    world.says("one")

    assert world.deliverer.deliver_due(stop) == 0
    assert world.rows()[0].lease_token is None


def test_the_worker_delivers_what_is_enqueued_while_it_waits(world: NotifierWorld) -> None:
    stop, wake = threading.Event(), threading.Event()
    worker = threading.Thread(target=world.deliverer.run, args=(stop, wake))
    worker.start()
    try:
        world.says("one")
        wake.set()
        for _ in range(500):
            if world.slack.texts():
                break
            threading.Event().wait(0.01)
    finally:
        stop.set()
        wake.set()
        worker.join(timeout=10)

    assert world.slack.texts() == ["one"]
    assert not worker.is_alive()


def test_several_workers_share_the_work_and_post_everything_once(world: NotifierWorld) -> None:
    channels = [f"C0TEAM{number}" for number in range(6)]
    world.slack.channels.update(channels)
    for channel in channels:
        for words in ("one", "two"):
            world.says(words, channel)

    for _ in range(3):
        workers = [threading.Thread(target=world.delivers) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        world.clock.passes(seconds=2)

    assert all(world.slack.texts(channel) == ["one", "two"] for channel in channels)
    assert world.slack.count("chat.postMessage") == 12


def test_a_client_that_repeats_by_itself_is_refused(world: NotifierWorld) -> None:
    with pytest.raises(ValueError, match="retry_handlers"):
        Deliverer(
            database=world.database,
            slack=WebClient(token="xoxb-made-up"),
            renderer=world.deliverer._renderer,
            outbox=world.outbox,
            vault=world.vault,
            fallback="C0SPARE",
            admins=(),
            now_in=world.clock,
            monotonic=world.clock.monotonic,
            jitter=lambda: 0.5,
            make_id=world.make_id,
        )


def test_the_worker_knows_when_something_is_due_next(world: NotifierWorld) -> None:
    assert world.deliverer._next_pause() == pytest.approx(5)

    world.slack.will("chat.postMessage", Trick.FAILS_BEFORE)
    world.says("one")
    world.delivers()

    assert timedelta(seconds=world.deliverer._next_pause()) == timedelta(seconds=2)
