"""Webhook events for tests, decoded from contents as Paytend sends them."""

import json
from typing import Any

from paytend.money import AmountUnit
from paytend.webhooks import Event, read_event
from paytend.wire.envelope import Webhook
from paytend.wire.signatures import VerifiedForm


def make_event(notify_type: str, **content: Any) -> tuple[Event, str]:
    """Return the event of a webhook with this content, and its text as it was signed."""
    text = json.dumps(content, ensure_ascii=False)
    webhook = Webhook(notify_type=notify_type, content=content, text=text, form=next(iter(VerifiedForm)), key=0)
    return read_event(webhook, unit=AmountUnit.MINOR), text


def make_transaction(**changes: Any) -> tuple[Event, str]:
    """Return a declined authorization of 12.50 EUR at a shop in the dollar zone, with changes."""
    content = {
        "cardId": "1755902",
        "cardNo": "533333******4242",
        "currency": "EUR",
        "amount": "1250",
        "currencyTxn": "USD",
        "txnAmount": "1340",
        "fee": "0",
        "businessDate": "2026-11-22 12:30:00",
        "tradeId": "T20261122",
        "tradeType": 151,
        "tradeSrc": "A",
        "tradeStatus": 6,
        "remark": "SHOP",
    }
    return make_event("1", **{**content, **changes})
