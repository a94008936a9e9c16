"""Signed client of the Paytend issuing API; usable as a library of its own.

    keys       RSA keys of both sides, read once
    envelope   seal a request, open a response, open a webhook (pure)
    calls      one operation with its values, and how each becomes text
    operations all 23 operations as values; OPERATIONS[i](…) makes a call
    models     the answers, tolerant and frozen; codes: the enumerations; money: exact amounts
    webhooks   the three webhooks as typed events
    client     sends calls; errors: what can go wrong, by what may be believed afterwards

>>> client.send(operations.GET_CARD_INFO(card_id="1755902")).status.text  # doctest: +SKIP
'active'
"""

from paytend.calls import Address, Call, NotSendable, Operation
from paytend.client import Client, make_http
from paytend.errors import Flaw, KeyUnusable, OutcomeUnknown, PaytendError, ProtocolError, Refused, Unreachable
from paytend.keys import Keys, load_private_key, load_public_keys
from paytend.money import AmountUnit, Money, NotMoney
from paytend.operations import OPERATIONS
from paytend.requestids import RequestIds

__all__ = [
    "OPERATIONS",
    "Address",
    "AmountUnit",
    "Call",
    "Client",
    "Flaw",
    "KeyUnusable",
    "Keys",
    "Money",
    "NotMoney",
    "NotSendable",
    "Operation",
    "OutcomeUnknown",
    "PaytendError",
    "ProtocolError",
    "Refused",
    "RequestIds",
    "Unreachable",
    "load_private_key",
    "load_public_keys",
    "make_http",
]
