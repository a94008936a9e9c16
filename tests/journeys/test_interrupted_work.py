"""X7: what was acknowledged and changes something is done, or its person is told, whenever the process dies."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import select

from bot.database.tables import OpenWork
from bot.slack.declarations import ReplyForm
from bot.slack.handlers.table import CLICKS, COMMANDS
from bot.slack.payloads import Incoming, PayloadKind
from bot.slack.router import CHANGING, find_change
from tests.journeys.world import CARD, MANAGER, SUPPORT, JourneyWorld


def left(world: JourneyWorld) -> list[OpenWork]:
    with world.bot.database.reading() as session:
        return list(session.exec(select(OpenWork)).all())


def asks(world: JourneyWorld) -> None:
    world.slack.types(SUPPORT, f"/topup {CARD} 120.50 the reason", channel="C0GENERAL")


def approves(world: JourneyWorld) -> None:
    world.asks()
    world.slack.clicks(MANAGER, action_id="request_approve", message=world.card())


def silences(world: JourneyWorld) -> None:
    world.slack.types(MANAGER, "/cardops silence kind=transaction for 1h the reason", channel="C0GENERAL")


def denies(world: JourneyWorld) -> None:
    world.asks()
    world.clicks(MANAGER, "request_deny")
    world.slack.submits(MANAGER, {"reason": "the reason"})


@pytest.mark.parametrize(
    ("acts", "person", "what"),
    [
        (asks, SUPPORT, "/topup"),
        (silences, MANAGER, "/cardops silence"),
        (approves, MANAGER, "a click of yours"),
        (denies, MANAGER, "the form Deny"),
    ],
)
def test_x7_what_a_dead_process_did_not_finish_is_told_at_the_next_start(
    world: JourneyWorld, acts: Callable[[JourneyWorld], None], person: str, what: str
) -> None:
    acts(world)
    world.pool.waiting.clear()  # kill -9
    (row,) = left(world)
    assert (row.account, row.what) == (person, what)

    assert world.bot.slack.interrupted_work.recover() == 1
    world.settles()

    assert f"restarted before it finished {what}" in str(world.slack.messages(f"D0{person[2:]}")[-1]["text"])
    assert left(world) == []
    assert world.bot.slack.interrupted_work.recover() == 0


def test_x7_a_replica_tells_only_what_should_have_ended_long_ago(world: JourneyWorld) -> None:
    asks(world)
    world.pool.waiting.clear()
    world.bot.slack.interrupted_work.tell()
    assert len(left(world)) == 1

    world.clock.advance(timedelta(minutes=6))
    world.bot.slack.interrupted_work.tell()

    assert left(world) == []


def test_x7_what_is_finished_or_refused_leaves_nothing(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks_and_approves()
    world.types(SUPPORT, "/topup 4111111111111111 5")  # refused

    assert left(world) == []
    assert world.bot.slack.interrupted_work.recover() == 0


def test_x7_what_cannot_be_noted_is_not_accepted(
    sqlite_world: JourneyWorld,
) -> None:
    world = sqlite_world

    with world.bot.database.writing() as session:
        session.connection().execute(text("ALTER TABLE seen_delivery RENAME TO gone"))
    world.slack.types(SUPPORT, f"/topup {CARD} 5 x", channel="C0GENERAL")
    world.settles()

    assert "so nothing was done" in world.told(SUPPORT)
    assert world.requests() == []


# Whoever adds a form says with `changes` that it changes something, or here that it only reads.
READING = {
    "/approvals": {"evidence", "history", "mine", "waiting"},
    "/card": {"authorizations", "balance", "designs", "fees", "info", "lost", "order", "replace", "transactions"},
    "/cardops": {"doctor", "help", "silences", "whoami"},
    "/holder": {"cities", "status"},
    "/partner": {"balance", "books", "topups", "transactions"},
    "/topup": {"status"},
}


def test_x7_every_form_says_whether_it_changes_something() -> None:
    reading = {
        command.name: {
            form.word
            for form in command.forms
            if isinstance(form, ReplyForm) and not form.changes and not form.at_once
        }
        for command in COMMANDS
    }

    assert {name: words - {"help"} for name, words in reading.items()} == {
        name: words - {"help"} for name, words in READING.items()
    }
    assert {"/topup", "request_approve", "card_lost", "ask_again"} <= set(CHANGING)


def test_x7_what_is_noted_has_nothing_that_was_typed() -> None:
    incoming = Incoming(
        kind=PayloadKind.COMMAND, name="/topup", account="U1", team="", account_team="", key="", text="17 5 Ruta"
    )

    assert find_change(incoming) == "/topup"
    assert "request_approve" in CLICKS
