"""The control address does by HTTP what the Python API does, for peers on loopback only."""

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from sandbox.paytend import PaytendStandIn
from tests.sandbox.paytend.client import Partner
from tests.sandbox.paytend.receiver import Receiver
from tests.sandbox.paytend.test_orders import BATCH

CARD = "1755902"


def control(partner: Partner, path: str, *, expected: int = 200, **body: Any) -> Any:
    response = partner.http.post(f"/_control/{path}", json=body)
    assert response.status_code == expected, response.text
    return response.json()


def state(partner: Partner) -> dict[str, Any]:
    found: dict[str, Any] = partner.http.get("/_control/state").json()
    return found


def test_the_state_shows_everything(partner: Partner, receiver: Receiver, stand_in: PaytendStandIn) -> None:
    partner.call("getCardInfo", cardId=CARD)
    stand_in.events.decline(CARD, "1.00")
    stand_in.wait_for_webhooks()
    shown = state(partner)
    assert shown["partnerBalance"] == {"EUR": "25000.00", "USDT": "500.000000"}
    assert (len(shown["cards"]), len(shown["holders"])) == (12, 8)
    assert shown["cards"][0]["cardId"] == CARD
    assert (shown["calls"][0]["operation"], shown["calls"][0]["outcome"]) == ("getCardInfo", "00")
    assert shown["calls"][0]["biz_data"] == {"cardId": CARD}
    assert shown["webhooks"][0]["attempts"][0]["good"] is True


def test_the_clock_is_moved(partner: Partner) -> None:
    assert control(partner, "clock", seconds=3600)["now"] == "2026-11-20T13:00:00+00:00"


def test_transactions_are_made(partner: Partner, stand_in: PaytendStandIn) -> None:
    bought = control(
        partner,
        "transaction",
        kind="purchase",
        cardId=CARD,
        amount="10.00",
        merchant="M",
        txnCurrency="USD",
        txnAmount="11.00",
    )["transactions"]
    assert [line["tradeSrc"] for line in bought] == ["A", "S"]
    assert bought[1]["txnAmount"] == 1100
    control(partner, "transaction", kind="reverse", tradeId=bought[0]["tradeId"])
    held = control(partner, "transaction", kind="authorise", cardId=CARD, amount="5.00")["transactions"][0]
    control(partner, "transaction", kind="settle", tradeId=held["tradeId"])
    control(partner, "transaction", kind="authorise", cardId=CARD, amount="5.01")
    parts = [
        control(partner, "transaction", kind=kind, tradeId="")["transactions"][0]["amount"]
        for kind in ("settle_half", "settle")
    ]
    assert parts == [251, 250]
    control(partner, "transaction", kind="settle", tradeId="", expected=409)
    control(partner, "transaction", kind="decline", cardId=CARD, amount="5.00")
    control(partner, "transaction", kind="refund", cardId=CARD, amount="1.00")
    control(partner, "transaction", kind="fee", cardId=CARD, amount="2.00", merchant="Monthly fee")
    assert control(partner, "transaction", kind="fee", cardId=CARD, amount="99.00")["transactions"] == []
    assert stand_in.books.card_balance(CARD) == 6410 - 500 - 501 + 100 - 200


def test_holders_orders_cards_and_top_ups_are_acted_upon(partner: Partner, stand_in: PaytendStandIn) -> None:
    assert control(partner, "holder", holderId="101986", auditStatus=2)["auditStatus"] == 2
    partner.data("applyCard", **BATCH)
    assert control(partner, "order", orderNo=BATCH["orderNo"])["applyStatus"] == 1
    partner.data("applyCard", **{**BATCH, "orderNo": "CARD2023110600003"})
    assert control(partner, "order", orderNo="CARD2023110600003", fail="No")["errMsg"] == "No"
    assert control(partner, "card", cardId=CARD, status=7)["cardStatus"] == 7
    control(partner, "mode", processing_top_ups=True, processing_seconds=None)
    for order, done, status in (("TOPUP00000001", True, 1), ("TOPUP00000002", False, 2)):
        partner.data("topup", cardId="1755903", orderNo=order, amount="100", currency="EUR")
        assert control(partner, "topup", orderNo=order, done=done)["topupStatus"] == status


def test_the_partner_balance_is_set_drained_and_funded(partner: Partner) -> None:
    assert control(partner, "partner", set="0") == {"balance": "0.00"}
    assert control(partner, "partner", fund="12.34") == {"balance": "12.34"}
    assert control(partner, "partner", set="1.000001", currency="USDT") == {"balance": "1.000001"}
    assert partner.refused("topup", cardId=CARD, orderNo="TOPUP00000001", amount="1230", currency="EUR") == "2303"


def test_faults_and_modes_are_set_and_cleared(partner: Partner) -> None:
    control(partner, "fault", kind="refuse", operation="getSKUs", count=None, code="9876")
    assert partner.call("getSKUs").code == "9876"
    assert state(partner)["faults"][0]["kind"] == "refuse"
    assert partner.http.delete("/_control/fault").status_code == 200
    assert partner.call("getSKUs").code == "00"
    control(partner, "mode", full_card_numbers=True)
    assert "cvv" in partner.data("getCardInfo", cardId=CARD)


def test_webhooks_are_switched(partner: Partner, stand_in: PaytendStandIn, receiver: Receiver) -> None:
    control(partner, "webhook", hold=True)
    control(partner, "transaction", kind="decline", cardId=CARD, amount="1.00")
    control(partner, "webhook/release")
    control(partner, "webhook/replay", index=0)
    control(partner, "webhook/forge", notifyType="2", content={"holderId": "1"})
    stand_in.wait_for_webhooks()
    assert [raw["notifyType"] for raw in receiver.received] == ["1", "1", "2"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("clock", {}, 400),
        ("clock", {"seconds": "soon"}, 400),
        ("fault", {"kind": "sleep"}, 400),
        ("mode", {"other": True}, 400),
        ("webhook", {"drop": "x"}, 400),
        ("webhook/replay", {}, 400),
        ("transaction", {"kind": "theft", "cardId": CARD, "amount": "1.00"}, 400),
        ("transaction", {"kind": "purchase", "cardId": "1", "amount": "1.00"}, 409),
        ("transaction", {"kind": "purchase", "cardId": CARD, "amount": "1.001"}, 409),
        ("transaction", {"kind": "reverse", "tradeId": "1"}, 409),
        ("holder", {"holderId": "101982", "auditStatus": 9}, 400),
        ("order", {"orderNo": "1"}, 409),
        ("topup", {"orderNo": "1"}, 409),
        ("partner", {"currency": "EUR"}, 400),
    ],
)
def test_wrong_calls_are_told_apart_from_refusals(
    partner: Partner, path: str, body: dict[str, Any], status: int
) -> None:
    assert control(partner, path, expected=status, **body)["error"]


def test_the_body_must_be_an_object(partner: Partner) -> None:
    for content in ("[1]", "{", "1"):
        assert partner.http.post("/_control/clock", content=content).status_code == 400


async def _asked_from(stand_in: PaytendStandIn, address: str) -> int:
    request = make_mocked_request("GET", "/_control/state", app=stand_in.app)
    match = await stand_in.app.router.resolve(request)
    response = await match.handler(request.clone(remote=address))
    return int(response.status)


def test_other_machines_are_refused(stand_in: PaytendStandIn) -> None:
    for address, status in (("127.0.0.1", 200), ("::1", 200), ("192.0.2.7", 403), ("10.0.0.1", 403)):
        assert asyncio.run(_asked_from(stand_in, address)) == status
