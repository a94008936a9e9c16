"""kill -9 around the taking in of a webhook (F1, F2, F3): Paytend repeats it, and there is one notice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from sqlalchemy import text
from sqlmodel import select

from notifier.inbox.tables import InboxEvent
from tests.process.letterbox import Letterbox, post_once
from tests.process.rig import Rig


@contextmanager
def writers_wait(rig: Rig) -> Iterator[None]:
    """Hold the database so that a webhook comes as far as its commit, and no further."""
    with rig.database.writing() as session:
        connection = session.connection()  # on SQLite this is BEGIN IMMEDIATE
        if not rig.database.is_sqlite:
            connection.execute(text("LOCK TABLE inbox_event IN ACCESS EXCLUSIVE MODE"))
        yield


def taken_in(rig: Rig) -> int:
    with rig.database.reading() as session:
        return len(session.exec(select(InboxEvent)).all())


def notices(rig: Rig, words: str) -> int:
    return sum(words in str(message["blocks"]) for message in rig.slack.messages("C0ALERTS"))


def assert_told_once(rig: Rig) -> None:
    """A purchase makes two webhooks, and both of them are one notice, as far as the purchase has come."""
    rig.until(lambda: notices(rig, "*Settled*") == 1)
    rig.until(lambda: rig.waiting() == 0)
    assert taken_in(rig) == len(rig.paytend.webhooks) == 2
    assert notices(rig, "CORNER SHOP") == 1


def test_f1_killed_before_the_commit(rig: Rig) -> None:
    bot = rig.start()
    with writers_wait(rig):
        rig.paytend.events.purchase("1755902", "12.00", merchant="CORNER SHOP")
        rig.until(lambda: rig.paytend.webhooks)
        rig.pause(0.5)
        bot.kill()
    assert taken_in(rig) == 0

    rig.start()

    rig.until(lambda: all(webhook.state == "delivered" for webhook in rig.paytend.webhooks))
    assert_told_once(rig)


def test_f2_killed_after_the_commit_and_before_the_answer(sqlite_rig: Rig) -> None:
    rig = sqlite_rig
    bot = rig.start()
    letterbox = Letterbox(lambda: bot.url)
    letterbox.keeps_answers = True
    with letterbox.running() as proxy:
        rig.paytend.callback = f"{proxy.url}/paytend/webhook"
        rig.paytend.events.purchase("1755902", "12.00", merchant="CORNER SHOP")
        assert letterbox.answered.wait(20)
        bot.kill()
        assert taken_in(rig) == 1

        rig.start()

        rig.until(lambda: all(webhook.state == "delivered" for webhook in rig.paytend.webhooks))
    assert len(rig.paytend.webhooks[0].attempts) > 1
    assert_told_once(rig)


def test_f3_fifty_copies_at_two_replicas_are_one_notice(shared_rig: Rig) -> None:
    rig = shared_rig
    replicas = [rig.start(0, wait=False), rig.start(1)]
    replicas[0].wait_until_ready()
    rig.paytend.switches.webhooks.hold = True
    rig.paytend.events.purchase("1755902", "12.00", merchant="CORNER SHOP")
    sealed = rig.paytend.webhooks[0].sealed

    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda number: post_once(replicas[number % 2].url, sealed), range(50)))

    assert [answer.json()["status"] for answer in answers] == ["00"] * 50
    rig.until(lambda: notices(rig, "CORNER SHOP"))
    rig.until(lambda: rig.waiting() == 0)
    assert taken_in(rig) == 1
    assert notices(rig, "CORNER SHOP") == 1
