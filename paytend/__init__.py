"""Signed client of the Paytend issuing API; usable as a library of its own.

    client      sends calls: reads are tried again, changes are sent once
    operations  all 23 operations as values; calling one with its values makes a call
    models      the answers, tolerant and frozen, with the enumerations in `codes`
    webhooks    the three webhooks as typed events
    wire        messages as they travel: envelopes, signatures, ciphers, keys, strict JSON (pure)
    errors      what can go wrong, by what may be believed afterwards
    money       exact amounts; redaction: what must not leave this package in the clear

>>> client.send(operations.GET_CARD_INFO(card_id="1755902")).status.text  # doctest: +SKIP
'active'
"""

from paytend.client import Client, make_http
from paytend.errors import Flaw, KeyUnusable, OutcomeUnknown, PaytendError, ProtocolError, Refused, Unreachable
from paytend.money import AmountUnit, AmountUnits, Money, NotMoney
from paytend.operations import OPERATIONS
from paytend.operations.call import Call, Operation, Sender
from paytend.operations.encoding import Address, NotSendable
from paytend.wire.keys import Keys, load_private_key, load_public_keys
from paytend.wire.request_ids import RequestIds

__all__ = [
    "OPERATIONS",
    "Address",
    "AmountUnit",
    "AmountUnits",
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
    "Sender",
    "Unreachable",
    "load_private_key",
    "load_public_keys",
    "make_http",
]
