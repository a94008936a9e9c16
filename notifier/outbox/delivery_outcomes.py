"""Recording what became of a claimed delivery; every finishing update repeats the lease token."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, update
from sqlmodel import Session, SQLModel, col, select

from notifier.outbox.attempt import Delivered, RepeatInDoubt
from notifier.outbox.backoff import RetryDecision, Scope, Trouble
from notifier.outbox.claims import DeliveryClaim
from notifier.outbox.slack_errors import NotDelivered
from notifier.outbox.tables import Delivery, DeliveryStatus, Lane, Message
from notifier.outbox.turns import ALL, EDITS, is_of_edits, lane_of_posts
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
        # An edit whose message was deleted became a post, which the next post has to wait for.
        _change_lane(session, _make_lane(session, lane_of_posts(claim.lane)), changes)
    if claim.lane_fails_since is not None:
        _end_failing(session, claim, since=claim.lane_fails_since, now=now)
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
            "due_at": now if unauthorised else now + (decision.alone_for or decision.wait),
            **({"alone_since": now} if decision.alone_for and not claim.history.alone else {}),
            **_doubts(claim, failure, now=now),
            "repeats": claim.history.repeats + isinstance(failure, RepeatInDoubt),
            "last_error": failure.code,
            # Not its own fault: a revoked token must not age it to death.
            "attempts": claim.history.attempts - unauthorised,
            "first_tried_at": None if unauthorised else claim.history.first_tried_at,
        },
    )
    if decision.scope is Scope.LANE:
        # Slack counts the edits of all channels together, and its Retry-After is for all of them.
        is_limited_edit = failure.trouble is Trouble.LIMITED and is_of_edits(claim.lane)
        lane = _make_lane(session, EDITS) if is_limited_edit else claim.lane
        _change_lane(session, lane, {"blocked_until": until})
        if failure.trouble is not Trouble.LIMITED:
            _note_failing(session, claim, until=until, now=now)
    elif decision.scope is Scope.ALL:
        _change_lane(
            session,
            _make_lane(session, ALL),
            {"blocked_until": until, "failures": claim.history.pauses_of_all + 1},
        )
    if failure.trouble is Trouble.REFUSED and claim.known.dm:
        _change_lane(session, claim.lane, {"channel": None})  # perhaps the known DM is no longer good


def _note_failing(session: Session, claim: DeliveryClaim, *, until: datetime, now: datetime) -> None:
    """Note since when a lane fails; what stepped aside first is tried first when the lane goes on."""
    if claim.lane_fails_since is None:
        _change_lane(session, claim.lane, {"failing_since": now})
    if claim.first_aside is not None:
        waits = col(Delivery.status) == DeliveryStatus.WAITING
        _update(session, Delivery, {"due_at": until}, col(Delivery.id) == claim.first_aside, waits)


def _end_failing(session: Session, claim: DeliveryClaim, *, since: datetime, now: datetime) -> None:
    """Note that a lane works: what stepped aside first, and was tried just before, has a trouble of its own.

    Whatever else stepped aside is tried again now, in order: in an outage everything fails.
    """
    _update(
        session,
        Delivery,
        {"alone_since": None, "due_at": now},
        col(Delivery.lane) == claim.lane,
        col(Delivery.status) == DeliveryStatus.WAITING,
        col(Delivery.alone_since) >= since,
        col(Delivery.id) != (claim.first_aside or ""),
    )
    _change_lane(session, claim.lane, {"failing_since": None})


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


def record_repost(session: Session, claim: DeliveryClaim, failure: NotDelivered, *, now: datetime) -> None:
    """Have an edit whose message is gone wait as a post; raises DeliveryLeaseLost."""
    # Nothing of it was posted, whatever became of earlier edits.
    changes = {"lane": lane_of_posts(claim.lane), "due_at": now, "started_at": None, "doubt_since": None}
    _finish(session, claim, {**changes, "last_error": failure.code})


def mark_unreachable(session: Session, claim: DeliveryClaim, *, now: datetime) -> bool:
    """Mark a lane that cannot be written to; return whether that is news."""
    name = _make_lane(session, lane_of_posts(claim.lane))
    lane = session.exec(select(Lane).where(Lane.name == name).with_for_update()).one()
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


def _make_lane(session: Session, name: str) -> str:
    """Make sure that there is a row for this lane, and return its name."""
    insert_once(session, Lane, {"name": name, "failures": 0})
    return name


def _change_lane(session: Session, name: str, changes: dict[str, Any]) -> None:
    _update(session, Lane, changes, col(Lane.name) == name)


def _update(session: Session, table: type[SQLModel], changes: dict[str, Any], *where: Any) -> int:
    result = session.connection().execute(update(table).where(*where).values(**changes))
    assert isinstance(result, CursorResult)  # noqa: S101 - for the type checker: an UPDATE returns no other
    return result.rowcount
