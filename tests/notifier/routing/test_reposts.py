"""Every post counts in storm control, whatever made it: replies, edits whose message is gone, detours (N11)."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlmodel import select

from bot.database.engine import SqlDatabase
from notifier.inbox.event_facts import TransactionChanged, TransactionNotice
from notifier.outbox.tables import Delivery
from notifier.routing import storms
from notifier.routing.announcer import announce, list_budgets
from notifier.routing.notification import Notification
from notifier.routing.reposts import Reposts
from notifier.routing.routes import RouteRule, Routes
from notifier.routing.storm_rules import StormRule
from notifier.routing.tables import Flow
from tests.notifier.conftest import NotifierWorld
from tests.notifier.routing.test_announcer import PLAIN, replies

ROUTES = Routes(
    rules=(RouteRule(kind="transaction", to=("alerts",)),),
    channels={"alerts": "C0ALERTS", "spare": "C0SPARE"},
    storms=StormRule(budget=3),
)


@pytest.fixture
def database(sqlite: SqlDatabase) -> SqlDatabase:
    """One kind of database is enough: the queries are those of every delivery."""
    return sqlite


def facts(number: int, status: str = "settled") -> dict[str, Any]:
    told = {"status": status, "amount": f"{number}.00 EUR", "merchant": "SHOP", "last_four": "4242"}
    return PLAIN | told


def tells(world: NotifierWorld, notifications: Sequence[Notification]) -> None:
    with world.database.writing() as session:
        for notification in notifications:
            announce(session, notification, routes=ROUTES, outbox=world.outbox, now=world.clock.now)
    gathers(world)


def gathers(world: NotifierWorld) -> None:
    with world.database.writing() as session:
        storms.update_digests(
            session,
            rules=list_budgets(ROUTES),
            usual=ROUTES.storms,
            outbox=world.outbox,
            now=world.clock.now,
        )


def posted(world: NotifierWorld, numbers: Sequence[int]) -> None:
    """Have a message in Slack for each of these purchases, long ago."""
    for number in numbers:
        first = TransactionNotice(**facts(number))
        tells(world, [Notification(kind="transaction", facts=first, subject=f"purchase:{number}")])
        world.delivers()
        world.clock.passes(seconds=61)


def reversed_(number: int) -> Notification:
    worse = facts(number, "reversed")
    return Notification(
        kind="transaction",
        facts=TransactionNotice(**worse),
        urgent=True,
        subject=f"purchase:{number}",
        reply=TransactionChanged(**worse, before="settled"),
    )


def test_n11_a_flood_of_reversals_is_a_digest_too(world: NotifierWorld) -> None:
    numbers = range(1, 7)
    posted(world, numbers)
    before = world.slack.count("chat.postMessage")

    tells(world, [reversed_(number) for number in numbers])
    world.delivers_all(10)

    roots = [message["text"] for message in world.slack.messages if "Alert burst" in message["text"]]
    assert len(roots) == 1
    assert all(f"{number}.00 EUR" in replies(world) for number in numbers), "each is told"
    assert world.slack.count("chat.postMessage") - before <= 3 + 2, "the budget, the digest and its lines"


@pytest.mark.parametrize("how", ["deleted", "archived"])
def test_n11_edits_that_become_posts_keep_a_budget(world: NotifierWorld, how: str) -> None:
    world.deliverer.reposts = Reposts(routes=ROUTES, outbox=world.outbox)
    numbers = range(1, 9)
    posted(world, numbers)
    if how == "deleted":
        world.slack.messages.clear()
    else:
        world.slack.archived.add("C0ALERTS")
    before = world.slack.count("chat.postMessage")

    with world.database.writing() as session:
        for number in numbers:
            now = TransactionNotice(**facts(number, "refunded"))
            world.outbox.edit(
                session, key=f"purchase:{number}", kind="transaction", facts=now, now=world.clock.now
            )
    for _ in range(6):
        world.delivers_all(5)
        gathers(world)

    channel = "C0ALERTS" if how == "deleted" else "C0SPARE"
    shown = "\n".join(message["text"] for message in world.slack.messages if message["channel"] == channel)
    assert shown.count("Alert burst") == 1
    assert all(f"{number}.00 EUR" in shown for number in numbers), "each is told"
    # The budget, the digest, its lines; and of the archived channel an admin hears.
    assert world.slack.count("chat.postMessage") - before <= 3 + 1 + 2 + 2
    assert world.waiting() == 0


def test_n11_what_is_more_than_a_notice_is_never_folded(world: NotifierWorld) -> None:
    world.deliverer.reposts = Reposts(routes=ROUTES, outbox=world.outbox)
    for number in range(5):
        world.says(f"{number}", key=f"request:{number}")
    world.delivers_all(5)
    world.slack.messages.clear()

    for number in range(5):
        world.edits(f"request:{number}", f"{number} approved")
    world.delivers_all(8)

    assert world.slack.texts() == [f"{number} approved" for number in range(5)]
    with world.database.reading() as session:
        assert "gathering" not in session.exec(select(Delivery.status)).all()


def test_n9_a_storm_whose_sums_nobody_can_open_still_tells_each_notice(world: NotifierWorld) -> None:
    notices = [
        Notification(kind="transaction", facts=TransactionNotice(**facts(number))) for number in range(1, 9)
    ]
    tells(world, notices[:6])
    with world.database.writing() as session:  # as if its key were gone
        session.exec(select(Flow)).one().tally = b"\x01nothing that opens"

    tells(world, notices[6:])
    world.delivers_all(10)

    assert all(f"{number}.00 EUR" in replies(world) + "".join(world.slack.texts()) for number in range(1, 9))


def test_n11_an_edit_that_becomes_a_post_waits_for_its_turn(world: NotifierWorld) -> None:
    for number in range(3):
        world.says(f"{number}", key=f"{number}")
    world.delivers_all(3)
    world.slack.messages.clear()
    for number in range(3):
        world.edits(f"{number}", f"{number} done")

    world.delivers()

    assert world.slack.texts() == ["0 done"], "one a second, as for every post"
    world.delivers_all(4)
    assert world.slack.texts() == ["0 done", "1 done", "2 done"]
