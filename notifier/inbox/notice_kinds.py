"""Which webhook becomes which notice: the table KINDS (pure).

Times come as Paytend wrote them, in `PAYTEND_TIMEZONE`; enumerations become words with their code beside.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import Any

from notifier.inbox.event_facts import (
    CardAppliedNotice,
    CardholderAuditedNotice,
    OrderedCardFacts,
    TransactionNotice,
    UnknownField,
    UnrecognisedNotice,
)
from notifier.outbox.notice_facts import NoticeFacts
from notifier.routing.notification import Notification
from notifier.routing.routed_kinds import ALARMING
from paytend.models import Cardholder, Transaction
from paytend.models.codes import Code, TransactionStatus
from paytend.webhooks import CardApplied, CardholderAudited, Event, TransactionHappened, UnrecognisedEvent

LATE_AFTER = timedelta(days=7)
_CARDS_SHOWN, _FIELDS_SHOWN = 10, 40
_LONGEST_WAY = 60  # to a nested value: the end of it tells more than the beginning

# How a transaction ended, in one word, by its code and its source (A authorization, S settlement); these words
# are what `when: {status: …}` of a route takes. Paytend has no code for a decline: an authorization that the
# system cancelled (6) is one. A code that is not here is "other", and can be routed by the code itself.
_STATUS_WORDS: dict[tuple[str, str], str] = {
    ("1", "A"): "authorised",
    ("1", "S"): "settled",
    ("1", ""): "successful",
    ("2", ""): "reversed",
    ("3", ""): "reversed",
    ("6", "A"): "declined",
    ("6", ""): "cancelled",
    ("7", ""): "voided",
    ("10", ""): "refunded",
}
STATUS_WORDS: tuple[str, ...] = (*dict.fromkeys(_STATUS_WORDS.values()), "other")

# Digits alone by their number: anything that guesses reads another time from them.
_DIGIT_FORMATS = {12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S", 17: "%Y%m%d%H%M%S%f", 20: "%Y%m%d%H%M%S%f"}


@dataclass(frozen=True, kw_only=True)
class NoticeKind:
    """One line of KINDS: the notice's kind, and how its facts are made."""

    kind: str
    facts: Callable[[Any, tzinfo, datetime], NoticeFacts]


def make_notification(event: Event, *, timezone: tzinfo, now: datetime) -> Notification:
    """Return the notification of an event; `timezone` is the one in which Paytend writes times."""
    line = KINDS.get(type(event), KINDS[UnrecognisedEvent])
    facts = line.facts(event, timezone, now)
    if isinstance(facts, UnrecognisedNotice):  # a new kind of webhook is one problem, however many come
        return Notification(kind=line.kind, facts=facts, subject=f"unrecognised:{facts.notify_type}", counted=True)
    urgent = isinstance(facts, TransactionNotice) and facts.status in ALARMING
    return Notification(kind=line.kind, facts=facts, urgent=urgent)


def read_status_word(transaction: Transaction) -> str:
    """Return how a transaction ended in one word, one of STATUS_WORDS."""
    code, source = transaction.status or TransactionStatus(""), transaction.source or ""
    return _STATUS_WORDS.get((code, source)) or _STATUS_WORDS.get((code, "")) or "other"


def read_time(text: str | None, *, timezone: tzinfo) -> datetime | None:
    """Return the time that Paytend wrote, in UTC; None for a date alone and for what cannot be read."""
    plain = (text or "").strip()
    if len(plain) <= 10:
        return None
    try:
        found = _read_digits(plain) if plain.isdecimal() else _read_written(plain)
    except ValueError:
        return None
    if found.year < 1971 or found.year > 9000:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=timezone)).astimezone(UTC)


def _read_digits(text: str) -> datetime:
    form = _DIGIT_FORMATS.get(len(text))
    if form is None:
        raise ValueError(text)
    return datetime.strptime(text, form)  # noqa: DTZ007 - the caller adds the zone


def _read_written(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.strptime(text, "%Y/%m/%d %H:%M:%S")  # noqa: DTZ007 - the caller adds the zone


def _with_code(code: Code | None) -> str | None:
    """Return the words of a code, with the code beside."""
    if code is None:
        return None
    return f"{code.text} ({code})" if code.known else code.text


def _transaction_facts(event: TransactionHappened, timezone: tzinfo, now: datetime) -> TransactionNotice:
    transaction = event.transaction
    happened = read_time(transaction.booked, timezone=timezone)
    return TransactionNotice(
        status=read_status_word(transaction),
        status_code=transaction.status,
        status_text=_with_code(transaction.status),
        type_code=transaction.type,
        type_text=_with_code(transaction.type),
        source_text=_with_code(transaction.source),
        amount=transaction.amount,
        amount_unclear=transaction.unclear_amount,
        amount_unread=transaction.unread_amount,
        direction={1: "in", -1: "out"}.get(transaction.sign),
        other_amount=transaction.other_amount if transaction.other_amount != transaction.amount else None,
        fee=transaction.fee if transaction.fee and transaction.fee.amount else None,
        balance=transaction.balance,
        currency=transaction.currency,
        card_id=transaction.card_id,
        last_four=transaction.card_number[-4:] if transaction.card_number else None,
        holder_id=_raw_text(transaction.raw, "holderId", "holder_id"),
        merchant=transaction.merchant,
        country=_raw_text(transaction.raw, "merchantCountry", "countryCode", "country"),
        trade_id=transaction.trade_id,
        related_id=_raw_text(transaction.raw, "relatedId", "relatedTransactionId", "originalAuthId"),
        auth_code=transaction.auth_code,
        happened=happened,
        happened_text=transaction.booked,
        clock=happened.astimezone(timezone).strftime("%H:%M") if happened else None,
        late=happened is not None and now - happened > LATE_AFTER,
    )


def _audit_facts(event: CardholderAudited, _timezone: tzinfo, _now: datetime) -> CardholderAuditedNotice:
    cardholder: Cardholder = event.cardholder
    return CardholderAuditedNotice(
        status=cardholder.audit_status.text if cardholder.audit_status else None,
        status_code=cardholder.audit_status,
        status_text=_with_code(cardholder.audit_status),
        holder_id=cardholder.holder_id,
        holder_name=cardholder.name,
        reason=cardholder.message,
    )


def _application_facts(event: CardApplied, _timezone: tzinfo, _now: datetime) -> CardAppliedNotice:
    order = event.order
    cards = [
        OrderedCardFacts(card_id=card.card_id, last_four=card.card_number[-4:] if card.card_number else None)
        for card in order.cards
    ]
    first = next((card for card in cards if card.card_id), OrderedCardFacts(card_id=None, last_four=None))
    return CardAppliedNotice(
        status=order.status.text if order.status else None,
        status_code=order.status,
        status_text=_with_code(order.status),
        reference=order.reference,
        reason=order.message,
        quantity=order.quantity,
        cards=cards[:_CARDS_SHOWN],
        more_cards=max(len(cards) - _CARDS_SHOWN, 0),
        card_id=first.card_id,
        last_four=first.last_four,
        holder_id=next((card.holder_id for card in order.cards if card.holder_id), None),
    )


def _unrecognised_facts(event: Event, _timezone: tzinfo, _now: datetime) -> UnrecognisedNotice:
    if not isinstance(event, UnrecognisedEvent):
        return UnrecognisedNotice(notify_type=event.kind, fields=(), digest=event.digest[:12])
    fields = list(islice(_flatten(event.content), _FIELDS_SHOWN))
    return UnrecognisedNotice(notify_type=event.notify_type, fields=fields, digest=event.digest[:12])


def _flatten(content: Mapping[str, Any]) -> Iterator[UnknownField]:
    """Yield each value that holds no others with the way to it, such as "dispute.stage"; people read no JSON."""
    waiting: deque[tuple[str, Any]] = deque(content.items())
    while waiting:
        name, value = waiting.popleft()
        if isinstance(value, Mapping) and value:
            waiting.extendleft(
                (f"{name[-_LONGEST_WAY:]}.{key}", inner) for key, inner in reversed([*value.items()])
            )
        elif isinstance(value, list | tuple) and value:
            waiting.extendleft(
                (f"{name[-_LONGEST_WAY:]}.{at}", inner) for at, inner in reversed([*enumerate(value, start=1)])
            )
        else:
            yield UnknownField(name=name, value="(empty)" if isinstance(value, Mapping | list | tuple) else value)


def _raw_text(raw: Mapping[str, Any], *names: str) -> str | None:
    found = next((raw[name] for name in names if isinstance(raw.get(name), str | int)), None)
    return None if found is None else str(found)


KINDS: dict[type[Event], NoticeKind] = {
    TransactionHappened: NoticeKind(kind="transaction", facts=_transaction_facts),
    CardholderAudited: NoticeKind(kind="cardholder_audited", facts=_audit_facts),
    CardApplied: NoticeKind(kind="card_applied", facts=_application_facts),
    UnrecognisedEvent: NoticeKind(kind="unrecognised", facts=_unrecognised_facts),
}
