"""Recording what became of a claimed delivery; every finishing update repeats the lease token."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, update
from sqlmodel import Session, SQLModel, col, select

from notifier.outbox.attempt import Delivered, RepeatInDoubt
from notifier.outbox.backoff import RetryDecision, Scope, Trouble
from notifier.outbox.claims import ALL, DeliveryClaim
from notifier.outbox.slack_errors import NotDelivered
from notifier.outbox.tables import Delivery, DeliveryStatus, Lane, Message
from storage.upsert import insert_once

PACE = timedelta(seconds=1)  # between two posts to one channel (docs.slack.dev/apis/web-api/rate-limits)


class DeliveryLeaseLost(Exception):
    """The lease ended and another worker has taken the delivery: what this one did is not recorded."""


def record_delivered(
    session: Session, claim: DeliveryClaim, delivered: Delivered, *, now: datetime, make_id: Callable[[], str]
) -> None:
    """Record the message, and free its lane in a second; raises DeliveryLeaseLost."""
    _finish(session, claim, {"status": DeliveryStatus.DELIVERED, "finished_at": now, "last_error": None})
    _keep_message(session, claim, delivered, now=now, make_id=make_id)
    changes: dict[str, Any] = {"paced_until": now + PACE} if delivered.posted else {}
    if claim.lane == claim.recipient:
        # Not after a detour: the fallback channel proves nothing about the recipient's own.
        changes["unreachable_since"] = None
        changes |= {"channel": delivered.place.channel} if delivered.place.channel.startswith("D") else {}
    if changes:
        _change_lane(session, claim.lane, changes)
    if claim.history.pauses_of_all:
        # Slack takes the token again, so whatever waits need not wait for the end of the pause.
        _change_lane(session, ALL, {"failures": 0, "blocked_until": None})


def record_retry(
    session: Session, claim: DeliveryClaim, failure: NotDelivered, decision: RetryDecision, *, now: datetime
) -> None:
    """Record that there will be another attempt, and block what has to wait with it; raises DeliveryLeaseLost."""
    until = now + decision.wait
    unauthorised = failure.trouble is Trouble.UNAUTHORISED
    _finish(
        session,
        claim,
        {
            "due_at": now if unauthorised else until,
            **_doubts(claim, failure, now=now),
            "repeats": claim.history.repeats + isinstance(failure, RepeatInDoubt),
            "last_error": failure.code,
            # Not its own fault: a revoked token must not age it to death.
            "attempts": claim.history.attempts - unauthorised,
            "first_tried_at": None if unauthorised else claim.history.first_tried_at,
        },
    )
    if decision.scope is Scope.LANE:
        _change_lane(session, claim.lane, {"blocked_until": until})
    elif decision.scope is Scope.ALL:
        insert_once(session, Lane, {"name": ALL, "failures": 0})
        _change_lane(session, ALL, {"blocked_until": until, "failures": claim.history.pauses_of_all + 1})
    if failure.trouble is Trouble.REFUSED and claim.known.dm:
        _change_lane(session, claim.lane, {"channel": None})  # perhaps the known DM is no longer good


def record_detour(
    session: Session, claim: DeliveryClaim, failure: NotDelivered, *, fallback: str, now: datetime
) -> None:
    """Send the delivery to the fallback channel; raises DeliveryLeaseLost."""
    _finish(
        session,
        claim,
        {
            "fallback": True,
            "lane": fallback,
            "due_at": now,
            "last_error": failure.code,
            **_doubts(claim, failure, now=now),
        },
    )


def mark_unreachable(session: Session, claim: DeliveryClaim, *, now: datetime) -> bool:
    """Mark a lane that cannot be written to; return whether that is news."""
    lane = session.exec(select(Lane).where(Lane.name == claim.lane).with_for_update()).one()
    if lane.unreachable_since is not None:
        return False
    lane.unreachable_since = now
    session.flush()
    return True


def record_dead(session: Session, claim: DeliveryClaim, failure: NotDelivered, *, now: datetime) -> None:
    """Record that the delivery is not tried again; raises DeliveryLeaseLost."""
    changes = {"status": DeliveryStatus.DEAD, "finished_at": now, "last_error": failure.code}
    _finish(session, claim, {**changes, **_doubts(claim, failure, now=now)})


def _doubts(claim: DeliveryClaim, failure: NotDelivered, *, now: datetime) -> dict[str, datetime | None]:
    """Return what is known after an attempt without success: since when something may have been posted."""
    # An earlier doubt stays: a later refusal does not show that the first attempt was not posted.
    since = claim.in_doubt_since or (now if failure.trouble is Trouble.IN_DOUBT else None)
    return {"started_at": None, "doubt_since": since}


def _finish(session: Session, claim: DeliveryClaim, changes: dict[str, Any]) -> None:
    changed = _update(
        session,
        Delivery,
        {**changes, "lease_token": None, "lease_until": None},
        col(Delivery.id) == claim.delivery_id,
        # Fencing: a worker that slept past its lease must not overwrite what its successor recorded.
        col(Delivery.lease_token) == claim.lease.token,
        col(Delivery.status) == DeliveryStatus.WAITING,
    )
    if not changed:
        raise DeliveryLeaseLost


def _keep_message(
    session: Session, claim: DeliveryClaim, delivered: Delivered, *, now: datetime, make_id: Callable[[], str]
) -> None:
    place = {"channel": delivered.place.channel, "ts": delivered.ts, "thread_ts": delivered.place.thread_ts}
    known = {"key": claim.key, "recipient": claim.recipient}
    if claim.known.copy and (claim.known.copy.channel, claim.known.copy.ts) == (place["channel"], place["ts"]):
        return
    if not insert_once(session, Message, {"id": make_id(), **known, **place, "posted_at": now}):
        _update(
            session,
            Message,
            {**place, "posted_at": now},
            col(Message.key) == claim.key,
            col(Message.recipient) == claim.recipient,
        )


def _change_lane(session: Session, name: str, changes: dict[str, Any]) -> None:
    _update(session, Lane, changes, col(Lane.name) == name)


def _update(session: Session, table: type[SQLModel], changes: dict[str, Any], *where: Any) -> int:
    result = session.connection().execute(update(table).where(*where).values(**changes))
    assert isinstance(result, CursorResult)  # noqa: S101 - for the type checker: an UPDATE returns no other
    return result.rowcount
