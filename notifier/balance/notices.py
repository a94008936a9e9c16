"""Telling of a low partner balance: one message for each time that it became worse.

A worse level is a new message, as only a new one makes phones ring. Until the next change that message is kept up
to date, and a repeat is a reply under it, shown in the channel too when the balance is critical. When the balance
is worse or has recovered, the earlier message says so and loses its button.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, delete, select

from notifier.balance import forecast
from notifier.balance.forecast import DAY, WEEK, Sample
from notifier.balance.levels import Level, LevelChange, Thresholds
from notifier.balance.tables import BalancePicture, BalanceSample, BalanceState, PictureStatus
from notifier.inbox.events import WHY
from notifier.outbox.outbox import Outbox
from notifier.routing.announcer import announce, find_destinations
from notifier.routing.notification import Notification
from notifier.routing.routes import Routes
from paytend import Money
from storage.upsert import insert_once

LOW, STILL_LOW = "balance_low", "balance_still_low"


@dataclass(frozen=True, kw_only=True)
class Telling:
    """Where notices go."""

    routes: Routes
    outbox: Outbox


def read_samples(session: Session, currency: str, *, since: datetime, until: datetime) -> list[Sample]:
    """Return what the balance of a currency was, by time."""
    rows = session.exec(
        select(BalanceSample)
        .where(
            BalanceSample.currency == currency,
            col(BalanceSample.taken_at) >= since,
            col(BalanceSample.taken_at) <= until,
        )
        .order_by(col(BalanceSample.taken_at))
    ).all()
    return [(row.taken_at, Decimal(row.amount)) for row in rows]


def forget_old(session: Session, *, before: datetime) -> int:
    """Forget what the balance was before this, and pictures of it that are done with; return how many rows."""
    connection = session.connection()
    pictures = delete(BalancePicture).where(
        col(BalancePicture.until) < before, col(BalancePicture.status) != PictureStatus.WAITING
    )
    samples = delete(BalanceSample).where(col(BalanceSample.taken_at) < before)
    return int(connection.execute(pictures).rowcount) + int(connection.execute(samples).rowcount)


def tell(
    session: Session,
    change: LevelChange,
    state: BalanceState,
    *,
    balance: Money,
    thresholds: Thresholds,
    telling: Telling,
    now: datetime,
) -> None:
    """Enqueue what a verdict calls for; `state` is as it was before, and is given the message's key."""
    if not (change.notice or change.improved):
        return
    samples = read_samples(session, balance.currency, since=now - WEEK, until=now)
    notification = _make_notification(
        change, balance=balance, thresholds=thresholds, state=state, samples=samples, now=now
    )
    if change.notice == LOW and not (change.repeated and state.subject):
        _close(session, state, notification, ended="worse", telling=telling, now=now)
        state.subject = f"balance:{balance.currency}:{now.isoformat()}"
        notification = replace(notification, subject=state.subject)
        announce(session, notification, routes=telling.routes, outbox=telling.outbox, now=now)
        _ask_for_pictures(session, state, telling=telling, now=now)
    elif change.notice == LOW:
        _repeat(session, state, notification, telling=telling, now=now)
    elif change.improved:
        _update(session, state, notification.facts, telling=telling, now=now)
    else:
        _close(session, state, notification, ended="recovered", telling=telling, now=now)
        announce(session, notification, routes=telling.routes, outbox=telling.outbox, now=now)


def _repeat(
    session: Session, state: BalanceState, notification: Notification, *, telling: Telling, now: datetime
) -> None:
    """Bring the message up to date, and say under it that it still holds."""
    subject = str(state.subject)
    _update(session, state, notification.facts, telling=telling, now=now)
    places = find_destinations(LOW, notification.facts, routes=telling.routes)
    mentions = {place.course.channel: place.course.mentions for place in places}
    for recipient in sorted(telling.outbox.recipients_of(session, subject)):
        telling.outbox.enqueue(
            session,
            kind=STILL_LOW,
            facts={**notification.facts, "mentions": mentions.get(recipient, [])},
            recipient=recipient,
            now=now,
            thread_of=subject,
            broadcast=notification.urgent,
            urgent=notification.urgent,
        )
    _ask_for_pictures(session, state, telling=telling, now=now)


def _close(
    session: Session,
    state: BalanceState,
    notification: Notification,
    *,
    ended: str,
    telling: Telling,
    now: datetime,
) -> None:
    """Let the message that stands say how it ended."""
    _update(session, state, {**notification.facts, "ended": ended}, telling=telling, now=now)
    state.subject = None


def _update(session: Session, state: BalanceState, facts: Any, *, telling: Telling, now: datetime) -> None:
    if state.subject:
        telling.outbox.edit(session, key=state.subject, kind=LOW, facts={**facts, "mentions": []}, now=now)


def _ask_for_pictures(session: Session, state: BalanceState, *, telling: Telling, now: datetime) -> None:
    """Want the trend under every copy of the message; it never holds the message back."""
    for recipient in telling.outbox.recipients_of(session, str(state.subject)):
        known = {"key": str(state.subject), "recipient": recipient, "until": now}
        facts = {"currency": state.currency, "status": "waiting", "due_at": now, "attempts": 0}
        insert_once(session, BalancePicture, known | facts)


def _make_notification(
    change: LevelChange,
    *,
    balance: Money,
    thresholds: Thresholds,
    state: BalanceState,
    samples: Sequence[Sample],
    now: datetime,
) -> Notification:
    level = change.level_state.level
    limit = thresholds.critical if level is Level.CRITICAL else thresholds.warn
    paces = [forecast.measure(samples, window=window, now=now) for window in (DAY, WEEK)]
    is_new = change.notice == LOW and not change.repeated
    return Notification(
        kind=change.notice or LOW,
        facts={
            "level": level,
            "status": level,
            WHY: {"value": {"kind": change.notice or LOW, "status": level, "currency": balance.currency}},
            "currency": balance.currency,
            "amount": balance,
            "balance": balance,
            "threshold": Money(amount=limit, currency=balance.currency),
            "repeated": change.repeated,
            "since": None if is_new else state.changed_at,
            "asked": now,
            "lasts": [forecast.say_lasts(pace, balance=balance) for pace in paces],
            "ended": "",
        },
        urgent=level is Level.CRITICAL,
    )
