"""Card orders and changes of a cardholder: the approval path that their forms lead to."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlmodel import select

from approvals.policy.cardholder_changes import CARDHOLDER_REST, find_recent_changes
from approvals.refusals import Refusal
from approvals.tables import CardholderChange, Request
from bot.slack.handlers.requests import AskedReply, ask_and_tell, ask_for
from bot.slack.payloads import Incoming, PayloadKind
from tests.journeys.card_world import CARDS_CONFIG, HOLDER, trail
from tests.journeys.conftest import MakesWorld
from tests.journeys.world import MANAGER, SUPPORT, JourneyWorld, actions_of, text_of

ADDRESS = {"line": "Gedimino 1-2", "city_code": "LT_VI", "postcode": "LT-01113", "country_code": "LT"}
ORDER = {
    "sku": "CTHMCPE20056",
    "card_type": "2",
    "quantity": 3,
    "contact_name": "Rūta K",
    "contact_mobile": "+37060000000",
    "delivery_address": ADDRESS,
}
UPDATE = {"holder_id": HOLDER, "nationality": "EE", "birthday": "1980-02-03"}


@pytest.fixture
def cards(make_world: MakesWorld) -> Iterator[JourneyWorld]:
    with make_world(config=CARDS_CONFIG) as world:
        yield world


def _asks(world: JourneyWorld, action: str, payload: Mapping[str, Any]) -> Request:
    """Ask as the forms do."""
    context = world.bot.slack.context
    incoming = Incoming(
        kind=PayloadKind.SUBMISSION,
        name="form",
        account=SUPPORT,
        team="",
        account_team="",
        key="1",
        channel="C0GENERAL",
    )
    asked = ask_for(
        context, incoming, context.members.find(SUPPORT), action=action, subject=HOLDER, payload=payload
    )
    world.settles()
    return asked


def test_an_order_is_followed_until_the_webhook_tells_its_result_in_the_thread(cards: JourneyWorld) -> None:
    _asks(cards, "card.apply", ORDER)
    card = text_of(cards.card()["blocks"])
    assert "3 unactivated cards" in card
    assert "Gedimino" not in card
    assert "+37060000000" not in card
    assert "request_show" in actions_of(cards.card())

    cards.clicks(MANAGER, "request_show")
    assert "Gedimino 1-2" in cards.modal_text(MANAGER)
    assert ("request:details_read", f"request:{cards.request().id}") in trail(cards)
    cards.slack.closes(MANAGER)
    cards.clicks(MANAGER, "request_approve")
    assert cards.request().status == "executed"
    assert "We’ll post here when it ships" in " ".join(cards.thread())

    cards.bot.approvals.follow_up.follow_orders()
    reference = cards.request().reference
    order = cards.paytend.events.ship(reference)
    cards.passes(minutes=2)
    assert cards.bot.approvals.follow_up.follow_orders() == 1
    cards.settles()
    assert cards.bot.approvals.follow_up.follow_orders() == 0

    told = cards.thread()[-1]
    assert f"<@{SUPPORT}>" in told
    assert all(card_id in told for card_id in order.card_ids)


def test_an_order_whose_answer_was_lost_is_found_by_its_reference(cards: JourneyWorld) -> None:
    _asks(cards, "card.apply", ORDER)
    cards.paytend.switches.lose_next_answer(operation="applyCard")
    cards.clicks(MANAGER, "request_approve")
    assert cards.request().status == "unknown"

    cards.passes(minutes=1)

    assert cards.request().status == "executed"
    assert len(cards.paytend.books.orders) == 1


def test_a_change_of_a_cardholder_shows_new_values_only_to_who_decides(cards: JourneyWorld) -> None:
    _asks(cards, "cardholder.update", UPDATE)
    assert "1980-02-03" not in str(cards.slack.messages("C0APPROVALS"))

    cards.clicks(MANAGER, "request_show")
    assert "1980-02-03" in cards.modal_text(MANAGER)
    cards.slack.closes(MANAGER)
    cards.clicks(MANAGER, "request_approve")

    assert cards.request().status == "executed"
    assert cards.paytend.books.holders[HOLDER].nationality == "EE"
    with cards.bot.database.reading() as session:
        changes = session.exec(select(CardholderChange)).all()
    assert [(change.cardholder_id, change.person_id) for change in changes] == [(HOLDER, SUPPORT)]


def test_a_change_without_an_answer_is_found_by_looking_at_the_cardholder(cards: JourneyWorld) -> None:
    _asks(cards, "cardholder.update", UPDATE)
    cards.paytend.switches.lose_next_answer(operation="updateCardholder")
    cards.clicks(MANAGER, "request_approve")
    assert cards.request().status == "unknown"

    cards.passes(minutes=1)
    assert cards.request().status == "executed"


def test_a_change_that_may_have_happened_keeps_who_asked_from_deciding_for_a_day(cards: JourneyWorld) -> None:
    _asks(cards, "cardholder.update", UPDATE)
    cards.paytend.switches.lose_next_answer(operation="updateCardholder")

    cards.clicks(MANAGER, "request_approve")

    assert cards.request().status == "unknown"
    with cards.bot.database.reading() as session:
        now = cards.clock.now()
        assert find_recent_changes(session, action="cardholder.update", cardholder_id=HOLDER, now=now).ids == {
            SUPPORT
        }
        assert (
            find_recent_changes(
                session, action="cardholder.update", cardholder_id=HOLDER, now=now + CARDHOLDER_REST
            ).ids
            == frozenset()
        )


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("card.apply", {**ORDER, "holder_id": HOLDER}),
        ("card.apply", {**ORDER, "contact_name": "4111 1111 1111 1111"}),
        ("card.apply", {**ORDER, "delivery_address": {**ADDRESS, "line": "4111111111111111"}}),
        ("card.apply", {**ORDER, "quantity": 0}),
        ("cardholder.update", {"holder_id": HOLDER}),
        ("cardholder.update", {**UPDATE, "nationality": "Estonia"}),
        ("card.retrieve_password", {"card_id": "1755902", "identified": "trust me"}),
        ("card.replace", {"card_id": "1755902", "new_card_id": "1755910", "cvv": "123"}),
    ],
)
def test_what_does_not_fit_is_refused_and_in_the_trail(
    cards: JourneyWorld, action: str, payload: dict[str, Any]
) -> None:
    with pytest.raises(Refusal):
        _asks(cards, action, payload)
    assert cards.requests() == []
    assert ("approval:refused", HOLDER) in trail(cards)


def test_who_asked_is_told_what_and_where(cards: JourneyWorld) -> None:
    context = cards.bot.slack.context
    incoming = Incoming(
        kind=PayloadKind.SUBMISSION, name="form", account=SUPPORT, team="", account_team="", key="1"
    )
    reply = ask_and_tell(
        context, incoming, context.members.find(SUPPORT), action="card.apply", subject="sku", payload=ORDER
    )
    assert isinstance(reply, AskedReply)
    assert reply.summary.startswith("Card order: 3 unactivated cards")
