"""Notices of a low partner balance: one message for each time that it became worse.

A worse level is a new message, as only a new one makes phones ring. Until the next change that message is kept up
to date, and a repeat is a reply under it, shown in the channel too when the balance is critical. When the balance
is worse or has recovered, the earlier message says so and loses its button.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlmodel import Session, col, delete, select

from notifier.balance import forecast
from notifier.balance.forecast import DAY, WEEK, Sample
from notifier.balance.levels import Level, LevelChange, Thresholds
from notifier.balance.tables import BalancePicture, BalanceSample, BalanceState, PictureStatus
from notifier.outbox.notice_facts import NoticeFacts, WhyFacts
from notifier.outbox.outbox import Outbox
from notifier.rendering.facts import list_facts
from notifier.routing.announcer import announce, find_destinations
from notifier.routing.notification import Notification
from notifier.routing.routes import Routes
from paytend import Money
from storage.upsert import insert_once


@dataclass(frozen=True, kw_only=True)
class BalanceFacts(NoticeFacts):
    """The balance of a currency and its level; `lasts` says in words how long it lasts at each pace.

    `status` is the level again, for the conditions of routes. `ended` is "worse" or "recovered" once the message
    is out of date, `since` when the level began, None for a new one.
    """

    level: Level
    status: Level
    currency: str
    amount: Money
    balance: Money
    threshold: Money
    repeated: bool
    since: datetime | None
    asked: datetime
    lasts: Sequence[str]
    ended: str = ""


@dataclass(frozen=True, kw_only=True)
class BalanceLow(BalanceFacts, template="balance_low"):
    """The message about a level, brought up to date until the next change."""


@dataclass(frozen=True, kw_only=True)
class BalanceStillLow(BalanceFacts, template="balance_still_low"):
    """The reply that repeats it."""


@dataclass(frozen=True, kw_only=True)
class BalanceRecovered(BalanceFacts, template="balance_recovered"):
    """The message when the balance is fine again."""


_ON_CALL = "oncall"
LOW, STILL_LOW = BalanceLow.template, BalanceStillLow.template


@dataclass(frozen=True, kw_only=True)
class RoutedOutbox:
    """The outbox, with the routes that say which channels a notice goes to."""

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


def enqueue(
    session: Session,
    change: LevelChange,
    state: BalanceState,
    *,
    balance: Money,
    thresholds: Thresholds,
    routed: RoutedOutbox,
    now: datetime,
) -> None:
    """Enqueue what a verdict calls for; `state` is as it was before, and is given the message's key."""
    if not (change.notice or change.improved):
        return
    samples = read_samples(session, balance.currency, since=now - WEEK, until=now)
    facts = _make_facts(change, balance=balance, thresholds=thresholds, state=state, samples=samples, now=now)
    urgent = facts.level is Level.CRITICAL
    if change.notice == LOW and not (change.repeated and state.subject):
        _close(session, state, facts, ended="worse", routed=routed, now=now)
        state.subject = f"balance:{balance.currency}:{now.isoformat()}"
        notification = _make_alarm(facts, subject=state.subject)
        announce(session, notification, routes=routed.routes, outbox=routed.outbox, now=now)
        _ask_for_pictures(session, state, routed=routed, now=now)
    elif change.notice == LOW:
        _repeat(session, state, facts, urgent=urgent, routed=routed, now=now)
    elif change.improved:
        _update(session, state, facts, routed=routed, now=now)
    else:
        _close(session, state, facts, ended="recovered", routed=routed, now=now)
        notification = Notification(kind=BalanceRecovered.template, facts=facts, urgent=urgent, alarm=True)
        announce(session, notification, routes=routed.routes, outbox=routed.outbox, now=now)


def _find_called(facts: BalanceFacts) -> str | None:
    """Return the role that is mentioned by default: top-ups are about to fail, whatever the routes forgot."""
    return _ON_CALL if facts.level is Level.CRITICAL else None


def _make_alarm(facts: BalanceFacts, *, subject: str | None) -> Notification:
    urgent = facts.level is Level.CRITICAL
    return Notification(
        kind=LOW, facts=facts, urgent=urgent, alarm=True, subject=subject, calls=_find_called(facts)
    )


def _repeat(
    session: Session,
    state: BalanceState,
    facts: BalanceFacts,
    *,
    urgent: bool,
    routed: RoutedOutbox,
    now: datetime,
) -> None:
    """Bring the message up to date, and say under it that it is still so."""
    subject = str(state.subject)
    if not routed.outbox.recipients_of(session, subject):
        # No copy is left that could say so, whatever became of it: it is announced again.
        again = _make_alarm(facts, subject=subject)
        announce(session, again, routes=routed.routes, outbox=routed.outbox, now=now)
        _ask_for_pictures(session, state, routed=routed, now=now)
        return
    _update(session, state, facts, routed=routed, now=now)
    places = find_destinations(LOW, facts, routes=routed.routes, calls=_find_called(facts))
    mentions = {place.route_channel.channel: place.route_channel.mentions for place in places}
    for recipient in sorted(routed.outbox.recipients_of(session, subject)):
        routed.outbox.enqueue(
            session,
            kind=STILL_LOW,
            facts=BalanceStillLow(**{**list_facts(facts), "mentions": mentions.get(recipient, [])}),
            recipient=recipient,
            now=now,
            thread_of=subject,
            broadcast=urgent,
            urgent=urgent,
        )
    _ask_for_pictures(session, state, routed=routed, now=now)


def _close(
    session: Session, state: BalanceState, facts: BalanceFacts, *, ended: str, routed: RoutedOutbox, now: datetime
) -> None:
    """Let the earlier message say how it ended."""
    _update(session, state, replace(facts, ended=ended), routed=routed, now=now)
    state.subject = None


def _update(
    session: Session, state: BalanceState, facts: BalanceFacts, *, routed: RoutedOutbox, now: datetime
) -> None:
    if state.subject:
        routed.outbox.edit(session, key=state.subject, kind=LOW, facts=facts, now=now)


def _ask_for_pictures(session: Session, state: BalanceState, *, routed: RoutedOutbox, now: datetime) -> None:
    """Ask for a picture of the trend under every copy of the message, which does not wait for it."""
    for recipient in routed.outbox.recipients_of(session, str(state.subject)):
        known = {"key": str(state.subject), "recipient": recipient, "until": now}
        facts = {"currency": state.currency, "status": "waiting", "due_at": now, "attempts": 0}
        insert_once(session, BalancePicture, known | facts)


def _make_facts(
    change: LevelChange,
    *,
    balance: Money,
    thresholds: Thresholds,
    state: BalanceState,
    samples: Sequence[Sample],
    now: datetime,
) -> BalanceFacts:
    level = change.level_state.level
    limit = thresholds.critical if level is Level.CRITICAL else thresholds.warn
    paces = [forecast.measure(samples, window=window, now=now) for window in (DAY, WEEK)]
    is_new = change.notice == LOW and not change.repeated
    make = BalanceRecovered if change.notice == BalanceRecovered.template else BalanceLow
    return make(
        level=level,
        status=level,
        why=WhyFacts(value={"kind": make.template, "status": level, "currency": balance.currency}),
        currency=balance.currency,
        amount=balance,
        balance=balance,
        threshold=Money(amount=limit, currency=balance.currency),
        repeated=change.repeated,
        since=None if is_new else state.changed_at,
        asked=now,
        lasts=[forecast.say_lasts(pace, balance=balance) for pace in paces],
    )
