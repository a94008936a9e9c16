"""Cards: their details, their lists, and the requests about them, with every way in which a request can end."""

from collections.abc import Iterator

import pytest
from sqlmodel import select

from approvals.tables import AuditEvent
from sandbox.paytend.records import CardStatus
from tests.journeys.card_world import CARDS_CONFIG, HOLDER, LOST, NEW, trail
from tests.journeys.conftest import MakesWorld
from tests.journeys.test_top_up_form import inputs_of
from tests.journeys.world import (
    CARD,
    MANAGER,
    SUPPORT,
    JourneyWorld,
    actions_of,
    text_of,
)

# What only another client than Slack's would send.
FORGED = {"text": {"type": "plain_text", "text": "no card!"}, "value": "no card!"}
GATED = {
    "found": LOST,
    "activate": f"{NEW} {HOLDER}",
    "replace": f"{CARD} {NEW}",
    "password": CARD,
}


@pytest.fixture
def cards(make_world: MakesWorld) -> Iterator[JourneyWorld]:
    """The whole system with a rule for every sensitive action."""
    with make_world(config=CARDS_CONFIG) as world:
        yield world


def _type(world: JourneyWorld, word: str, arguments: str, *, person: str = SUPPORT) -> None:
    name, _, option = word.partition(" ")
    world.types(person, f"/card {name} {arguments} {option}".strip())


def _asks(world: JourneyWorld, word: str) -> None:
    """Ask for one of the gated actions, in the way that it is asked for."""
    _type(world, word, GATED[word])
    if word == "replace":
        world.clicks_reply(SUPPORT, "card_replace")
    if word == "password":
        world.submits(SUPPORT, card=CARD, identified="called_back", reason="forgot it")


def _shown(world: JourneyWorld, person: str = SUPPORT) -> str:
    return text_of(world.slack.ephemerals(person)[-1]["blocks"])


# Looking


def test_a_balance_is_told_to_whoever_asks_and_to_nobody_else(cards: JourneyWorld) -> None:
    cards.types(SUPPORT, f"/card balance {CARD}")

    assert "64.10 EUR" in _shown(cards)
    assert "Balance of card" in _shown(cards)
    assert cards.slack.messages("C0GENERAL") == []
    assert ("card:read", CARD) in trail(cards)


def test_the_raw_answer_is_shown_masked(cards: JourneyWorld) -> None:
    cards.paytend.switches.set_modes(full_card_numbers=True)
    cards.types(SUPPORT, f"/card info {CARD} --all")

    card = cards.paytend.books.cards[CARD]
    assert '"cardStatus": 5' in _shown(cards)
    assert card.number not in _shown(cards)
    assert card.number[-4:] in _shown(cards)
    assert f'"{card.cvv}"' not in _shown(cards)


def test_transactions_are_signed_and_in_words_with_the_code_beside(cards: JourneyWorld) -> None:
    cards.types(SUPPORT, f"/card transactions {CARD} last 30 days")

    shown = _shown(cards)
    assert "top-up (100)" in shown
    assert "payment (151)" in shown
    assert "success (1)" in shown
    assert "<!date^" in shown
    assert "+" in shown
    assert "in +" in shown
    assert "of " in shown


def test_pages_turn_in_place(cards: JourneyWorld) -> None:
    for number in range(23):
        cards.paytend.events.purchase(CARD, "1.00", merchant=f"SHOP {number}")
    cards.types(SUPPORT, f"/card transactions {CARD} today")
    messages = len(cards.slack.ephemerals(SUPPORT))
    assert "1\u201310 of 23" in _shown(cards)
    assert "SHOP 22" in _shown(cards)
    assert "movements_previous" not in actions_of(cards.slack.ephemerals(SUPPORT)[-1])

    cards.clicks_reply(SUPPORT, "movements_next")
    assert "11\u201320 of 23" in _shown(cards)
    cards.clicks_reply(SUPPORT, "movements_next")
    assert "21\u201323 of 23" in _shown(cards)
    assert "SHOP 0" in _shown(cards)
    assert "movements_next" not in actions_of(cards.slack.ephemerals(SUPPORT)[-1])
    cards.clicks_reply(SUPPORT, "movements_previous")

    assert "11\u201320 of 23" in _shown(cards)
    assert len(cards.slack.ephemerals(SUPPORT)) == messages


def test_an_empty_list_is_a_message(cards: JourneyWorld) -> None:
    cards.types(SUPPORT, f"/card transactions {NEW} yesterday")

    assert "No transactions in this period" in _shown(cards)


def test_fees_that_are_overdue_are_told(cards: JourneyWorld) -> None:
    cards.types(SUPPORT, "/card fees 1755904")
    assert "2.00 EUR" in _shown(cards)
    cards.types(SUPPORT, f"/card fees {CARD}")
    assert "No overdue fees" in _shown(cards)


def test_the_designs_are_listed(cards: JourneyWorld) -> None:
    cards.types(SUPPORT, "/card designs")

    assert "CTHMCPE20056" in _shown(cards)
    assert "personal physical (2)" in _shown(cards)


def test_an_order_that_paytend_does_not_know_is_an_answer(cards: JourneyWorld) -> None:
    cards.types(SUPPORT, "/card order NOSUCHORDER1")

    assert "has no card order" in cards.told(SUPPORT)


def test_a_card_can_be_chosen_from_those_used_lately(cards: JourneyWorld) -> None:
    cards.types(SUPPORT, f"/card info {CARD}")
    cards.types(SUPPORT, "/card balance")
    message = cards.slack.ephemerals(SUPPORT)[-1]
    options = message["blocks"][0]["accessory"]["options"]
    assert [option["text"]["text"] for option in options] == ["Rūta Kazlauskaitė •••• 5097 · active"]

    cards.slack.clicks(SUPPORT, action_id="card_chosen", message=message, value=options[0]["value"])
    cards.settles()

    assert "64.10 EUR" in _shown(cards)


def test_without_a_card_and_without_a_past_it_is_asked_which(cards: JourneyWorld) -> None:
    cards.types(SUPPORT, "/card balance")

    assert "Which card?" in cards.told(SUPPORT)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (f"transactions {CARD} yesteday", "Did you mean `yesterday`"),
        (f"transactions {CARD} 2026-11-31", "no day of the calendar"),
        (f"transactions {CARD} last 60 days", "at most 30"),
        (f"transactions {CARD} today sucess", "Did you mean `success`"),
        (f"authorizations {CARD} today success", "no date"),
        (f"balance {CARD} EUR", "didn’t understand"),
        ("balanc 1", "Did you mean `balance`"),
        ("order x", "6 to 32"),
        ("designs all", "didn’t understand"),
        ("activate 1755910", "For which cardholder?"),
        (f"replace {CARD}", "Replaced by which card?"),
        (f"replace {CARD} {CARD}", "cannot replace itself"),
        (f"password {CARD} now", "Nothing else belongs"),
        ("found not/a/card", "not a card ID"),
        ("balance 5337110000000000 4111111111111111", "card number"),
    ],
)
def test_a_wrong_argument_is_answered_with_the_right_form(cards: JourneyWorld, typed: str, says: str) -> None:
    cards.types(SUPPORT, f"/card {typed}")

    assert says in cards.told(SUPPORT)
    assert cards.paytend.calls == []


# Asking


def test_a_replacement_shows_both_cards_before_it_is_asked_for(cards: JourneyWorld) -> None:
    cards.types(SUPPORT, f"/card replace {CARD} {NEW}")

    shown = _shown(cards)
    assert cards.requests() == []
    assert CARD in shown
    assert NEW in shown
    assert "Rūta Kazlauskaitė" in shown
    assert "freezes immediately" in shown
    assert "within 24 hours" in shown

    cards.clicks_reply(SUPPORT, "card_replace")
    card = text_of(cards.card()["blocks"])
    assert "New card" in card
    assert "within 24 hours" in card
    cards.clicks(MANAGER, "request_approve")

    assert cards.paytend.books.cards[CARD].status is CardStatus.FROZEN
    assert "cvv" not in cards.paytend.calls_of("replaceCard")[0].biz_data


def test_a_replacement_by_a_card_that_is_in_use_is_refused_at_once(cards: JourneyWorld) -> None:
    cards.types(SUPPORT, f"/card replace {CARD} 1755903")

    assert "Pick an inactive one" in cards.told(SUPPORT)


def test_a_new_card_that_was_taken_meanwhile_is_noticed_before_sending(cards: JourneyWorld) -> None:
    _asks(cards, "replace")
    cards.paytend.books.cards[NEW].status = CardStatus.ACTIVE
    cards.clicks(MANAGER, "request_approve")

    assert cards.request().status == "failed"
    assert "the new card changed from inactive" in text_of(cards.card()["blocks"])
    assert cards.paytend.calls_of("replaceCard") == []


def test_how_the_cardholder_was_identified_is_needed_and_shown(cards: JourneyWorld) -> None:
    cards.types(SUPPORT, f"/card password {CARD}")
    errors = cards.slack.submits(SUPPORT, {"card": FORGED})
    assert "errors" in str(errors)
    assert cards.requests() == []

    cards.submits(SUPPORT, card=CARD, identified="video")

    assert "seen in a video call" in text_of(cards.card()["blocks"])
    cards.clicks(MANAGER, "request_approve")
    assert any("Paytend sends it to the cardholder" in text for text in cards.thread())


def test_a_refused_form_is_in_the_trail_once_and_comes_back_with_everything_typed(cards: JourneyWorld) -> None:
    typed = {"card": CARD, "identified": "called_back", "reason": 'a "quoted" <reason> & more ' + "Ž" * 470}
    _asks(cards, "password")
    cards.types(SUPPORT, f"/card password {CARD}")
    cards.submits(SUPPORT, **typed)

    assert "already an open request" in cards.modal_text(SUPPORT)
    assert cards.refusals() == ["AlreadyOpen"]
    assert trail(cards)[-1] == ("approval:refused", CARD)

    cards.clicks_modal(SUPPORT, "form_go_on")

    assert inputs_of(cards.slack.modal(SUPPORT)) == typed


def test_a_closed_password_form_is_offered_again(cards: JourneyWorld) -> None:
    cards.types(SUPPORT, f"/card password {CARD}")
    cards.slack.closes(SUPPORT)
    cards.settles()
    assert cards.slack.ephemerals(SUPPORT) == [], "nothing was typed into it"

    typed = {"card": CARD, "reason": "forgot it"}
    cards.types(SUPPORT, f"/card password {CARD}")
    cards.slack.submits(SUPPORT, typed)  # how the cardholder was identified is missing
    cards.slack.closes(SUPPORT)
    cards.settles()

    kept = cards.slack.messages("D0SAM")[-1]
    assert "Draft saved for 30 minutes" in kept["text"]
    cards.clicks(SUPPORT, "form_go_on", message=kept)
    assert inputs_of(cards.slack.modal(SUPPORT)) == {**typed, "identified": ""}


def test_a_secret_in_the_answer_is_shown_once_to_the_requester_and_kept_nowhere(cards: JourneyWorld) -> None:
    cards.paytend.switches.set_modes(password_in_answer=True)
    _asks(cards, "password")
    cards.clicks(MANAGER, "request_approve")
    pin = cards.paytend.books.cards[CARD].pin
    button = next(
        message
        for message in cards.slack.messages("C0APPROVALS", cards.card()["ts"])
        if "secret_once" in actions_of(message)
    )

    cards.clicks(MANAGER, "secret_once", message=button)
    assert "Only the requester" in cards.told(MANAGER)
    cards.clicks(SUPPORT, "secret_once", message=button)
    assert pin in cards.modal_text(SUPPORT)
    cards.slack.closes(SUPPORT)
    cards.clicks(SUPPORT, "secret_once", message=button)

    assert "No longer available" in cards.told(SUPPORT)
    assert cards.request().status == "executed"
    assert pin not in cards.execution().answer
    assert pin not in str([cards.slack.messages(channel) for channel in ("C0APPROVALS", "C0GENERAL")])
    assert pin not in str(cards.thread())
    with cards.bot.database.reading() as session:
        assert pin not in str([row.facts for row in session.exec(select(AuditEvent))])


def test_the_same_again_within_ten_minutes_is_a_question(cards: JourneyWorld) -> None:
    _asks(cards, "found")
    cards.clicks(MANAGER, "request_approve")
    cards.paytend.books.cards[LOST].status = CardStatus.LOST
    _asks(cards, "found")
    assert "Request it again?" in cards.told(SUPPORT)
    assert len(cards.requests()) == 1

    cards.clicks_reply(SUPPORT, "ask_again")
    assert len(cards.requests()) == 2
