"""The three webhooks as typed events, each with the business key by which it is taken in once.

The envelope has neither id nor time, so there is no replay key but the business (`paytend-api.md` a.3):
(trade id, source, status), (cardholder, audit status), (order or card, apply status).
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from paytend.envelope import Webhook
from paytend.models import Cardholder, CardOrder, Transaction
from paytend.money import AmountUnit
from paytend.redaction import redact

BusinessKey = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that Paytend told us; `digest` is the SHA-256 (hex) of the content as it was signed."""

    kind: str
    digest: str
    business_key: BusinessKey


@dataclass(frozen=True, kw_only=True)
class TransactionHappened(Event):
    """An authorization or a settlement on a card (notifyType 1)."""

    transaction: Transaction


@dataclass(frozen=True, kw_only=True)
class CardholderAudited(Event):
    """The review of a cardholder has a result (notifyType 2)."""

    cardholder: Cardholder


@dataclass(frozen=True, kw_only=True)
class CardApplied(Event):
    """A card order has a result (notifyType 3)."""

    order: CardOrder


@dataclass(frozen=True, kw_only=True)
class UnrecognisedEvent(Event):
    """Signed by Paytend, but of a type or with fields that we do not know; `content` is redacted."""

    notify_type: str
    content: Mapping[str, Any]


def read_event(webhook: Webhook, *, unit: AmountUnit) -> Event:
    """Return the event of a verified webhook; what is not understood is an UnrecognisedEvent, never an error."""
    digest = hashlib.sha256(webhook.text.encode("utf-8", "replace")).hexdigest()
    read = _READERS.get(webhook.notify_type)
    event = read(webhook.content, digest, unit) if read else None
    return event or UnrecognisedEvent(
        kind="unrecognised",
        digest=digest,
        business_key=("unrecognised", digest),
        notify_type=webhook.notify_type,
        content=redact(webhook.content),
    )


def _read_transaction(content: Mapping[str, Any], digest: str, unit: AmountUnit) -> Event | None:
    transaction = Transaction.decode(content, unit=unit)
    if transaction.trade_id is None or transaction.status is None:
        return None
    key = ("transaction", transaction.trade_id, transaction.source or "", transaction.status)
    return TransactionHappened(kind=key[0], digest=digest, business_key=key, transaction=transaction)


def _read_audit(content: Mapping[str, Any], digest: str, unit: AmountUnit) -> Event | None:
    cardholder = Cardholder.decode(content, unit=unit)
    if cardholder.holder_id is None or cardholder.audit_status is None:
        return None
    key = ("cardholder_audited", cardholder.holder_id, cardholder.audit_status)
    return CardholderAudited(kind=key[0], digest=digest, business_key=key, cardholder=cardholder)


def _read_application(content: Mapping[str, Any], digest: str, unit: AmountUnit) -> Event | None:
    order = CardOrder.decode(content, unit=unit)
    subject = order.reference or next((card.card_id for card in order.cards if card.card_id), None)
    if subject is None or order.status is None:
        return None
    key = ("card_applied", subject, order.status)
    return CardApplied(kind=key[0], digest=digest, business_key=key, order=order)


_READERS: dict[str, Callable[[Mapping[str, Any], str, AmountUnit], Event | None]] = {
    "1": _read_transaction,
    "2": _read_audit,
    "3": _read_application,
}
