"""What is a gap, and what is not: decided from what Paytend lists and what the inbox knows."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from notifier.inbox.inbox import digest_key
from notifier.inbox.missed_webhooks import MissedWebhook, choose, read_movements, read_order
from paytend.models import CardOrder, Transaction
from paytend.money import AmountUnit
from tests.notifier.conftest import START
from tests.notifier.stories import make_transaction

VILNIUS = ZoneInfo("Europe/Vilnius")
ROW: dict[str, Any] = {
    "cardId": "1755902",
    "currency": "EUR",
    "amount": "1250",
    "businessDate": "2026-11-22 11:30:00",  # half an hour before START
    "tradeId": "T20261122",
    "tradeType": 151,
    "tradeSrc": "A",
    "tradeStatus": 6,
}


def read(**changes: Any) -> list[MissedWebhook]:
    row = {name: value for name, value in {**ROW, **changes}.items() if value is not None}
    transaction = Transaction.decode(row, unit=AmountUnit.MINOR)
    return read_movements([transaction], card_id="1755902", source="A", unit=AmountUnit.MINOR, timezone=VILNIUS)


def gaps(*, known: set[str] | None = None, **changes: Any) -> int:
    since = START - timedelta(days=3)
    return len(choose(read(**changes), known=known or set(), since=since, now=START))


def test_a_finding_has_the_business_key_of_the_webhook_that_would_have_told_it() -> None:
    event, _ = make_transaction()

    assert read()[0].event.business_key == event.business_key
    assert gaps(known={digest_key(event.business_key)}) == 0


def test_a_webhook_that_named_no_source_is_known_as_well() -> None:
    assert gaps(known={digest_key(("transaction", "T20261122", "", "6"))}) == 0
    assert gaps(known={digest_key(("transaction", "T20261122", "S", "6"))}) == 1


def test_ids_that_look_like_card_numbers_make_the_same_key_as_in_the_webhook() -> None:
    looks_like_one = "5413330089020011"
    event, _ = make_transaction(tradeId=looks_like_one)
    [finding] = read(tradeId=looks_like_one)

    assert finding.event.business_key == event.business_key
    assert looks_like_one not in str(finding.event.content), "what is kept of it is masked all the same"

    [order] = read_order(
        CardOrder.decode({"orderNo": looks_like_one, "applyStatus": "1"}, unit=AmountUnit.MINOR),
        unit=AmountUnit.MINOR,
    )
    assert order.event.business_key == ("card_applied", looks_like_one, "1")


def test_a_row_without_source_or_card_is_that_of_the_list() -> None:
    [finding] = read(tradeSrc=None, cardId=None)

    assert finding.event.business_key == ("transaction", "T20261122", "A", "6")
    assert finding.webhook.content["cardId"] == "1755902"


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 1),
        ({"businessDate": "2026-11-22 11:45:00"}, 1),
        ({"businessDate": "2026-11-22 11:46:00"}, 0),  # it may still come
        ({"businessDate": "2026-11-20 12:00:00"}, 1),
        ({"businessDate": "2026-11-19 11:59:00"}, 0),  # from before webhooks were expected
        ({"businessDate": "2026-11-21"}, 1),
        ({"businessDate": "2026-11-22"}, 0),  # the day is not over
        ({"tradeType": 100}, 0),  # a top-up is told under its request
        ({"tradeId": None}, 0),
        ({"tradeStatus": None}, 0),
    ],
)
def test_what_counts_as_a_gap(changes: dict[str, Any], count: int) -> None:
    assert gaps(**changes) == count


@pytest.mark.parametrize("at", [None, "", "0000-00-00", "22/11/2026 09:30", "2026-11-22 9h30", "yesterday"])
def test_n15_a_movement_whose_date_cannot_be_read_is_found_all_the_same(at: str | None) -> None:
    event, _ = make_transaction()

    assert gaps(businessDate=at) == 1, "Paytend was asked for those days only"
    assert gaps(businessDate=at, known={digest_key(event.business_key)}) == 0


def test_nothing_from_before_it_was_watched_is_a_gap() -> None:
    assert choose(read(), known=set(), since=START - timedelta(minutes=29), now=START) == []


def test_an_order_is_read_as_its_webhook() -> None:
    answer = CardOrder.decode({"orderNo": "ORDER1", "applyStatus": 1, "cardId": "17"}, unit=AmountUnit.MINOR)

    [finding] = read_order(answer, unit=AmountUnit.MINOR)

    assert finding.event.business_key == ("card_applied", "ORDER1", "1")
    assert read_order(CardOrder.decode({}, unit=AmountUnit.MINOR), unit=AmountUnit.MINOR) == []
