"""Webhooks: three kinds, sealed, repeated until accepted, and everything that can go wrong with them."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature

from sandbox.paytend import PaytendStandIn
from sandbox.running import Running
from tests.sandbox.paytend.client import Partner
from tests.sandbox.paytend.receiver import Receiver
from tests.sandbox.paytend.test_orders import BATCH

CARD = "1755902"
BAD = (200, '{"status":"99","msg":"no"}')


def until(condition: Callable[[], bool], seconds: float = 3.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def contents(partner: Partner, receiver: Receiver) -> list[dict[str, Any]]:
    found = []
    for raw in receiver.received:
        opened = partner.unsealed(raw, name="content")
        partner.verify(opened)
        assert (opened["partnerId"], opened["version"], opened["signType"]) == (
            partner.partner_id,
            "2.0",
            "RSA",
        )
        found.append({"notifyType": opened["notifyType"], **json.loads(opened["content"])})
    return found


def test_a_purchase_is_told_twice_in_order(partner: Partner, stand_in: PaytendStandIn, receiver: Receiver) -> None:
    stand_in.events.purchase(CARD, "12.50", merchant="CAFÉ <*>", txn_currency="SEK", txn_amount="140")
    stand_in.wait_for_webhooks()
    authorised, settled = contents(partner, receiver)
    assert (authorised["notifyType"], authorised["tradeSrc"], settled["tradeSrc"]) == ("1", "A", "S")
    assert authorised["tradeId"] == settled["tradeId"]
    assert (settled["remark"], settled["amount"], settled["txnAmount"]) == ("CAFÉ <*>", 1250, 14000)
    assert set(receiver.received[0]) == {
        *("content", "notifyType", "partnerId", "randomKey", "signature", "signType", "version")
    }
    assert [webhook.state for webhook in stand_in.webhooks] == ["delivered", "delivered"]


def test_an_audit_is_told(partner: Partner, stand_in: PaytendStandIn, receiver: Receiver) -> None:
    stand_in.events.audit("101986", 3, error="The photo is blurred.")
    stand_in.wait_for_webhooks()
    [told] = contents(partner, receiver)
    assert (told["notifyType"], told["holderId"], told["auditStatus"]) == ("2", "101986", 3)
    assert (told["firstName"], told["errMsg"]) == ("François", "The photo is blurred.")


def test_a_shipment_is_told_with_all_its_cards(
    partner: Partner, stand_in: PaytendStandIn, receiver: Receiver
) -> None:
    partner.data("applyCard", **BATCH)
    stand_in.events.advance(600)
    stand_in.wait_for_webhooks()
    [told] = contents(partner, receiver)
    assert (told["notifyType"], told["orderNo"], told["applyStatus"]) == ("3", BATCH["orderNo"], 1)
    assert len(told["cardList"]) == 2


@pytest.mark.parametrize(
    "bad", [BAD, (500, '{"status":"00"}'), (200, "OK"), (200, "[]"), (204, ""), (302, '{"status":"00"}')]
)
def test_what_is_not_accepted_is_repeated(
    partner: Partner, stand_in: PaytendStandIn, receiver: Receiver, bad: tuple[int, str]
) -> None:
    receiver.answers = [bad, bad]
    stand_in.events.decline(CARD, "1.00")
    until(lambda: stand_in.webhooks[0].state == "delivered")
    assert len(set(receiver.bodies)) == 1
    attempts = stand_in.webhooks[0].attempts
    assert [attempt.good for attempt in attempts] == [False, False, True]
    assert attempts[0].http_status == bad[0]


def test_after_the_last_try_it_is_given_up(partner: Partner, stand_in: PaytendStandIn, receiver: Receiver) -> None:
    receiver.answers = [BAD] * 10
    stand_in.events.decline(CARD, "1.00")
    until(lambda: stand_in.webhooks[0].state == "given up")
    assert len(receiver.received) == 4


def test_a_pause_also_ends_by_the_clock(stand_in: PaytendStandIn, receiver: Receiver, partner: Partner) -> None:
    stand_in._sender._pauses = (10.0, 20.0)
    receiver.answers = [BAD, BAD]
    stand_in.events.decline(CARD, "1.00")
    until(lambda: len(stand_in.webhooks[0].attempts) == 1)
    stand_in.events.advance(9)
    time.sleep(0.12)
    assert len(receiver.received) == 1
    stand_in.events.advance(1)
    until(lambda: len(stand_in.webhooks[0].attempts) == 2)
    stand_in.events.advance(20)
    until(lambda: stand_in.webhooks[0].state == "delivered")


def test_nobody_listening_is_a_bad_answer(stand_in: PaytendStandIn, partner: Partner) -> None:
    stand_in.callback = "http://127.0.0.1:9/hook"
    stand_in.events.decline(CARD, "1.00")
    until(lambda: stand_in.webhooks[0].state == "given up")
    assert stand_in.webhooks[0].attempts[0].http_status is None


def test_without_a_callback_nothing_is_sent(stand_in: PaytendStandIn, partner: Partner) -> None:
    stand_in.events.decline(CARD, "1.00")
    stand_in.wait_for_webhooks()
    assert stand_in.webhooks[0].state == "no callback"
    assert json.loads(stand_in.webhooks[0].plaintext) == stand_in.webhooks[0].content


def test_what_happened_before_the_start_is_sent_at_the_start(stand_in: PaytendStandIn, receiver: Receiver) -> None:
    stand_in.events.decline(CARD, "1.00")
    assert receiver.received == []
    with Running(stand_in.app):
        stand_in.wait_for_webhooks()
    assert len(receiver.received) == 1


def test_a_webhook_is_duplicated(partner: Partner, stand_in: PaytendStandIn, receiver: Receiver) -> None:
    stand_in.switches.set_webhooks(duplicate=1)
    stand_in.events.decline(CARD, "1.00")
    stand_in.events.decline(CARD, "2.00")
    stand_in.wait_for_webhooks()
    assert [body == receiver.bodies[0] for body in receiver.bodies] == [True, True, False]


def test_a_webhook_is_sealed_anew(partner: Partner, stand_in: PaytendStandIn, receiver: Receiver) -> None:
    stand_in.switches.set_webhooks(duplicate_resealed=1)
    stand_in.events.decline(CARD, "1.00")
    stand_in.wait_for_webhooks()
    assert receiver.bodies[0] != receiver.bodies[1]
    first, second = contents(partner, receiver)
    assert first == second


def test_webhooks_are_held_and_sent_in_reverse(
    partner: Partner, stand_in: PaytendStandIn, receiver: Receiver
) -> None:
    stand_in.switches.set_webhooks(hold=True)
    stand_in.events.purchase(CARD, "1.00")
    assert [webhook.state for webhook in stand_in.webhooks] == ["held", "held"]
    stand_in.release_webhooks()
    stand_in.wait_for_webhooks()
    assert [told["tradeSrc"] for told in contents(partner, receiver)] == ["S", "A"]


def test_a_webhook_is_dropped(partner: Partner, stand_in: PaytendStandIn, receiver: Receiver) -> None:
    stand_in.switches.set_webhooks(drop=1)
    stand_in.events.purchase(CARD, "1.00")
    stand_in.wait_for_webhooks()
    assert [webhook.state for webhook in stand_in.webhooks] == ["dropped", "delivered"]
    assert [told["tradeSrc"] for told in contents(partner, receiver)] == ["S"]


def test_a_forged_webhook_does_not_verify(partner: Partner, stand_in: PaytendStandIn, receiver: Receiver) -> None:
    stand_in.forge_webhook("1", {"tradeId": "1", "amount": 999999})
    stand_in.wait_for_webhooks()
    opened = partner.unsealed(receiver.received[0], name="content")
    assert json.loads(opened["content"])["amount"] == 999999
    with pytest.raises(InvalidSignature):
        partner.verify(opened)


def test_an_old_webhook_is_replayed(partner: Partner, stand_in: PaytendStandIn, receiver: Receiver) -> None:
    stand_in.events.decline(CARD, "1.00")
    stand_in.replay_webhook(stand_in.webhooks[0])
    stand_in.wait_for_webhooks()
    assert receiver.bodies[0] == receiver.bodies[1]


def test_modes_change_webhooks_too(partner: Partner, stand_in: PaytendStandIn, receiver: Receiver) -> None:
    stand_in.switches.set_modes(reserialised_signatures=True, encrypt_flag=True)
    stand_in.events.decline(CARD, "1.00", merchant="a/b")
    stand_in.wait_for_webhooks()
    assert receiver.received[0]["encryptFlag"] == "1"
    opened = partner.unsealed(receiver.received[0], name="content")
    assert "a\\/b" in opened["content"]
    with pytest.raises(InvalidSignature):
        partner.verify(opened)
