"""Which movements and orders at Paytend never reached us as a webhook (pure).

What is found is given the form of a webhook and goes the way of one, with the same business key, so that the real
one has no effect when it comes after all.
"""

import json
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from notifier.inbox.inbox import digest_key
from notifier.inbox.notice_kinds import read_time
from paytend.models import CardOrder, Transaction
from paytend.money import AmountUnit
from paytend.webhooks import CardApplied, Event, TransactionHappened, read_event
from paytend.wire.envelope import Webhook
from paytend.wire.signatures import VerifiedForm

FOUND = "found"  # the form of what nobody signed: we looked for it
NO_KEY = -1
GRACE = timedelta(minutes=15)  # a webhook may still be on its way; Paytend repeats one for some minutes
LOOK_BACK = timedelta(hours=48)
LONGEST_LOOK_BACK = timedelta(days=30)
_DATE_FORMATS = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%d.%m.%Y")
_TOP_UP = "100"  # ours, and shown under its request


@dataclass(frozen=True, kw_only=True)
class MissedWebhook:
    """A movement or an order at Paytend, in the form of the webhook that should have reported it.

    It happened within `span`, whose ends are the same for a time and a day apart for a date alone.
    """

    webhook: Webhook
    event: Event
    span: tuple[datetime, datetime] | None = None

    @property
    def digests(self) -> tuple[str, ...]:
        """The business digests under which it may have come, its own first."""
        own = self.event.business_key
        if not isinstance(self.event, TransactionHappened):
            return (digest_key(own),)
        # It may have come in a webhook that names no source, under another key than the list's.
        kind, trade_id, _, status = own
        return digest_key(own), digest_key((kind, trade_id, "", status))


def read_movements(
    rows: Iterable[Transaction], *, card_id: str, source: str, unit: AmountUnit, timezone: tzinfo
) -> list[MissedWebhook]:
    """Return the movements of a card that should be webhooks; `source` is A or S, for rows without one.

    One whose date cannot be read has no span: it is of the days that Paytend was asked for.
    """
    findings = []
    for row in rows:
        # `raw` is redacted: an id that happens to look like a card number would make another business key.
        content = {
            **row.raw,
            "tradeId": row.trade_id,
            "tradeSrc": row.source or source,
            "cardId": row.card_id or card_id,
        }
        span = read_span(row.booked, timezone=timezone)
        # Without an id or a status it cannot be told from what came as a webhook.
        is_known = row.trade_id is not None and row.status is not None
        if row.type != _TOP_UP and is_known:
            findings.append(_make("1", content, unit=unit, span=span))
    return [finding for finding in findings if isinstance(finding.event, TransactionHappened)]


def read_order(order: CardOrder, *, unit: AmountUnit) -> list[MissedWebhook]:
    """Return the result of an order as its webhook; nothing when it cannot be understood."""
    finding = _make("3", {**order.raw, "orderNo": order.reference}, unit=unit)
    return [finding] if isinstance(finding.event, CardApplied) else []


def choose(
    findings: Iterable[MissedWebhook], *, known: AbstractSet[str], since: datetime, now: datetime
) -> list[MissedWebhook]:
    """Return those that are missed: not known by any of their digests, after `since`, and old enough.

    What has a date alone waits for the end of its day, as its webhook may still come.
    """
    return [
        finding
        for finding in findings
        if known.isdisjoint(finding.digests) and (finding.span is None or since <= finding.span[1] <= now - GRACE)
    ]


def find_begin(*, since: datetime, covered_until: datetime | None, now: datetime) -> datetime:
    """Return from when on movements are to be looked at: nothing is left out, however long ago the last look was.

    `since` is when webhooks of the card began to be expected, `covered_until` the last look that saw everything.
    """
    return max(since, min(covered_until or now, now) - LOOK_BACK, now - LONGEST_LOOK_BACK)


def read_span(text: str | None, *, timezone: tzinfo) -> tuple[datetime, datetime] | None:
    """Return when something happened: the time that Paytend wrote, or the begin and the end of a date alone."""
    plain = (text or "").strip()
    for form in _DATE_FORMATS:
        try:
            day = datetime.strptime(plain, form).replace(tzinfo=timezone)
        except ValueError:
            continue
        return day.astimezone(UTC), (day + timedelta(days=1)).astimezone(UTC)
    moment = read_time(plain, timezone=timezone)
    return None if moment is None else (moment, moment)


def _make(
    notify_type: str,
    content: Mapping[str, Any],
    *,
    unit: AmountUnit,
    span: tuple[datetime, datetime] | None = None,
) -> MissedWebhook:
    text = json.dumps(content, ensure_ascii=False, default=str)
    webhook = Webhook(notify_type=notify_type, content=dict(content), text=text, form=VerifiedForm.RAW, key=NO_KEY)
    return MissedWebhook(webhook=webhook, event=read_event(webhook, unit=unit), span=span)
