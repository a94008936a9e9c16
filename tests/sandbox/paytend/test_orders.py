"""Orders of cards: accepted, shipped, refused."""

from typing import Any

import pytest

from sandbox.paytend import PaytendStandIn
from sandbox.paytend.records import CardStatus
from tests.sandbox.paytend.client import Partner
from tests.sandbox.paytend.test_holders import ADDRESS

BATCH: dict[str, Any] = {
    "orderNo": "CARD2023110600002",
    "cardScheme": "3",
    "cardType": "2",
    "sku": "CTHMCPE20056",
    "remarks": "",
    "quantity": "2",
    "contactName": "Rūta Kazlauskaitė",
    "contactMobile": "+37060000001",
    "deliveryAddress": ADDRESS,
}
ORDER = BATCH["orderNo"]
VIRTUAL = {
    "orderNo": "VIRTUAL0000001",
    "cardScheme": "3",
    "cardType": "1",
    "sku": "CTHMCVE20010",
    "quantity": "1",
    "holderId": "101982",
}


def test_a_batch_is_shipped_on_demand_as_inactive_cards(partner: Partner, stand_in: PaytendStandIn) -> None:
    accepted = partner.data("applyCard", **BATCH)
    assert (accepted["orderNo"], accepted["applyStatus"], accepted["cardList"]) == (ORDER, 0, [])
    assert partner.data("getApplyCardResult", orderNo=ORDER) == accepted
    stand_in.events.ship(ORDER)
    shown = partner.data("getApplyCardResult", orderNo=ORDER)
    assert (shown["applyStatus"], [card["cardId"] for card in shown["cardList"]]) == (
        1,
        ["1755914", "1755915"],
    )
    assert shown["cardId"] == "1755914"
    assert stand_in.books.cards["1755914"].status is CardStatus.INACTIVE
    assert partner.data("activeCard", cardId="1755914", holderId="101982")


def test_orders_are_shipped_by_themselves_after_a_while(partner: Partner, stand_in: PaytendStandIn) -> None:
    partner.data("applyCard", **BATCH)
    stand_in.events.advance(599)
    assert partner.data("getApplyCardResult", orderNo=ORDER)["applyStatus"] == 0
    stand_in.events.advance(1)
    assert partner.data("getApplyCardResult", orderNo=ORDER)["applyStatus"] == 1


def test_an_order_is_shipped_once(partner: Partner, stand_in: PaytendStandIn) -> None:
    partner.data("applyCard", **BATCH)
    stand_in.events.ship(ORDER)
    stand_in.events.advance(3600)
    assert len(stand_in.books.cards) == 14
    with pytest.raises(Exception, match="2204"):
        stand_in.events.ship(ORDER)


def test_an_order_can_fail(partner: Partner, stand_in: PaytendStandIn) -> None:
    partner.data("applyCard", **BATCH)
    stand_in.events.fail_order(ORDER, error="Out of stock.")
    shown = partner.data("getApplyCardResult", orderNo=ORDER)
    assert (shown["applyStatus"], shown["errMsg"], shown["cardList"]) == (2, "Out of stock.", [])


def test_by_a_mode_nothing_is_shipped_by_itself(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.set_modes(ship_seconds=None)
    partner.data("applyCard", **BATCH)
    stand_in.events.advance(10**6)
    assert partner.data("getApplyCardResult", orderNo=ORDER)["applyStatus"] == 0


def test_a_virtual_card_needs_a_holder_and_is_active_when_shipped(
    partner: Partner, stand_in: PaytendStandIn
) -> None:
    assert partner.refused("applyCard", **{**VIRTUAL, "holderId": ""}) == "1101"
    partner.data("applyCard", **VIRTUAL)
    stand_in.events.ship(VIRTUAL["orderNo"])
    shown = partner.data("getCardInfo", cardId="1755914")
    assert (shown["cardStatus"], shown["holderId"], shown["cardType"]) == (5, "101982", "1")
    assert partner.data("getApplyCardResult", orderNo=VIRTUAL["orderNo"], holderId="101982")
    assert partner.refused("getApplyCardResult", orderNo=VIRTUAL["orderNo"], holderId="101983") == "2202"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"orderNo": "SHORT"}, "1102"),
        ({"cardScheme": "1"}, "1102"),
        ({"cardType": "3"}, "1102"),
        ({"sku": "OTHER"}, "2203"),
        ({"sku": "CTHMCVE20010"}, "2203"),
        ({"quantity": "0"}, "1102"),
        ({"quantity": "101"}, "1102"),
        ({"quantity": ""}, "1101"),
        ({"contactName": ""}, "1101"),
        ({"contactMobile": "123"}, "1102"),
        ({"deliveryAddress": ""}, "1101"),
        ({"holderId": "101982"}, "1102"),
        ({"holderId": "101986", "quantity": "1"}, "2103"),
        ({"holderId": "1", "quantity": "1"}, "2101"),
        ({"color": "red"}, "1103"),
    ],
)
def test_a_bad_order_is_refused(
    partner: Partner, stand_in: PaytendStandIn, change: dict[str, str], code: str
) -> None:
    assert partner.refused("applyCard", **{**BATCH, **change}) == code
    assert stand_in.books.orders == {}


def test_a_repeated_order_is_refused_also_against_top_ups(partner: Partner, stand_in: PaytendStandIn) -> None:
    partner.data("applyCard", **BATCH)
    assert partner.refused("applyCard", **BATCH) == "2201"
    assert partner.refused("topup", cardId="1755902", orderNo=ORDER, amount="1", currency="EUR") == "2201"
    assert len(stand_in.books.orders) == 1
    assert partner.refused("getApplyCardResult", orderNo="CARD0000000000") == "2202"


def test_the_designs_are_shown(partner: Partner) -> None:
    shown = partner.data("getSKUs")
    assert shown["total"] == len(shown["skuList"]) == 3
    assert shown["skuList"][0]["sku"] == "CTHMCPE20056"
    assert partner.refused("getSKUs", start="0") == "1103"
