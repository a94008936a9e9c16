"""A balance that Paytend's answer does not name, or names in a way that cannot be read: told after a few polls.

A low balance would otherwise stay unseen behind polls that succeed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, select

from notifier.balance.notices import RoutedOutbox
from notifier.balance.tables import BalanceState, UnknownBalance
from notifier.outbox.notice_facts import NoticeFacts
from notifier.routing.announcer import announce
from notifier.routing.locks import lock_announcing
from notifier.routing.notification import Notification
from paytend import Money
from storage.upsert import insert_once

AFTER = 3  # polls; a single odd answer may be nothing


@dataclass(frozen=True, kw_only=True)
class BalanceUnknown(NoticeFacts, template="balance_unknown"):
    """Since when the balance of a currency is not known, and what it was; `ended` once Paytend names it again."""

    currency: str
    since: datetime
    last: Money | None
    ended: datetime | None = None


def count_unknown(
    session: Session, currency: str, *, routed: RoutedOutbox, repeat: timedelta, now: datetime
) -> None:
    """Count a poll that did not say a balance; tell it after AFTER of them, and again after each `repeat`."""
    lock_announcing(session)
    state = session.get(BalanceState, currency)
    since = state.asked_at if state and state.asked_at else now
    insert_once(session, UnknownBalance, {"currency": currency, "since": since, "polls": 0})
    row = _hold(session, currency)
    assert row is not None  # noqa: S101 - inserted above
    row.polls += 1
    if row.polls >= AFTER and (row.told_at is None or now - row.told_at >= repeat):
        # Each time a new message, as an edit notifies nobody; the earlier one says the same.
        row.told_at, row.subject = now, f"balance_unknown:{currency}:{now.isoformat()}"
        _announce(session, row, routed=routed, now=now)
    session.flush()


def end_unknown(session: Session, currency: str, *, routed: RoutedOutbox, now: datetime) -> None:
    """Say on its message that the balance is known again."""
    row = _hold(session, currency)
    if row is None:
        return
    if row.subject and routed.outbox.recipients_of(session, row.subject):
        facts = _make_facts(session, row, ended=now)
        routed.outbox.edit(session, key=row.subject, kind=facts.template, facts=facts, now=now)
    session.delete(row)
    session.flush()


def _announce(session: Session, row: UnknownBalance, *, routed: RoutedOutbox, now: datetime) -> None:
    facts = _make_facts(session, row, ended=None)
    # Urgent: nobody knows whether it is critical.
    notification = Notification(
        kind=facts.template, facts=facts, urgent=True, alarm=True, subject=row.subject, is_first=True
    )
    announce(session, notification, routes=routed.routes, outbox=routed.outbox, now=now)


def _make_facts(session: Session, row: UnknownBalance, *, ended: datetime | None) -> BalanceUnknown:
    state = session.get(BalanceState, row.currency)
    last = Money.parse(state.amount, row.currency) if state else None
    return BalanceUnknown(currency=row.currency, since=row.since, last=last, ended=ended)


def _hold(session: Session, currency: str) -> UnknownBalance | None:
    query = select(UnknownBalance).where(UnknownBalance.currency == currency).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).first()
