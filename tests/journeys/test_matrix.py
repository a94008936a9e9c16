"""Every command that asks Paytend, with every answer of Paytend, and the calls that are never repeated."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from approvals.actions.table import find_action
from approvals.execution import lapses
from paytend.operations import OPERATIONS
from tests.journeys.asking import ALONE, GATED, READINGS, Change, Reading, seen
from tests.journeys.card_world import CARDS_CONFIG
from tests.journeys.conftest import MakesWorld
from tests.journeys.world import MANAGER, ONCALL, OTHER_MANAGER, SUPPORT, JourneyWorld, text_of

APPROVE = "request_approve"
KEPT = timedelta(hours=25)  # longer than choices are kept


@pytest.fixture
def cards(make_world: MakesWorld) -> Iterator[JourneyWorld]:
    """The whole system with a rule for every sensitive action."""
    with make_world(config=CARDS_CONFIG) as world:
        yield world


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.typed)
def test_a_reading_is_answered_whatever_paytend_does(cards: JourneyWorld, reading: Reading) -> None:
    world, person, operation = cards, reading.person, reading.operation

    # Slow: acknowledged before Paytend was asked for anything, and answered when it has answered.
    asked, told = len(world.paytend.calls), len(world.slack.ephemerals(person))
    delivery = world.slack.types(person, reading.typed, channel="C0GENERAL")
    assert (delivery.status, len(world.paytend.calls)) == (200, asked)
    assert len(world.slack.ephemerals(person)) == told
    world.settles()
    assert reading.shows in seen(world, person)

    world.clock.advance(KEPT)
    world.paytend.switches.refuse_next("1234", operation=operation)
    world.types(person, reading.typed)
    assert reading.declined in seen(world, person)
    assert "Refused on demand" in seen(world, person)

    # Lost once: asked again, for a reading may be repeated.
    before = len(world.paytend.calls_of(operation))
    world.paytend.switches.lose_next_answer(operation=operation)
    world.types(person, reading.typed)
    assert reading.shows in seen(world, person)
    assert len(world.paytend.calls_of(operation)) >= before + 2

    world.clock.advance(KEPT)
    world.paytend_stops()
    world.types(person, reading.typed)
    assert "Paytend isn’t responding" in seen(world, person)
    assert "Nothing was changed. Try again in a minute" in seen(world, person)


@pytest.mark.parametrize("name", ALONE)
def test_a_change_is_acknowledged_before_paytend_is_asked_and_done_once(cards: JourneyWorld, name: str) -> None:
    change = ALONE[name]
    change.prepare(cards)
    asked = len(cards.paytend.calls)

    delivery = change.last(cards)

    assert (delivery.status, len(cards.paytend.calls)) == (200, asked)
    cards.settles()
    assert change.shows in seen(cards)
    assert len(cards.paytend.calls_of(change.operation)) == 1


@pytest.mark.parametrize("name", ALONE)
def test_a1_a_refused_change_is_told_in_paytends_words_and_may_have_been_made(
    cards: JourneyWorld, name: str
) -> None:
    change = ALONE[name]
    cards.paytend.switches.refuse_next("1234", operation=change.operation)

    change.asks(cards)

    assert "Refused on demand" in seen(cards)
    assert "Nothing was changed" not in seen(cards)
    assert "heck the card or cardholder before you try again" in seen(cards)
    assert len(cards.paytend.calls_of(change.operation)) == 1


@pytest.mark.parametrize("name", ALONE)
def test_a_change_that_could_not_be_sent_says_that_nothing_was_changed(cards: JourneyWorld, name: str) -> None:
    change = ALONE[name]
    change.prepare(cards)
    cards.paytend_stops()

    change.last(cards)
    cards.settles()

    assert "Paytend isn’t responding" in seen(cards)
    assert "Nothing was changed. Try again in a minute" in seen(cards)
    assert cards.paytend.calls_of(change.operation) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("card lost", ("We don’t know yet if it worked", "before you try again")),
        ("holder create", ("was created",)),  # it was looked for
        ("holder documents", ("We don’t know yet if it worked", "before you try again")),
    ],
)
def test_a_lost_answer_of_a_change_is_never_followed_by_a_second_call(
    cards: JourneyWorld, name: str, words: tuple[str, ...]
) -> None:
    change = ALONE[name]
    cards.paytend.switches.lose_next_answer(operation=change.operation)

    change.asks(cards)
    cards.passes(hours=1)

    assert all(part in seen(cards) for part in words)
    assert len(cards.paytend.calls_of(change.operation)) == 1


# What needs a second person: while it is asked for


@pytest.mark.parametrize("name", GATED)
def test_while_asking_paytend_may_be_slow_refuse_or_lose_its_answer(cards: JourneyWorld, name: str) -> None:
    change = GATED[name]
    change.prepare(cards)
    asked = len(cards.paytend.calls)
    cards.paytend.switches.refuse_next("1234", operation=change.looks)

    delivery = change.last(cards)

    assert (delivery.status, len(cards.paytend.calls)) == (200, asked)
    cards.settles()
    assert "Refused on demand" in seen(cards)
    assert "(Paytend 1234)" in seen(cards)
    assert cards.requests() == []

    if cards.slack.modal(SUPPORT) is not None:
        cards.slack.closes(SUPPORT)
        cards.settles()
    cards.paytend.switches.lose_next_answer(operation=change.looks)
    change.asks(cards)
    assert change.shows in seen(cards)
    assert cards.request().status == "pending"
    assert cards.paytend.calls_of(change.operation) == []


@pytest.mark.parametrize("name", GATED)
def test_while_paytend_is_down_nothing_is_asked_for(cards: JourneyWorld, name: str) -> None:
    change = GATED[name]
    change.prepare(cards)
    cards.paytend_stops()

    change.last(cards)
    cards.settles()

    assert "Paytend isn’t responding" in seen(cards)
    assert "Nothing was changed. Try again in a minute" in seen(cards)
    assert cards.requests() == []


# What needs a second person: deciding, and carrying it out


@pytest.mark.parametrize("name", GATED)
def test_it_is_done_once_and_only_after_another_person_agreed(cards: JourneyWorld, name: str) -> None:
    change = GATED[name]
    change.asks(cards)
    for person, words in ((SUPPORT, "You can’t approve your own request"), (ONCALL, "can do this. Ask an admin")):
        cards.clicks(person, APPROVE)
        assert words in cards.told(person)
    assert cards.request().status == "pending"
    asked = len(cards.paytend.calls)

    delivery = cards.slack.clicks(MANAGER, action_id=APPROVE, message=cards.card())

    assert (delivery.status, len(cards.paytend.calls)) == (200, asked)
    assert cards.paytend.calls_of(change.operation) == []
    cards.settles()
    cards.clicks(OTHER_MANAGER, APPROVE, message={**cards.card(), "blocks": shown_before(cards)})
    assert cards.request().status == "executed"
    assert len(cards.paytend.calls_of(change.operation)) == 1
    assert f"<@{SUPPORT}>" in cards.thread()[-1]


def shown_before(world: JourneyWorld) -> list[object]:
    """The buttons that somebody still sees who has not looked since."""
    request = world.request()
    value = f'{{"request": "{request.id}", "digest": "{request.digest}"}}'
    text = {"type": "plain_text", "text": "Approve"}
    button = {"type": "button", "action_id": APPROVE, "text": text, "value": value}
    return [{"type": "actions", "block_id": "old", "elements": [button]}]


@pytest.mark.parametrize("name", GATED)
def test_a_denial_with_its_reason_ends_it_and_nothing_is_sent(cards: JourneyWorld, name: str) -> None:
    change = GATED[name]
    change.asks(cards)

    cards.clicks(MANAGER, "request_deny")
    cards.submits(MANAGER, reason="not like this")

    assert cards.request().status == "denied"
    assert "not like this" in text_of(cards.card()["blocks"])
    assert any(f"<@{SUPPORT}>" in text for text in cards.thread())
    assert cards.paytend.calls_of(change.operation) == []


@pytest.mark.parametrize("name", GATED)
def test_paytends_refusal_of_what_was_approved_ends_it(cards: JourneyWorld, name: str) -> None:
    change = GATED[name]
    change.asks(cards)
    cards.paytend.switches.refuse_next("1234", operation=change.operation)

    cards.clicks(MANAGER, APPROVE)
    for _ in range(5):
        cards.passes(minutes=1)

    if find_action(cards.request().action).lookup is None:
        assert cards.request().status == "unknown", "nobody can ask Paytend, so two people settle it"
        return
    assert cards.request().status == "failed"
    assert "Refused on demand" in text_of(cards.card()["blocks"])
    assert f"<@{SUPPORT}>" in cards.thread()[-1]
    assert len(cards.paytend.calls_of(change.operation)) == 1


@pytest.mark.parametrize("name", GATED)
def test_what_was_approved_while_paytend_is_down_is_not_sent_and_ends(cards: JourneyWorld, name: str) -> None:
    change = GATED[name]
    change.asks(cards)
    cards.paytend_stops()

    cards.clicks(MANAGER, APPROVE)
    assert cards.request().status == "approved"
    assert "sending to Paytend" in cards.card()["text"]
    cards.passes(hours=1)

    # Where Paytend finds what we send by its reference, nobody says that nothing was sent before Paytend does.
    by_reference = find_action(cards.request().action).by_reference
    assert cards.request().status == ("unknown" if by_reference else "expired")
    words = lapses.NO_ANSWER if by_reference else "Approved, but not sent in time. Nothing was sent."
    assert words in cards.thread()[-1]
    assert f"<@{SUPPORT}>" in cards.thread()[-1]
    assert cards.paytend.calls_of(change.operation) == []


@pytest.mark.parametrize("name", GATED)
def test_a_lost_answer_is_unknown_until_paytend_or_two_people_say_and_never_sent_again(
    cards: JourneyWorld, name: str
) -> None:
    change = GATED[name]
    change.asks(cards)
    cards.paytend.switches.lose_next_answer(operation=change.operation)
    card = cards.card()

    cards.clicks(MANAGER, APPROVE)
    assert cards.request().status == "unknown"
    assert f"<@{SUPPORT}>" in cards.thread()[-1]
    for _ in range(3):
        cards.passes(minutes=5)
    if not change.answers:
        assert cards.request().status == "unknown"
        settles_that_it_happened(cards, card)

    assert cards.request().status == "executed"
    cards.passes(hours=2)
    assert len(cards.paytend.calls_of(change.operation)) == 1


def settles_that_it_happened(world: JourneyWorld, card: dict[str, object]) -> None:
    """Two people other than the requester settle it, with a reason."""
    alarm = world.slack.messages("C0APPROVALS")[-1]
    assert "two people have to settle" in text_of(alarm["blocks"])
    for person in (MANAGER, OTHER_MANAGER):
        message = next(message for message in world.slack.messages("C0APPROVALS") if message["ts"] == card["ts"])
        world.clicks(person, "request_settle_happened", message=message)
        world.submits(person, reason="Paytend's own page shows it")


def test_every_operation_of_paytends_is_in_the_matrix() -> None:
    """Guards against a new command that nobody wrote a row for."""
    changes: list[Change] = [*ALONE.values(), *GATED.values()]
    asked = {change.operation for change in changes} | {reading.operation for reading in READINGS}

    assert {operation.name for operation in OPERATIONS} - asked == set()
