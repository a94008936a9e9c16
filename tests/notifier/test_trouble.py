"""What happens to deliveries when Slack, the network, a channel, a template or this process fails (F20 to F29)."""

import secrets
import threading
import urllib.request
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from bot.database import Database
from notifier import backlog, claims, records
from notifier.attempt import Delivered, LeaseTooShort, attempt
from notifier.delivery import LEASE
from notifier.posting import Place
from notifier.tables import Delivery, DeliveryStatus
from notifier.vault import Vault
from tests.notifier.conftest import World
from tests.notifier.slack import Slack, Trick

DONE_WITHOUT_ANSWER = [Trick.RESETS_AFTER, Trick.FAILS_AFTER]
NOT_DONE_WITHOUT_ANSWER = [
    Trick.RESETS_BEFORE,
    Trick.FAILS_BEFORE,
    Trick.SPEAKS_HTML,
    "internal_error",
    "fatal_error",
]


def is_healthy(world: World) -> bool:
    return world.deliverer.healthy


def claim_one(world: World) -> claims.Claim:
    with world.database.writing() as session:
        claim = claims.claim(session, now=world.clock.now, lease=LEASE, token=world.make_id())
    assert claim is not None
    return claim


@pytest.mark.parametrize("trick", DONE_WITHOUT_ANSWER)
def test_f22_a_post_without_an_answer_is_found_and_not_repeated(world: World, trick: Trick) -> None:
    world.slack.will("chat.postMessage", trick)
    for words in ("one", "two", "three"):
        world.says(words)

    world.delivers_all(12)

    assert world.slack.texts() == ["one", "two", "three"]
    assert all(row.status == DeliveryStatus.DELIVERED for row in world.rows())


@pytest.mark.parametrize("trick", NOT_DONE_WITHOUT_ANSWER)
def test_f22_a_post_that_is_not_found_is_repeated_with_a_mark(world: World, trick: Trick | str) -> None:
    world.slack.will("chat.postMessage", trick)
    world.says("one")

    world.delivers_all(5)

    assert world.slack.texts() == ["one (possible repeat)"]
    assert "possible repeat" in world.slack.messages[0]["blocks"][-1]["elements"][0]["text"]


def test_f22_a_reply_without_an_answer_is_looked_for_in_its_thread(world: World) -> None:
    world.says("card", key="request:1")
    world.delivers()
    world.clock.passes(seconds=1)
    world.slack.will("chat.postMessage", Trick.RESETS_AFTER)
    world.says("reply", thread_of="request:1")

    world.delivers_all(5)

    assert world.slack.texts() == ["card", "reply"]
    assert world.slack.count("conversations.replies") == 1


def test_f22_without_the_right_to_look_it_is_repeated_once_and_never_twice(world: World) -> None:
    world.slack.may_read_history = False
    world.slack.will("chat.postMessage", Trick.RESETS_AFTER, Trick.RESETS_AFTER)
    world.says("one")

    world.delivers_all(20, step=10)

    assert world.slack.texts() == ["one", "one (possible repeat)"]
    (dead,) = world.dead()
    assert "no right to look" in dead.error
    assert "may have been posted" in world.slack.texts("DU0ADMIN")[0]


def test_f21_nothing_is_repeated_or_lost_while_slack_is_down_for_an_hour(world: World) -> None:
    down = [Trick.FAILS_BEFORE] * 400
    world.slack.will("chat.postMessage", *down)
    world.slack.will("conversations.history", *down)
    world.says("one")
    world.says("two")
    world.says("urgent", urgent=True)
    world.delivers_all(30, step=120)
    assert world.slack.count("chat.postMessage") + world.slack.count("conversations.history") <= 30
    world.slack.tricks.clear()

    world.delivers_all(4, step=60)

    # One post was in doubt since the first minute; the others were never begun.
    assert world.slack.texts() == ["urgent (possible repeat)", "one", "two"]


def test_a_refused_connection_is_no_doubt(world: World, slack: Slack) -> None:
    world.deliverer._slack.base_url = "http://127.0.0.1:9/api/"
    world.says("one")
    world.delivers()
    assert world.rows()[0].doubt_since is None

    world.deliverer._slack.base_url = slack.url
    world.delivers_all(5)

    assert world.slack.texts() == ["one"]
    assert world.slack.count("conversations.history") == 0


def test_a_worker_that_died_after_posting_is_replaced_and_nothing_stands_twice(world: World) -> None:
    world.says("one")
    claim = claim_one(world)
    world.deliverer._attempt(claim)  # and then kill -9, before anything is recorded

    world.delivers()
    assert world.waiting() == 1
    world.clock.passes(seconds=LEASE.total_seconds() + 1)
    world.delivers()

    assert world.slack.texts() == ["one"]
    assert world.waiting() == 0


def test_a_worker_that_died_before_posting_is_replaced(world: World) -> None:
    world.says("one")
    claim_one(world)

    world.clock.passes(seconds=LEASE.total_seconds() + 1)
    world.delivers()

    assert world.slack.texts() == ["one (possible repeat)"]


def test_f14_a_late_finisher_is_fenced_off(world: World) -> None:
    world.says("one", key="request:1")
    sleeper = claim_one(world)
    world.clock.passes(seconds=LEASE.total_seconds() + 1)
    world.delivers()

    late = Delivered(place=Place(channel="C0WRONG"), ts="1.0", posted=True)
    with pytest.raises(records.Fenced), world.database.writing() as session:
        records.record_delivered(session, sleeper, late, now=world.clock.now, make_id=world.make_id)

    world.edits("request:1", "done")
    world.delivers()
    assert world.slack.texts() == ["done"]


def test_f14_a_late_worker_changes_nothing_that_another_has_recorded(world: World) -> None:
    world.says("one")
    sleeper = claim_one(world)
    world.clock.passes(seconds=LEASE.total_seconds() + 1)
    world.delivers()

    world.deliverer._deliver(sleeper)

    assert world.waiting() == 0
    assert len(world.slack.texts()) == 1


def test_f14_a_worker_that_slept_through_its_lease_does_not_post(world: World) -> None:
    world.says("one")
    sleeper = claim_one(world)
    world.clock.passes(seconds=LEASE.total_seconds() + 1)

    world.deliverer._deliver(sleeper)

    assert world.slack.count("chat.postMessage") == 0


def test_f14_what_took_longer_than_the_lease_is_not_posted(world: World) -> None:
    world.says("one", "U0ADMIN")
    claim = claim_one(world)
    rendered = world.deliverer._render(claim)

    with pytest.raises(LeaseTooShort):
        attempt(
            claim,
            rendered,
            slack=world.deliverer._slack,
            fallback="C0SPARE",
            may_post=lambda: world.slack.count("conversations.open") == 0,
        )

    assert world.slack.count("conversations.open") == 1
    assert world.slack.count("chat.postMessage") == 0


def test_the_only_worker_takes_up_at_once_what_a_dead_one_held(world: World) -> None:
    world.says("one")
    world.deliverer._attempt(claim_one(world))  # and then kill -9, before anything is recorded

    assert world.deliverer.recover() == 1
    world.delivers()

    assert world.slack.texts() == ["one"]
    assert world.waiting() == 0


@pytest.mark.parametrize("how", ["archived", "unknown"])
def test_f25_notices_take_a_detour_and_the_admin_is_told_once(world: World, how: str) -> None:
    world.slack.archived.update({"C0ALERTS"} if how == "archived" else ())
    world.slack.channels -= {"C0ALERTS"} if how == "unknown" else set()
    world.says("one")
    world.says("two")

    world.delivers_all(6)

    assert world.slack.texts("C0SPARE") == ["one", "two"]
    (told,) = world.slack.texts("DU0ADMIN")
    assert "go to <#C0SPARE> for now" in told
    assert world.dead() == []


def test_f25_when_the_fallback_channel_fails_too_notices_wait_and_the_admin_is_told_once(world: World) -> None:
    world.slack.archived.update({"C0ALERTS", "C0SPARE"})
    world.says("one")
    world.says("two", "C0SPARE")
    world.delivers_all(10, step=60)
    assert sorted("wait" in text for text in world.slack.texts("DU0ADMIN")) == [False, True]

    world.slack.archived.clear()
    world.delivers_all(4, step=60)

    assert sorted(world.slack.texts("C0SPARE")) == ["one", "two"]
    assert world.dead() == []


def test_f25_a_message_that_took_a_detour_is_edited_and_answered_there(world: World) -> None:
    world.slack.archived.add("C0ALERTS")
    world.says("card", key="request:1")
    world.delivers_all(2)

    world.edits("request:1", "done")
    world.says("reply", thread_of="request:1")
    world.delivers_all(2)

    card, reply = (message for message in world.slack.messages if message["channel"] == "C0SPARE")
    assert (card["text"], reply["text"], reply["thread_ts"]) == ("done", "reply", card["ts"])


def test_f25_a_channel_that_is_back_is_used_again(world: World) -> None:
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


def test_f25_a_card_whose_channel_was_archived_moves_with_its_next_edit(world: World) -> None:
    world.says("asked", key="request:1")
    world.delivers()
    world.slack.archived.add("C0ALERTS")

    world.edits("request:1", "one approval")
    world.delivers_all(3)
    world.edits("request:1", "done")
    world.delivers_all(3)

    assert world.slack.texts("C0SPARE") == ["done"]


def test_what_is_meant_for_one_person_never_goes_to_the_fallback_channel(world: World) -> None:
    world.slack.will("conversations.open", *["user_not_found"] * 5)
    world.says("private", "U0GONE")

    world.delivers_all(20, step=10)

    assert world.slack.texts("C0SPARE") == []
    (dead,) = world.dead()
    assert (dead.recipient, dead.error) == ("U0GONE", "user_not_found")


def test_f26_a_revoked_token_stops_everything_without_hammering_and_later_all_is_delivered(world: World) -> None:
    world.slack.token_is_good = False
    for channel in ("C0ALERTS", "C0OPS"):
        world.says("one", channel)

    for _ in range(30):
        world.delivers()
        world.clock.passes(hours=1)
    assert is_healthy(world) is False
    assert world.slack.count("chat.postMessage") <= 30
    assert world.dead() == []
    with world.database.reading() as session:
        assert backlog.measure(session, now=world.clock.now).waiting == 2

    world.slack.token_is_good = True
    world.clock.passes(minutes=20)
    world.delivers_all(3)

    assert is_healthy(world) is True
    assert world.slack.texts("C0ALERTS") == world.slack.texts("C0OPS") == ["one"]


def test_f26_one_refusal_of_the_token_holds_all_channels(world: World) -> None:
    world.slack.token_is_good = False
    for channel in ("C0ALERTS", "C0OPS", "C0SPARE"):
        world.says("one", channel)

    assert world.delivers() == 1
    assert world.delivers() == 0
    with world.database.reading() as session:
        assert backlog.measure(session, now=world.clock.now).paused_until is not None


def test_a_delivery_dies_after_a_day_and_an_admin_is_told(world: World) -> None:
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


def test_a_dead_letter_can_be_tried_again(world: World) -> None:
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


def test_a_dead_letter_whose_message_stands_there_by_now_is_not_posted_again(world: World) -> None:
    world.slack.will("chat.postMessage", *["some_new_error"] * 5)
    delivery = world.says("one", key="request:1")
    world.delivers_all(20, step=10)
    world.says("two", key="request:1")
    world.delivers()

    with world.database.writing() as session, pytest.raises(backlog.AlreadyPosted):
        backlog.retry(session, delivery, now=world.clock.now)


def test_dead_letters_are_listed_by_page(world: World) -> None:
    world.slack.will("chat.postMessage", *["some_new_error"] * 10)
    ids = [world.says("one"), world.says("two")]
    world.delivers_all(40, step=10)

    with world.database.reading() as session:
        (newest,) = backlog.list_dead(session, limit=1)
        (oldest,) = backlog.list_dead(session, limit=1, before=newest.id)
        assert backlog.dead(session) == 2

    assert [oldest.id, newest.id] == ids


def test_an_edit_gives_a_dead_letter_the_newer_facts(world: World) -> None:
    world.slack.will("chat.postMessage", *["some_new_error"] * 5)
    delivery = world.says("asked", key="request:1")
    world.delivers_all(20, step=10)

    world.edits("request:1", "done")
    with world.database.writing() as session:
        backlog.retry(session, delivery, now=world.clock.now)
    world.delivers()

    assert world.slack.texts() == ["done"]


def test_f29_a_poisoned_delivery_dies_after_five_attempts_and_holds_nobody_up(world: World) -> None:
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


def test_f27_refused_blocks_become_plain_text(world: World) -> None:
    world.slack.refuses_blocks = True
    world.says("one", key="request:1")

    world.delivers()
    world.edits("request:1", "two")
    world.delivers()

    (message,) = world.slack.messages
    assert (message["text"], message["blocks"]) == ("two", [])


def test_f27_what_is_too_long_is_shortened_the_same_way_each_time(world: World) -> None:
    for _ in range(2):
        world.says("<&>" * 20_000)
    world.delivers_all(3)

    first, second = (message for message in world.slack.messages if "thread_ts" not in message)
    assert (first["text"], first["blocks"]) == (second["text"], second["blocks"])
    assert len(first["text"]) <= 4_000
    assert first["text"].endswith("…")
    assert max(len(block["text"]["text"]) for block in first["blocks"] if "text" in block) <= 3_000


def test_f27_what_is_refused_in_every_form_is_quarantined_and_holds_nobody_up(world: World) -> None:
    world.slack.will("chat.postMessage", *["invalid_blocks", "msg_too_long"] * 5)
    world.says("no form of it passes")
    world.delivers()
    world.says("next")

    world.clock.passes(seconds=1)
    world.slack.tricks.clear()
    world.delivers()

    assert world.slack.texts() == ["next"]
    world.delivers_all(3, step=20)
    assert world.slack.texts() == ["next", "no form of it passes"]


def test_dead_letters_of_one_channel_are_one_message_to_an_admin_with_a_count(world: World) -> None:
    world.slack.will("chat.postMessage", *["some_new_error"] * 10)
    world.says("one")
    world.says("two")

    world.delivers_all(40, step=10)

    assert len(world.dead()) == 2
    (told,) = (message for message in world.slack.messages if message["channel"] == "DU0ADMIN")
    assert "2 times since" in str(told["blocks"])


@pytest.mark.parametrize("kind", ["broken", "no_such_kind"])
def test_f28_a_broken_template_becomes_the_plain_layout_with_a_warning(world: World, kind: str) -> None:
    world.says("", kind=kind, facts={"words": "hello <!channel>", "amount": "10.00 EUR"})

    world.delivers()

    (message,) = world.slack.messages
    assert "words: hello &lt;!channel&gt;" in message["text"]
    assert "could not be laid out" in message["blocks"][-1]["elements"][0]["text"]


def test_facts_are_sealed_at_rest_and_open_only_in_their_row(world: World) -> None:
    world.says("the canary sings 4111111111111111", key="request:1")
    world.edits("request:1", "the canary sings louder")

    assert all(b"canary" not in row.facts for row in world.rows())
    if world.database.is_sqlite:
        file = world.database.url.database or ""
        with world.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        with open(file, "rb") as stored:  # noqa: PTH123 - the raw bytes of the file
            assert b"canary" not in stored.read()


def test_a_mistake_of_ours_in_one_delivery_holds_nobody_up(world: World) -> None:
    delivery = world.says("one")
    world.says("two")
    with world.database.writing() as session:
        row = session.get_one(Delivery, delivery)
        row.facts = world.vault.seal(b"no JSON", table="delivery", row=delivery, column="facts")

    world.delivers_all(20, step=10)

    assert world.slack.texts() == ["two"]
    assert [letter.error for letter in world.dead()] == ["broken; see the log"]


def test_facts_that_cannot_be_opened_end_as_a_dead_letter(world: World) -> None:
    world.says("one")
    world.deliverer._vault = Vault([b"x" * 32], random_bytes=secrets.token_bytes)

    world.delivers_all(20, step=10)

    (dead,) = world.dead()
    assert dead.error == "the stored facts cannot be read"
    assert "not delivered" not in str(world.slack.texts())


@dataclass
class Flaky:
    """A database that is away at first."""

    database: Database
    failures: int

    def writing(self) -> AbstractContextManager[Session]:
        self.failures -= 1
        if self.failures >= 0:
            raise OperationalError("", None, Exception("the database is away"))
        return self.database.writing()

    def reading(self) -> AbstractContextManager[Session]:
        return self.database.reading()


def test_f33_the_worker_goes_on_when_the_database_was_away(world: World) -> None:
    world.says("one")
    world.deliverer._transactions = Flaky(world.database, 1)
    stop, wake = threading.Event(), threading.Event()
    worker = threading.Thread(target=world.deliverer.run, args=(stop, wake))
    worker.start()
    for _ in range(500):
        wake.set()
        if world.slack.texts():
            break
        threading.Event().wait(0.01)
    stop.set()
    wake.set()
    worker.join(timeout=10)

    assert world.slack.texts() == ["one"]


def test_no_proxy_stands_between_these_tests_and_their_slack() -> None:
    assert urllib.request.proxy_bypass("127.0.0.1") or not urllib.request.getproxies()
