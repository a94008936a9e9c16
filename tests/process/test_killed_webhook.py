"""kill -9 around the taking in of a webhook (F1, F2, F3): Paytend repeats it, and there is one notice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from sqlalchemy import text
from sqlmodel import select

from notifier.inbox.tables import InboxEvent
from tests.process.letterbox import Letterbox, post_once
from tests.process.world import ProcessWorld


@contextmanager
def writers_wait(world: ProcessWorld) -> Iterator[None]:
    """Hold the database so that a webhook comes as far as its commit, and no further."""
    with world.database.writing() as session:
        connection = session.connection()  # on SQLite this is BEGIN IMMEDIATE
        if not world.database.is_sqlite:
            connection.execute(text("LOCK TABLE inbox_event IN ACCESS EXCLUSIVE MODE"))
        yield


def taken_in(world: ProcessWorld) -> int:
    with world.database.reading() as session:
        return len(session.exec(select(InboxEvent)).all())


def notices(world: ProcessWorld, words: str) -> int:
    return sum(words in str(message["blocks"]) for message in world.slack.messages("C0ALERTS"))


def assert_told_once(world: ProcessWorld) -> None:
    """A purchase makes two webhooks, and both of them are one notice, as far as the purchase has come."""
    world.until(lambda: notices(world, "Settled *12.00 EUR*") == 1)
    world.until(lambda: world.waiting() == 0)
    assert taken_in(world) == len(world.paytend.webhooks) == 2
    assert notices(world, "CORNER SHOP") == 1


def test_f1_killed_before_the_commit(world: ProcessWorld) -> None:
    bot = world.start()
    with writers_wait(world):
        world.paytend.events.purchase("1755902", "12.00", merchant="CORNER SHOP")
        world.until(lambda: world.paytend.webhooks)
        world.pause(0.5)
        bot.kill()
    assert taken_in(world) == 0

    world.start()

    world.until(lambda: all(webhook.state == "delivered" for webhook in world.paytend.webhooks))
    assert_told_once(world)


def test_f2_killed_after_the_commit_and_before_the_answer(sqlite_process_world: ProcessWorld) -> None:
    world = sqlite_process_world
    bot = world.start()
    letterbox = Letterbox(lambda: bot.url)
    letterbox.keeps_answers = True
    with letterbox.running() as proxy:
        world.paytend.callback = f"{proxy.url}/paytend/webhook"
        world.paytend.events.purchase("1755902", "12.00", merchant="CORNER SHOP")
        assert letterbox.answered.wait(20)
        bot.kill()
        assert taken_in(world) == 1

        world.start()

        world.until(lambda: all(webhook.state == "delivered" for webhook in world.paytend.webhooks))
    assert len(world.paytend.webhooks[0].attempts) > 1
    assert_told_once(world)


def test_f3_fifty_copies_at_two_replicas_are_one_notice(shared_rig: ProcessWorld) -> None:
    world = shared_rig
    replicas = [world.start(0, wait=False), world.start(1)]
    replicas[0].wait_until_ready()
    world.paytend.switches.webhooks.hold = True
    world.paytend.events.purchase("1755902", "12.00", merchant="CORNER SHOP")
    sealed = world.paytend.webhooks[0].sealed

    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda number: post_once(replicas[number % 2].url, sealed), range(50)))

    assert [answer.json()["status"] for answer in answers] == ["00"] * 50
    world.until(lambda: notices(world, "CORNER SHOP"))
    world.until(lambda: world.waiting() == 0)
    assert taken_in(world) == 1
    assert notices(world, "CORNER SHOP") == 1
