"""What policy lets one person do alone: a request like others, approved by its rule, done once, in the trail."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from approvals.tables import CardholderChange
from bot.database.engine import SqlDatabase
from sandbox.paytend.records import CardStatus
from tests.journeys.asking import GATED, seen
from tests.journeys.card_world import LIFTED_CONFIG, NEW
from tests.journeys.conftest import MakesWorld, checked_world
from tests.journeys.world import HOLDER, MANAGER, OTHER_SUPPORT, SUPPORT, JourneyWorld, actions_of, text_of

LIFTED = ("card activate", "card apply", "holder update")
NOT_LIFTED = tuple(name for name in GATED if name not in LIFTED)


@pytest.fixture
def alone(make_world: MakesWorld) -> Iterator[JourneyWorld]:
    """The whole system where policy lifts the second person wherever it may."""
    with make_world(config=LIFTED_CONFIG) as world:
        yield world


def asked_trail(world: JourneyWorld) -> list[str]:
    """The events of the newest request in the trail."""
    subject = f"request:{world.request().id}"
    return [row.event for row in world.trail() if row.subject == subject]


@pytest.mark.parametrize("name", LIFTED)
def test_it_is_done_at_once_and_stands_in_trail_history_and_channel(alone: JourneyWorld, name: str) -> None:
    change = GATED[name]
    change.asks(alone)

    assert "Completed" in seen(alone)
    assert alone.request().status == "executed"
    assert len(alone.paytend.calls_of(change.operation)) == 1
    assert asked_trail(alone)[:4] == [
        "approval:opened",
        "approval:lifted",
        "execution:claimed",
        "execution:executed",
    ]
    card = alone.card()
    assert "no approval needed" in card["text"]
    assert "no approval needed" in text_of(card["blocks"])
    assert not {"request_approve", "request_deny", "request_withdraw"} & set(actions_of(card))
    assert f"<@{SUPPORT}>" in alone.thread()[-1]
    alone.types(MANAGER, "/approvals history")
    assert "Completed" in text_of(alone.slack.ephemerals(MANAGER)[-1]["blocks"])
    assert alone.rows()["Decision"] == 0


@pytest.mark.parametrize("name", LIFTED)
def test_a_lost_answer_is_unknown_asked_about_and_never_sent_again(alone: JourneyWorld, name: str) -> None:
    change = GATED[name]
    alone.paytend.switches.lose_next_answer(operation=change.operation)

    change.asks(alone)
    assert "We don’t know yet if it worked" in seen(alone)
    assert "nothing will be sent twice" in seen(alone)
    assert alone.request().status == "unknown"
    assert "Outcome unclear – checking" in alone.card()["text"]
    for _ in range(3):
        alone.passes(minutes=1)

    assert alone.request().status == "executed"
    assert asked_trail(alone)[-1] == "execution:found_executed"
    assert f"<@{SUPPORT}>" in alone.thread()[-1]
    assert len(alone.paytend.calls_of(change.operation)) == 1


@pytest.mark.parametrize("name", LIFTED)
def test_a_refusal_of_paytends_is_told_once_paytend_has_no_such_change(alone: JourneyWorld, name: str) -> None:
    change = GATED[name]
    alone.paytend.switches.refuse_next("1234", operation=change.operation)

    change.asks(alone)

    assert "We don’t know yet if it worked" in seen(alone)
    for _ in range(5):
        alone.passes(minutes=1)
    assert alone.request().status == "failed"
    assert "Refused on demand" in alone.request().reason


def test_what_paytend_cannot_say_is_settled_by_two_others_who_could_have_done_it(alone: JourneyWorld) -> None:
    alone.paytend.switches.lose_next_request(operation="activeCard")
    GATED["card activate"].asks(alone)
    for _ in range(4):
        alone.passes(minutes=2)
    card, alarm = (message for message in alone.slack.messages("C0APPROVALS"))
    assert "Two people (support or admin, not the requester)" in text_of(alarm["blocks"])

    for person, words in ((SUPPORT, "You requested this"), (MANAGER, "can do this. Ask an admin")):
        alone.clicks(person, "request_settle_not", message=card)
        alone.submits(person, reason="I looked")
        assert words in alone.modal_text(person)
    for person in (OTHER_SUPPORT, "U0ADMIN"):
        alone.clicks(person, "request_settle_not", message=card)
        alone.submits(person, reason="the card is still inactive")

    assert alone.request().status == "failed"
    assert len(alone.paytend.calls_of("activeCard")) == 1


def test_the_same_again_within_ten_minutes_is_a_question(alone: JourneyWorld) -> None:
    alone.types(SUPPORT, f"/card activate {NEW} {HOLDER}")
    alone.paytend.books.cards[NEW].status = CardStatus.INACTIVE

    alone.types(SUPPORT, f"/card activate {NEW} {HOLDER}")

    assert "Request it again?" in alone.told(SUPPORT)
    assert len(alone.paytend.calls_of("activeCard")) == 1


def test_an_order_that_one_person_made_is_followed_to_its_end(alone: JourneyWorld) -> None:
    GATED["card apply"].asks(alone)
    alone.passes(minutes=15)
    assert alone.bot.approvals.follow_up.follow_orders() == 1
    alone.settles()

    assert "The order is done" in alone.thread()[-1]


def test_who_changed_a_cardholder_alone_decides_nothing_about_them_for_a_day(alone: JourneyWorld) -> None:
    GATED["holder update"].asks(alone)

    with alone.bot.database.reading() as session:
        changes = session.exec(select(CardholderChange)).all()
    assert [(change.cardholder_id, change.person_id) for change in changes] == [(HOLDER, SUPPORT)]


@pytest.mark.parametrize("name", NOT_LIFTED)
def test_all_else_still_takes_a_second_person(alone: JourneyWorld, name: str) -> None:
    change = GATED[name]
    change.asks(alone)

    assert alone.request().status == "pending"
    assert alone.paytend.calls_of(change.operation) == []


def test_the_guards_of_each_database_let_it_pass(database: SqlDatabase, tmp_path: Path) -> None:
    with checked_world(database, tmp_path, config=LIFTED_CONFIG) as world:
        world.types(SUPPORT, f"/card activate {NEW} {HOLDER}")

        assert world.request().status == "executed"
