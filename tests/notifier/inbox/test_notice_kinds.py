"""Webhooks become notices that say what happened in words, with the code beside."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from notifier.inbox.event_facts import UnrecognisedNotice
from notifier.inbox.notice_kinds import KINDS, STATUS_WORDS, make_notification, read_time
from notifier.rendering.facts import list_facts
from notifier.rendering.renderer import Rendered, Renderer
from paytend import Money
from paytend.webhooks import Event
from tests.notifier.conftest import START
from tests.notifier.stories import make_event, make_transaction

VILNIUS = ZoneInfo("Europe/Vilnius")


def render(renderer: Renderer, event: Event) -> Rendered:
    notification = make_notification(event, timezone=VILNIUS, now=START)
    return renderer.message(notification.kind, notification.facts)


@pytest.mark.parametrize(
    ("status", "source", "word"),
    [
        (1, "A", "authorised"),
        (1, "S", "settled"),
        (1, None, "successful"),
        (2, "A", "reversed"),
        (3, "S", "reversed"),
        (6, "A", "declined"),
        (6, "S", "cancelled"),
        (7, "A", "voided"),
        (10, "S", "refunded"),
        (99, "A", "other"),
    ],
)
def test_a_transaction_has_one_word_for_how_it_ended(status: int, source: str | None, word: str) -> None:
    event, _ = make_transaction(tradeStatus=status, tradeSrc=source)

    facts = list_facts(make_notification(event, timezone=VILNIUS, now=START).facts)

    assert facts["status"] == word
    assert word in STATUS_WORDS


def test_a_transaction_is_one_line_with_both_amounts_and_the_card(renderer: Renderer) -> None:
    event, _ = make_transaction()

    text = render(renderer, event).text

    assert text == "Declined: 12.50 EUR (13.40 USD) at SHOP, card ••••\u00a04242."


def test_the_red_button_is_there_where_there_is_suspicion(renderer: Renderer) -> None:
    event, _ = make_transaction()
    fine, _ = make_transaction(tradeStatus=1)

    [button] = render(renderer, event).blocks[-1]["elements"]

    assert (button["action_id"], button["value"]) == ("card_lost", '{"card_id":"1755902"}')
    assert button["confirm"]["style"] == "danger"
    assert button["accessibility_label"]
    assert [block["type"] for block in render(renderer, fine).blocks] == ["section"]


def test_what_is_no_purchase_says_what_it_is(renderer: Renderer) -> None:
    fee, _ = make_transaction(tradeStatus=1, tradeSrc="S", tradeType=500)
    withdrawal, _ = make_transaction(tradeType=110)

    assert render(renderer, fee).text.startswith("Fee: ")
    assert render(renderer, withdrawal).text.startswith("Withdrawal declined: ")


def test_one_amount_is_not_told_twice(renderer: Renderer) -> None:
    event, _ = make_transaction(currencyTxn=None, txnAmount=None)

    assert "Declined: 12.50 EUR at SHOP" in render(renderer, event).text


def test_a_transaction_with_almost_nothing_in_it_is_told(renderer: Renderer) -> None:
    event, _ = make_event("1", tradeId="T1", tradeStatus="77")

    text = render(renderer, event).text

    assert text == "Unknown status 77: unreadable amount, unknown card."


def test_what_goes_wrong_goes_first() -> None:
    bad, _ = make_transaction()
    good, _ = make_transaction(tradeStatus=1)

    assert make_notification(bad, timezone=VILNIUS, now=START).urgent
    assert not make_notification(good, timezone=VILNIUS, now=START).urgent


def test_an_event_older_than_a_week_is_told_as_late(renderer: Renderer) -> None:
    event, _ = make_transaction(businessDate="2026-11-01 12:30:00")

    message = render(renderer, event)
    assert "Reported late, of <!date^" in message.text
    assert "more than a week late" in str(message.blocks)


def test_an_identity_check_is_told_in_words_with_its_button(renderer: Renderer) -> None:
    event, _ = make_event(
        "2", holderId="101982", auditStatus=3, errMsg="photo unreadable", firstName="Ona", lastName="Kaz"
    )

    message = render(renderer, event)

    assert message.text == ("Identity check rejected: Ona Kaz (101982). Paytend says: photo unreadable")
    assert message.blocks[-1]["elements"][0]["value"] == '{"holder_id":"101982"}'


def test_a_card_order_is_told_with_its_cards(renderer: Renderer) -> None:
    cards = [{"cardId": "1", "cardNo": "533333******0001"}, {"cardId": "2", "cardNo": "533333******0002"}]
    event, _ = make_event("3", orderNo="CARD1", applyStatus=1, cardList=cards)

    assert render(renderer, event).text == "Card order done: ••••\u00a00001, ••••\u00a00002. Reference CARD1."


def test_what_is_not_understood_is_shown_as_it_is_without_secrets(renderer: Renderer) -> None:
    event, _ = make_event("9", surprise="<!channel>", cvv="123")

    message = render(renderer, event)

    assert "Unknown event from Paytend (type 9)" in message.text
    assert message.blocks[1]["text"]["text"] == "surprise: &lt;!channel&gt;\ncvv: (removed)"


def test_every_kind_has_a_template(renderer: Renderer) -> None:
    assert {kind.kind for kind in KINDS.values()} <= set(renderer.names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-01 12:00:00", datetime(2026, 7, 1, 9, 0, tzinfo=UTC)),
        ("2026-07-01T12:00:00+00:00", datetime(2026, 7, 1, 12, 0, tzinfo=UTC)),
        ("20260701120000", datetime(2026, 7, 1, 9, 0, tzinfo=UTC)),
        ("2026/07/01 12:00:00", datetime(2026, 7, 1, 9, 0, tzinfo=UTC)),
        ("2026-07-01", None),
        ("yesterday", None),
        ("0001-01-01 00:00:00", None),
        ("9999-12-31 23:59:59", None),
        # A date alone; minutes only; milliseconds, which look like another time to a reader that guesses.
        ("20261122", None),
        ("202611220930", datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
        ("20261231223131123", datetime(2026, 12, 31, 20, 31, 31, 123000, tzinfo=UTC)),
        ("", None),
        (None, None),
    ],
)
def test_times_are_read_in_the_zone_of_paytend(text: Any, expected: datetime | None) -> None:
    assert read_time(text, timezone=VILNIUS) == expected


def test_an_amount_in_facts_is_money() -> None:
    event, _ = make_transaction()

    assert list_facts(make_notification(event, timezone=VILNIUS, now=START).facts)["amount"] == Money.read(
        "12.50 EUR"
    )


@pytest.mark.parametrize(("status", "words"), [(6, "cancelled by the system (6)"), (77, "unknown (77)")])
def test_a_code_is_beside_its_words_once(status: int, words: str) -> None:
    event, _ = make_transaction(tradeStatus=status)

    assert list_facts(make_notification(event, timezone=VILNIUS, now=START).facts)["status_text"] == words


@pytest.mark.parametrize(
    ("field", "fact"),
    [
        ("relatedId", "related_id"),
        ("relatedTransactionId", "related_id"),
        ("originalAuthId", "related_id"),
        ("merchantCountry", "country"),
        ("countryCode", "country"),
        ("country", "country"),
        ("holderId", "holder_id"),
        ("holder_id", "holder_id"),
    ],
)
def test_a_fact_is_found_under_each_name_that_paytend_may_give_it(field: str, fact: str) -> None:
    event, _ = make_transaction(**{field: "X1"})

    assert list_facts(make_notification(event, timezone=VILNIUS, now=START).facts)[fact] == "X1"


def test_what_is_not_understood_shows_each_value_with_the_way_to_it() -> None:
    nested = {"dispute": {"stage": "FIRST", "parts": [{"amount": "1845"}, "x"], "none": {}}, "cardId": "1755902"}
    event, _ = make_event("9", **nested)
    facts = make_notification(event, timezone=VILNIUS, now=START).facts

    assert isinstance(facts, UnrecognisedNotice)
    assert [(field.name, field.value) for field in facts.fields] == [
        ("dispute.stage", "FIRST"),
        ("dispute.parts.1.amount", "1845"),
        ("dispute.parts.2", "x"),
        ("dispute.none", "(empty)"),
        ("cardId", "1755902"),
    ]
