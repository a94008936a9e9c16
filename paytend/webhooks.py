"""The three webhooks as typed events, each with the business key that says what it reports on.

The envelope has neither id nor time, so only the content can show a replay (`paytend-api.md` a.3). Other content
under a known business key is an update, and no replay; the keys are:
(trade id, source, status), (cardholder, audit status), (order or card, apply status).
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from paytend.models import Cardholder, CardOrder, Transaction, TransactionKey, TransactionNames
from paytend.money import AmountUnit
from paytend.redaction import redact
from paytend.wire.envelope import Webhook

BusinessKey = tuple[str, ...]

_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), default=str
).encode  # made once: for every webhook


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that Paytend reported.

    `digest` is the SHA-256 (hex) of the content as it was signed; `content_digest` that of its canonical form,
    the same for other white space, order and escapes. `content` is redacted. Events with one `business_key`
    report on the same thing: the later ones are updates of the first.
    """

    kind: str
    digest: str
    content_digest: str
    business_key: BusinessKey
    content: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TransactionHappened(Event):
    """An authorization or a settlement on a card (notifyType 1)."""

    status: str | None
    _told: "_Told" = field(repr=False)  # with its secrets, so nobody else's

    @cached_property
    def transaction(self) -> Transaction:
        """The whole transaction, read on demand: storing a webhook needs only its key."""
        return Transaction.decode(self._told.content, unit=self._told.unit, redacted=self._told.redacted)

    @cached_property
    def names(self) -> TransactionNames:
        """The ids by which the stages of a purchase find each other, as they were sent."""
        return TransactionNames.decode(self._told.content, unit=self._told.unit, redacted={})


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
    """Signed by Paytend, but of a type or with fields that we do not know."""

    notify_type: str


def read_event(webhook: Webhook, *, unit: AmountUnit) -> Event:
    """Return the event of a verified webhook; what is not understood is an UnrecognisedEvent, never an error."""
    digest = hashlib.sha256(webhook.text.encode("utf-8", "replace")).hexdigest()
    canonical = hashlib.sha256(f"{webhook.notify_type}\n{_write_canonically(webhook)}".encode("utf-8", "replace"))
    told = _Told(
        content=webhook.content,
        redacted=redact(webhook.content),
        digest=digest,
        content_digest=canonical.hexdigest(),
        unit=unit,
    )
    read = _READERS.get(webhook.notify_type)
    event = read(told) if read else None
    return event or UnrecognisedEvent(
        kind="unrecognised",
        digest=digest,
        content_digest=told.content_digest,
        business_key=("unrecognised", digest),
        content=told.redacted,
        notify_type=webhook.notify_type,
    )


def _write_canonically(webhook: Webhook) -> str:
    try:
        return _encode(webhook.content)
    except (RecursionError, ValueError):  # nested too deeply, or a number of thousands of digits
        return webhook.text


class _Told(NamedTuple):  # not a frozen dataclass: this is made once for every webhook
    """What is read. A business key comes from the content as it was sent: masked, two ids may look alike."""

    content: Mapping[str, Any]
    redacted: Mapping[str, Any]
    digest: str
    content_digest: str
    unit: AmountUnit


def _read_transaction(told: _Told) -> Event | None:
    known = TransactionKey.decode(told.content, unit=told.unit, redacted=told.redacted)
    if known.trade_id is None and known.status is None:
        return None
    # One trade is authorised, settled and reversed under the same id. Without an id nothing else is the same.
    key: BusinessKey = ("transaction", known.trade_id or told.digest, known.source or "", known.status or "")
    return TransactionHappened(**_base(told, key), status=known.status, _told=told)


def _read_audit(told: _Told) -> Event | None:
    cardholder = Cardholder.decode(told.content, unit=told.unit, redacted=told.redacted)
    if cardholder.holder_id is None or cardholder.audit_status is None:
        return None
    key = ("cardholder_audited", cardholder.holder_id, cardholder.audit_status)
    return CardholderAudited(**_base(told, key), cardholder=cardholder)


def _read_application(told: _Told) -> Event | None:
    order = CardOrder.decode(told.content, unit=told.unit, redacted=told.redacted)
    subject = order.reference or next((card.card_id for card in order.cards if card.card_id), None)
    if subject is None or order.status is None:
        return None
    key = ("card_applied", subject, order.status)
    return CardApplied(**_base(told, key), order=order)


def _base(told: _Told, key: BusinessKey) -> dict[str, Any]:
    return {
        "kind": key[0],
        "digest": told.digest,
        "content_digest": told.content_digest,
        "business_key": key,
        "content": told.redacted,
    }


_READERS: dict[str, Callable[[_Told], Event | None]] = {
    "1": _read_transaction,
    "2": _read_audit,
    "3": _read_application,
}
