"""What is not delivered in the end: told to admins, listed, and tried again when somebody says so (F29)."""

import secrets

import pytest

from notifier.outbox import backlog
from notifier.outbox.tables import Delivery
from storage.vault import Vault
from tests.notifier.conftest import NotifierWorld
from tests.notifier.slack import Trick


def test_a_delivery_dies_after_a_day_and_an_admin_is_told(world: NotifierWorld) -> None:
    world.slack.will("chat.postMessage", *[Trick.LIMITED] * 3)
    delivery = world.says("secret words")
    world.delivers()
    world.clock.passes(hours=23)
    world.delivers()
    assert world.dead() == []

    world.clock.passes(hours=2)
    world.delivers_all(3)

    assert [letter.id for letter in world.dead()] == [delivery]
    (told,) = world.slack.texts("DU0ADMIN")
    assert "was not delivered and is not tried again" in told
    assert "secret words" not in str(world.slack.messages)


def test_a_dead_letter_can_be_tried_again(world: NotifierWorld) -> None:
    world.slack.will("chat.postMessage", *["some_new_error"] * 5)
    delivery = world.says("one")
    world.delivers_all(20, step=10)
    assert world.slack.texts() == []

    with world.database.writing() as session:
        backlog.retry(session, delivery, now=world.clock.now)
    world.delivers()

    assert world.slack.texts() == ["one"]
    assert world.dead() == []
    with world.database.writing() as session, pytest.raises(backlog.NoSuchLetter):
        backlog.retry(session, delivery, now=world.clock.now)


def test_a_dead_letter_whose_message_stands_there_by_now_is_not_posted_again(world: NotifierWorld) -> None:
    world.slack.will("chat.postMessage", *["some_new_error"] * 5)
    delivery = world.says("one", key="request:1")
    world.delivers_all(20, step=10)
    world.says("two", key="request:1")
    world.delivers()

    with world.database.writing() as session, pytest.raises(backlog.AlreadyPosted):
        backlog.retry(session, delivery, now=world.clock.now)


def test_dead_letters_are_listed_by_page(world: NotifierWorld) -> None:
    world.slack.will("chat.postMessage", *["some_new_error"] * 11)  # the admin's message takes one
    ids = [world.says("one"), world.says("two")]
    world.delivers_all(40, step=10)

    with world.database.reading() as session:
        (newest,) = backlog.list_dead(session, limit=1)
        (oldest,) = backlog.list_dead(session, limit=1, before=newest.id)
        assert backlog.dead(session) == 2

    assert [oldest.id, newest.id] == ids


def test_an_edit_gives_a_dead_letter_the_newer_facts(world: NotifierWorld) -> None:
    world.slack.will("chat.postMessage", *["some_new_error"] * 5)
    delivery = world.says("asked", key="request:1")
    world.delivers_all(20, step=10)

    world.edits("request:1", "done")
    with world.database.writing() as session:
        backlog.retry(session, delivery, now=world.clock.now)
    world.delivers()

    assert world.slack.texts() == ["done"]


def test_f29_a_poisoned_delivery_dies_after_five_attempts_and_holds_nobody_up(world: NotifierWorld) -> None:
    world.slack.will("chat.postMessage", "some_new_error")
    world.says("poison")
    world.says("next")
    world.delivers()

    world.delivers()
    assert world.slack.texts() == ["next"]
    world.slack.will("chat.postMessage", *["some_new_error"] * 4)
    world.delivers_all(20, step=10)

    assert world.slack.texts() == ["next"]
    assert [letter.attempts for letter in world.dead()] == [5]


def test_dead_letters_of_one_channel_are_one_message_to_an_admin_with_a_count(world: NotifierWorld) -> None:
    world.slack.will("chat.postMessage", *["some_new_error"] * 11)  # the admin's message takes one
    world.says("one")
    world.says("two")

    world.delivers_all(40, step=10)

    assert len(world.dead()) == 2
    (told,) = (message for message in world.slack.messages if message["channel"] == "DU0ADMIN")
    assert "2 times since" in str(told["blocks"])


def test_facts_are_sealed_at_rest_and_open_only_in_their_row(world: NotifierWorld) -> None:
    world.says("the canary sings 4111111111111111", key="request:1")
    world.edits("request:1", "the canary sings louder")

    assert all(b"canary" not in row.facts for row in world.rows())
    if world.database.is_sqlite:
        file = world.database.url.database or ""
        with world.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        with open(file, "rb") as stored:  # noqa: PTH123 - the raw bytes of the file
            assert b"canary" not in stored.read()


def test_a_mistake_of_ours_in_one_delivery_holds_nobody_up(world: NotifierWorld) -> None:
    delivery = world.says("one")
    world.says("two")
    with world.database.writing() as session:
        row = session.get_one(Delivery, delivery)
        row.facts = world.vault.seal(b"no JSON", table="delivery", row=delivery, column="facts")

    world.delivers_all(20, step=10)

    assert world.slack.texts() == ["two"]
    assert [letter.error for letter in world.dead()] == ["broken; see the log"]


def test_facts_that_cannot_be_opened_end_as_a_dead_letter(world: NotifierWorld) -> None:
    world.says("one")
    world.deliverer._vault = Vault([b"x" * 32], random_bytes=secrets.token_bytes)

    world.delivers_all(20, step=10)

    (dead,) = world.dead()
    assert dead.error == "the stored facts cannot be read"
    assert "not delivered" not in str(world.slack.texts())
