"""Transactions, authorisations and the partner's account: filters, dates and pages."""

from typing import Any

import pytest

from sandbox.paytend import PaytendStandIn
from tests.sandbox.paytend.client import Partner

CARD = "1755902"
TODAY = {"beginDate": "2026-11-20", "endDate": "2026-11-20"}
MONTH = {"beginDate": "2026-10-22", "endDate": "2026-11-20"}


def lines(partner: Partner, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = partner.data("getCardTransactions", cardId=CARD, **{**TODAY, **query})[
        "tradeList"
    ]
    return found


def authorisations(partner: Partner, **query: str) -> list[dict[str, Any]]:
    asked = {"cardId": CARD, **TODAY, **query}
    found: list[dict[str, Any]] = partner.data("getAuthorizationTransactions", **asked)["tradeList"]
    return found


def test_a_purchase_is_an_authorisation_and_a_settlement(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.events.purchase(CARD, "12.50", merchant="MAXIMA", txn_currency="JPY", txn_amount="2000")
    [settled], [authorised] = lines(partner), authorisations(partner)
    assert settled == {
        "cardId": CARD,
        "cardNo": stand_in.books.cards[CARD].masked,
        "currency": "EUR",
        "amount": 1250,
        "fee": 0,
        "businessDate": "2026-11-20 14:00:00",
        "tradeId": authorised["tradeId"],
        "relatedId": "",
        "authCode": authorised["authCode"],
        "tradeType": 151,
        "tradeSrc": "S",
        "tradeStatus": 1,
        "remark": "MAXIMA",
        "currencyTxn": "JPY",
        "txnAmount": 2000,
    }
    assert (authorised["tradeType"], authorised["tradeSrc"], len(authorised["authCode"])) == (150, "A", 6)
    assert stand_in.books.card_balance(CARD) == 6410 - 1250


def test_an_authorisation_holds_the_money_until_it_is_settled(partner: Partner, stand_in: PaytendStandIn) -> None:
    held = stand_in.events.authorise(CARD, "10.00")
    assert (stand_in.books.card_balance(CARD), stand_in.books.held(CARD)) == (5410, 1000)
    assert lines(partner) == []
    stand_in.events.settle(held.trade_id)
    assert stand_in.books.held(CARD) == 0
    assert len(lines(partner)) == 1
    with pytest.raises(Exception, match="2403"):
        stand_in.events.settle(held.trade_id)


def test_too_much_or_a_lost_card_is_declined(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.events.purchase(CARD, "64.11")
    stand_in.events.purchase("1755907", "1.00")
    [declined] = authorisations(partner)
    assert (declined["tradeStatus"], declined["remark"]) == (6, "SHOP")
    assert lines(partner, transactionStatus="ALL") == []
    assert stand_in.books.card_balance(CARD) == 6410


def test_a_reversal_undoes_and_marks_what_it_reverses(partner: Partner, stand_in: PaytendStandIn) -> None:
    bought = stand_in.events.purchase(CARD, "10.00")[0]
    stand_in.events.reverse(bought.trade_id)
    assert stand_in.books.card_balance(CARD) == 6410
    assert lines(partner) == []
    reversal, reversed_ = lines(partner, transactionStatus="ALL")
    assert {reversal["tradeStatus"], reversed_["tradeStatus"]} == {2, 3}
    assert len(lines(partner, transactionStatus="3")) == 1
    with pytest.raises(Exception, match="2403"):
        stand_in.events.reverse(bought.trade_id)
    with pytest.raises(Exception, match="2403"):
        stand_in.events.reverse("unknown")


def test_a_held_amount_can_be_reversed(stand_in: PaytendStandIn) -> None:
    held = stand_in.events.authorise(CARD, "10.00")
    stand_in.events.reverse(held.trade_id)
    assert (stand_in.books.card_balance(CARD), stand_in.books.held(CARD)) == (6410, 0)
    with pytest.raises(Exception, match="2403"):
        stand_in.events.settle(held.trade_id)


def test_a_refund_is_shown_without_a_filter(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.events.refund(CARD, "3.00", merchant="ZALANDO")
    [shown] = lines(partner)
    assert (shown["tradeStatus"], shown["tradeType"], shown["amount"]) == (10, 151, 300)
    assert stand_in.books.card_balance(CARD) == 6710


def test_a_fee_is_taken_or_becomes_overdue(partner: Partner, stand_in: PaytendStandIn) -> None:
    assert stand_in.events.charge_fee(CARD, "2.00")
    assert lines(partner)[0]["tradeType"] == 500
    assert stand_in.events.charge_fee(CARD, "100.00") is None
    assert partner.data("getCardOverdueMonthlyFee", cardId=CARD)["balance"] == 10000


def test_pages_are_row_offsets_newest_first(partner: Partner, stand_in: PaytendStandIn) -> None:
    for cents in range(1, 36):
        stand_in.events.advance(1)
        stand_in.events.purchase(CARD, f"0.{cents:02d}")
    assert [line["amount"] for line in lines(partner)] == list(range(35, 25, -1))
    assert [line["amount"] for line in lines(partner, start="", maxSize="30")] == list(range(35, 5, -1))
    assert [line["amount"] for line in lines(partner, start="30", maxSize="30")] == [5, 4, 3, 2, 1]
    assert lines(partner, start="35") == []
    assert partner.data("getCardTransactions", cardId=CARD, **TODAY)["total"] == 35


def test_dates_are_local_and_inclusive(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.events.advance(10 * 3600 + 1)
    stand_in.events.purchase(CARD, "1.00")
    assert lines(partner) == []
    assert len(lines(partner, endDate="2026-11-21")) == 1


def test_the_seeded_weeks_are_there(partner: Partner) -> None:
    found = lines(partner, **MONTH, transactionStatus="ALL", maxSize="30")
    assert {line["tradeType"] for line in found} == {100, 151}
    assert any(line.get("currencyTxn") == "SEK" for line in found)
    assert lines(partner, beginDate="", endDate="", maxSize="30", transactionStatus="ALL") == found
    assert len(authorisations(partner, **MONTH)) >= 5


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"cardId": "1"}, "2001"),
        ({"beginDate": "2026-10-21"}, "2401"),
        ({"beginDate": "2026-11-21"}, "2401"),
        ({"beginDate": "20.11.2026"}, "1102"),
        ({"beginDate": ""}, "1101"),
        ({"endDate": ""}, "1101"),
        ({"maxSize": "31"}, "2402"),
        ({"maxSize": "0"}, "2402"),
        ({"start": "-1"}, "2402"),
        ({"start": "x"}, "2402"),
        ({"currency": "GBP"}, "2302"),
        ({"page": "1"}, "1103"),
    ],
)
def test_bad_queries_are_refused(partner: Partner, query: dict[str, str], code: str) -> None:
    asked = {"cardId": CARD, **TODAY, **query}
    assert partner.refused("getCardTransactions", **asked) == code
    assert partner.refused("getAuthorizationTransactions", **asked) == code


def test_only_the_known_status_filters_are_taken(partner: Partner) -> None:
    assert partner.refused("getCardTransactions", cardId=CARD, **TODAY, transactionStatus="99") == "1102"
    asked = {"cardId": CARD, **TODAY, "transactionStatus": ""}
    assert partner.refused("getAuthorizationTransactions", **asked) == "1103"


def test_the_partner_balance_is_shown(partner: Partner) -> None:
    assert partner.data("getPartnerBalance")["accountList"] == [
        {"currency": "EUR", "balance": 2500000, "digital": 2},
        {"currency": "USDT", "balance": 500000000, "digital": 6},
    ]
    assert partner.refused("getPartnerBalance", currency="EUR") == "1103"


def test_money_paid_in_and_taken_out_is_shown(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.events.fund("100.00")
    stand_in.events.set_partner_balance("1.5", currency="USDT")
    paid_in = partner.data("getPartnerTopup", currency="EUR")
    assert (paid_in["topupList"][0]["amount"], paid_in["total"], paid_in["balance"]) == (10000, 2, 2510000)
    [taken] = partner.data("getPartnerTransactions", currency="USDT", **TODAY)["tradeList"]
    assert (taken["tradeType"], taken["amount"], taken["balance"]) == (110, 498500000, 1500000)
    assert partner.refused("getPartnerTopup", currency="") == "1101"
    assert partner.refused("getPartnerTopup", currency="GBP") == "2302"


def test_a_top_up_is_in_the_partners_history_with_its_fee(partner: Partner) -> None:
    partner.data("topup", cardId=CARD, orderNo="TOPUP00000001", amount="5000", currency="EUR")
    shown = partner.data(
        "getPartnerTransactions", transactionStatus="", currency="", **TODAY, start="", maxSize=""
    )
    [entry] = shown["tradeList"]
    assert (entry["tradeType"], entry["amount"], entry["fee"]) == (121, 5000, 50)
    assert (entry["orderNo"], entry["balance"]) == ("TOPUP00000001", 2500000 - 5050)
    assert partner.refused("getPartnerTransactions", beginDate="2026-01-01", endDate="2026-11-20") == "2401"
