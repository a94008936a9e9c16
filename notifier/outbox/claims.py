"""Claiming deliveries: which one is next in a free lane, and the lease by which it is ours."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Select, and_, bindparam, exists, func, or_, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from notifier.outbox.backoff import History
from notifier.outbox.outbox import OLDEST_FIRST
from notifier.outbox.tables import Delivery, DeliveryStatus, Lane, Message, SlackOperation
from notifier.outbox.turns import ALL, EDITS, Rank, Turn, is_of_edits, pace_edit, put_in_order
from storage.upsert import insert_once

Row = TypeVar("Row")


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The time until which a delivery is ours, and the token that proves it."""

    token: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class KnownPlaces:
    """What is known of where a delivery goes.

    `copy` is the message to edit, `parent` the one to answer under, `dm` the channel of direct messages.
    """

    dm: str | None
    copy: Message | None
    parent: Message | None


@dataclass(frozen=True, kw_only=True)
class DeliveryClaim:
    """A delivery that is ours until the lease ends; `facts` are still sealed.

    `in_doubt_since` is set when an earlier attempt may have posted it. `first_aside` comes before it in its lane,
    and stepped aside without anything delivered since. `correlation` is the id in the key of its message.
    """

    delivery_id: str
    lease: Lease
    kind: str
    facts: bytes
    operation: SlackOperation
    recipient: str
    lane: str
    key: str
    correlation: str
    lane_fails_since: datetime | None
    first_aside: str | None
    fallback: bool
    broadcast: bool
    created_at: datetime
    in_doubt_since: datetime | None
    history: History
    known: KnownPlaces


def claim(session: Session, *, now: datetime, lease: timedelta, token: str) -> DeliveryClaim | None:
    """Lease the first delivery of the lane whose turn it is, or return None when nothing can be done now.

    A lane is free when none of its deliveries is leased and neither Slack nor a pause blocks it.
    """
    whole = session.get(Lane, ALL)
    if whole and whole.blocked_until and whole.blocked_until > now:
        return None
    for name in _free_lanes(session, now):
        insert_once(session, Lane, {"name": name, "failures": 0})
        lane = session.exec(_locked(select(Lane).where(Lane.name == name))).first()
        if lane is not None and (delivery := _next_of(session, name, lane, now, locked=True)) is not None:
            if is_of_edits(name) and not _pace_edits(session, now):
                continue
            return _lease(session, delivery, lane, whole, now=now, until=now + lease, token=token)
    return None


def next_due(session: Session, *, now: datetime) -> datetime | None:
    """Return when there may be something to do next, None when nothing waits."""
    whole = session.get(Lane, ALL)
    lanes = _lanes(session)
    earliest = []
    for name in _waiting_lanes(session):
        held_by = [lanes.get(name), lanes.get(EDITS) if is_of_edits(name) else None]
        holds = [time for lane in held_by if lane for time in (lane.blocked_until, lane.paced_until)]
        due = _first_due(session, name, now)
        earliest.append(max(time for time in (due, *holds) if time is not None))
    if not earliest:
        return None
    return max([min(earliest), now, *([whole.blocked_until] if whole and whole.blocked_until else [])])


def _first_due(session: Session, name: str, now: datetime) -> datetime:
    """Return when the first delivery of a lane is due; where all are leased, when the first lease ends."""
    of_lane = (col(Delivery.status) == DeliveryStatus.WAITING, col(Delivery.lane) == name)
    free = or_(col(Delivery.lease_until).is_(None), col(Delivery.lease_until) <= now)
    first = select(Delivery.due_at).where(*of_lane, free).order_by(col(Delivery.due_at)).limit(1)
    if (due := session.exec(first).first()) is not None:
        return due
    return session.exec(select(func.min(col(Delivery.lease_until))).where(*of_lane)).one() or now


def _waiting_lanes(session: Session) -> list[str]:
    """Return the lanes in which something waits, walking from one to the next in the index, not over all rows."""
    return [str(name) for name in session.connection().execute(_make_walk()).scalars()]


@cache  # as _make_next
def _make_walk() -> Select[Any]:
    waits = Delivery.status == DeliveryStatus.WAITING
    walk = select(func.min(Delivery.lane).label("name")).where(waits).cte("walk", recursive=True)
    following = select(func.min(Delivery.lane)).where(waits, Delivery.lane > walk.c.name).scalar_subquery()
    walk = walk.union_all(select(following).where(walk.c.name.is_not(None)))
    return select(walk.c.name).where(walk.c.name.is_not(None))


def _lanes(session: Session) -> dict[str, Lane]:
    return {lane.name: lane for lane in session.exec(select(Lane)).all()}


def _free_lanes(session: Session, now: datetime) -> list[str]:
    """Return the lanes that have something to do, in the order of their turns."""
    lanes = _lanes(session)
    turns = []
    for name in _waiting_lanes(session):
        lane = lanes.get(name)
        if is_of_edits(name) and _is_held(lanes.get(EDITS), now):
            continue
        if (first := _next_of(session, name, lane, now)) is not None:
            turns.append(
                Turn(
                    lane=name,
                    delivery=(first.seq, first.id),
                    rank=Rank.EDIT if is_of_edits(name) else Rank.URGENT if first.urgent else Rank.POST,
                    due_at=first.due_at,
                    served_at=lane.served_at if lane else None,
                )
            )
    return [turn.lane for turn in put_in_order(turns, now=now)]


def _is_held(lane: Lane | None, now: datetime) -> bool:
    holds = (lane.blocked_until, lane.paced_until) if lane else ()
    return any(until is not None and until > now for until in holds)


def _pace_edits(session: Session, now: datetime) -> bool:
    """Count one more edit; return whether it may be made, as another worker may have made one meanwhile."""
    insert_once(session, Lane, {"name": EDITS, "failures": 0})
    query = select(Lane).where(Lane.name == EDITS).with_for_update()
    edits = session.exec(query.execution_options(populate_existing=True)).one()
    if _is_held(edits, now):
        return False
    edits.paced_until = pace_edit(edits.paced_until, now=now)
    return True


def _next_of(
    session: Session, name: str, lane: Lane | None, now: datetime, *, locked: bool = False
) -> Delivery | None:
    """Return the next delivery of a lane; asked again with the lane locked, as another worker may be quicker."""
    if _is_held(lane, now):
        return None
    query = _make_next(locked=locked)
    for urgent in (True, False):  # apart, so that each walks the index in its order
        found = session.exec(query, params={"lane": name, "urgent": urgent, "now": now}).first()
        if found is not None:
            return found
    return None


@cache  # these are asked for every notice, and building one takes longer than asking it
def _make_next(*, locked: bool) -> SelectOfScalar[Delivery]:
    """Return the query for a lane's next: due, nobody's, the lane not at work, its thread and its copy there."""
    now: Any = bindparam("now")
    other: Any = aliased(Delivery)
    # One at a time in a channel: two workers could post in the wrong order.
    busy = exists().where(
        other.lane == col(Delivery.lane), other.status == DeliveryStatus.WAITING, other.lease_until > now
    )
    # A reply needs the ts of its parent, which Slack gives when that is posted.
    parent_waits = exists().where(
        other.key == col(Delivery.thread_of),
        other.recipient == col(Delivery.recipient),
        other.operation == SlackOperation.POST,
        other.status == DeliveryStatus.WAITING,
    )
    # An edit needs its post, and an older edit after a newer one would bring old facts back.
    earlier_waits = exists().where(
        other.key == col(Delivery.key),
        other.recipient == col(Delivery.recipient),
        other.status == DeliveryStatus.WAITING,
        tuple_(other.seq, other.id) < tuple_(*OLDEST_FIRST),
    )
    query = (
        select(Delivery)
        .where(
            Delivery.lane == bindparam("lane"),
            Delivery.urgent == bindparam("urgent"),
            col(Delivery.status) == DeliveryStatus.WAITING,
            col(Delivery.due_at) <= now,
            or_(col(Delivery.lease_until).is_(None), col(Delivery.lease_until) <= now),
            ~busy,
            or_(col(Delivery.thread_of).is_(None), ~parent_waits),
            or_(col(Delivery.operation) == SlackOperation.POST, and_(~earlier_waits)),
        )
        .order_by(*OLDEST_FIRST)
        .limit(1)
    )
    return _locked(query) if locked else query


def _locked(query: SelectOfScalar[Row]) -> SelectOfScalar[Row]:
    """Return the query that locks its rows, and reads them as they are now, not as this session last saw them."""
    return query.with_for_update(skip_locked=True).execution_options(populate_existing=True)


def _lease(
    session: Session,
    delivery: Delivery,
    lane: Lane,
    whole: Lane | None,
    *,
    now: datetime,
    until: datetime,
    token: str,
) -> DeliveryClaim:
    # A row that was begun and never recorded was in the hands of a worker that died: it may be posted.
    in_doubt_since = delivery.doubt_since or delivery.started_at
    delivery.lease_token, delivery.lease_until = token, until
    delivery.started_at, delivery.doubt_since = now, in_doubt_since
    delivery.first_tried_at = delivery.first_tried_at or now
    delivery.attempts += 1
    lane.served_at = now
    session.flush()
    is_edit = delivery.operation == SlackOperation.EDIT
    first_aside = _find_first_aside(session, delivery, lane)
    return DeliveryClaim(
        delivery_id=delivery.id,
        lease=Lease(token=token, until=until),
        kind=delivery.kind,
        facts=delivery.facts,
        operation=SlackOperation(delivery.operation),
        recipient=delivery.recipient,
        lane=delivery.lane,
        key=delivery.key,
        correlation=(delivery.thread_of or delivery.key).rpartition(":")[2],
        lane_fails_since=lane.failing_since,
        first_aside=first_aside,
        fallback=delivery.fallback,
        broadcast=delivery.broadcast,
        created_at=delivery.created_at,
        in_doubt_since=in_doubt_since,
        history=History(
            attempts=delivery.attempts,
            repeats=delivery.repeats,
            first_tried_at=delivery.first_tried_at,
            pauses_of_all=whole.failures if whole else 0,
            alone=delivery.alone_since is not None and not _is_unproven(delivery, lane),
            behind=first_aside is not None,
        ),
        known=KnownPlaces(
            dm=lane.channel,
            copy=_find_message(session, delivery.key, delivery.recipient) if is_edit else None,
            parent=_find_message(session, delivery.thread_of, delivery.recipient) if delivery.thread_of else None,
        ),
    )


def _is_unproven(delivery: Delivery, lane: Lane) -> bool:
    """Whether it may have stepped aside in an outage: nothing of its lane was delivered since."""
    since = lane.failing_since
    return since is not None and delivery.alone_since is not None and delivery.alone_since >= since


def _find_first_aside(session: Session, delivery: Delivery, lane: Lane) -> str | None:
    """Return what comes before this delivery in its lane, and stepped aside without anything delivered since."""
    if lane.failing_since is None:
        return None
    sooner = and_(col(Delivery.urgent) == delivery.urgent, tuple_(*OLDEST_FIRST) < (delivery.seq, delivery.id))
    query = select(Delivery.id).where(
        Delivery.lane == delivery.lane,
        Delivery.status == DeliveryStatus.WAITING,
        col(Delivery.alone_since) >= lane.failing_since,
        sooner if delivery.urgent else or_(sooner, col(Delivery.urgent)),
    )
    return session.exec(query.order_by(col(Delivery.urgent).desc(), *OLDEST_FIRST).limit(1)).first()


def _find_message(session: Session, key: str, recipient: str) -> Message | None:
    return session.exec(select(Message).where(Message.key == key, Message.recipient == recipient)).first()
