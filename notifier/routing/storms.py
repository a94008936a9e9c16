"""Storms in rows: whether a notice is a message of its own, and the digest that is edited in place.

Several replicas announce at once, so each has the announcing lock before it decides, until its transaction ends.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from notifier.outbox.notice_facts import NoticeFacts
from notifier.outbox.outbox import Outbox
from notifier.outbox.tables import Delivery, DeliveryStatus, SlackOperation
from notifier.routing import acknowledgements
from notifier.routing.digest_threads import HOLD, DigestThread, gather, is_unposted
from notifier.routing.digest_totals import DigestGroup, NameCount, add_to_tally, show_tally, start_tally
from notifier.routing.storm_rules import NoticePlacement, Storm, StormRule, StormState, count, decide, settle
from notifier.routing.tables import Flow
from storage.savepoints import try_each
from storage.vault import Unreadable


@dataclass(frozen=True, kw_only=True)
class StormFacts(NoticeFacts, template="storm"):
    """The digest of a storm: its totals, the budget that it broke, and when it began and ended."""

    count: int
    groups: Sequence[DigestGroup]
    merchants: Sequence[NameCount]
    cards: Sequence[NameCount]
    budget: int
    window: timedelta
    began: datetime | None
    ended: datetime | None


@dataclass(frozen=True, kw_only=True)
class RouteChannel:
    """One route into one channel, the ids that it mentions there, and its budget."""

    route: str
    channel: str
    mentions: list[str]
    rule: StormRule


def place_notice(
    session: Session, route_channel: RouteChannel, *, outbox: Outbox, now: datetime
) -> tuple[NoticePlacement, str | None]:
    """Return what becomes of a notice, and the storm of which it is a part; a storm that begins has its digest."""
    flow = _flow(session, route_channel)
    state = _settle(session, flow, _read(flow), rule=route_channel.rule, outbox=outbox, now=now)
    waiting = 0 if state.storm else _count_waiting(session, route_channel)
    state, placement = decide(state, rule=route_channel.rule, waiting=waiting, now=now)
    _write(flow, state)
    if placement is NoticePlacement.BEGINS:
        _begin(session, flow, route_channel, outbox=outbox, now=now)
    return placement, flow.storm


def count_post(session: Session, route_channel: RouteChannel, *, outbox: Outbox, now: datetime) -> None:
    """Count a post that is a message of its own whatever comes: it uses up the budget of others."""
    flow = _flow(session, route_channel)
    state = _settle(session, flow, _read(flow), rule=route_channel.rule, outbox=outbox, now=now)
    _write(flow, count(state, rule=route_channel.rule, now=now))


def take_mentions(session: Session, route_channel: RouteChannel, *, now: datetime) -> list[str]:
    """Return who is mentioned in a message of its own: nobody that this route mentioned there within its window.

    What comes close together is looked at together, so one phone call is enough. In a storm its digest has called.
    """
    flow = _flow(session, route_channel)
    if not route_channel.mentions or flow.storm is not None or _has_called(flow, route_channel, now=now):
        return []
    flow.mentioned_at = now
    return route_channel.mentions


def _has_called(flow: Flow, route_channel: RouteChannel, *, now: datetime) -> bool:
    return flow.mentioned_at is not None and now - flow.mentioned_at < route_channel.rule.window


def update_digests(
    session: Session,
    *,
    rules: dict[tuple[str, str], StormRule],
    usual: StormRule,
    outbox: Outbox,
    now: datetime,
) -> int:
    """Bring the digests up to date and end the storms that are over; return how many notices became lines.

    `rules` are the budgets by route and channel; what is of no route, or of one that is gone, has the `usual` one.
    """

    def update_one(flow: Flow) -> int:
        rule = rules.get((flow.route, flow.channel), usual)
        lines = _gather(session, flow, rule=rule, outbox=outbox, now=now)
        _write(flow, _settle(session, flow, _read(flow), rule=rule, outbox=outbox, now=now))
        session.flush()
        return lines

    flows = select(Flow).where(col(Flow.storm).is_not(None)).order_by(col(Flow.route), col(Flow.channel))
    found = session.exec(flows).all()
    return try_each(
        session,
        found,
        update_one,
        name=lambda flow: f"{flow.route} in {flow.channel}",
        event="routing.item_broken",
    )


def _flow(session: Session, route_channel: RouteChannel) -> Flow:
    found = session.get(Flow, (route_channel.route, route_channel.channel))
    if found is None:
        found = Flow(route=route_channel.route, channel=route_channel.channel)
        session.add(found)
    # Held by the session: else each notice of a batch would read it again.
    session.info[Flow, route_channel.route, route_channel.channel] = found
    return found


def _read(flow: Flow) -> StormState:
    recent = tuple(datetime.fromtimestamp(moment, UTC) for moment in json.loads(flow.recent))
    if flow.storm is None or flow.began_at is None or flow.window_from is None:
        return StormState(recent=recent)
    storm = Storm(began_at=flow.began_at, window_from=flow.window_from, counted=flow.counted)
    return StormState(recent=recent, storm=storm)


def _write(flow: Flow, state: StormState) -> None:
    flow.recent = json.dumps([moment.timestamp() for moment in state.recent])
    storm = state.storm
    flow.began_at, flow.window_from = (storm.began_at, storm.window_from) if storm else (None, None)
    flow.counted = storm.counted if storm else 0


def _thread(flow: Flow) -> DigestThread:
    return DigestThread(
        key=f"storm:{flow.storm}", channel=flow.channel, pages={True: flow.urgent_pages, False: flow.pages}
    )


def _begin(session: Session, flow: Flow, route_channel: RouteChannel, *, outbox: Outbox, now: datetime) -> None:
    """Begin a digest; what of this route is still to be posted becomes a part of it."""
    flow.storm, flow.pages, flow.urgent_pages, flow.tally = outbox.make_key(), 0, 0, None
    # What somebody has begun may be in Slack already, so it stays a message of its own.
    unbegun = [*_waiting(route_channel), col(Delivery.started_at).is_(None), col(Delivery.doubt_since).is_(None)]
    folded = update(Delivery).where(*unbegun)
    session.flush()
    # One that mentions and was not posted yet has called nobody: the digest does it in its place.
    has_called = _has_called(flow, route_channel, now=now) and not any(
        _mentions_somebody(row, outbox) for row in session.exec(select(Delivery).where(*unbegun))
    )
    if not has_called:
        flow.mentioned_at = now
    urgent = select(Delivery.key).where(*_waiting(route_channel), col(Delivery.urgent))
    asked = session.exec(urgent.order_by(col(Delivery.seq), col(Delivery.id))).all()
    session.connection().execute(folded.values(status=DeliveryStatus.GATHERING, part_of=flow.storm))
    for row in [row for row in session if isinstance(row, Delivery)]:
        session.expire(row)
    for key in asked:
        if not outbox.recipients_of(session, key):
            acknowledgements.move(session, key, to=f"storm:{flow.storm}")
    outbox.enqueue(
        session,
        kind="storm",
        facts=replace(
            _facts(session, flow, start_tally(), rule=route_channel.rule),
            mentions=() if has_called else route_channel.mentions,
        ),
        recipient=flow.channel,
        now=now,
        key=f"storm:{flow.storm}",
        urgent=True,  # its thread waits for it
    )


def _mentions_somebody(delivery: Delivery, outbox: Outbox) -> bool:
    try:
        return bool(outbox.read(delivery).get("mentions"))
    except Unreadable:  # it may
        return True


def _gather(session: Session, flow: Flow, *, rule: StormRule, outbox: Outbox, now: datetime) -> int:
    thread, tally = _thread(flow), _open_tally(flow, outbox)
    assert flow.storm is not None  # noqa: S101 - the caller's condition, for the type checker
    lines = gather(
        session,
        thread,
        part_of=flow.storm,
        outbox=outbox,
        now=now,
        count=lambda kind, facts: add_to_tally(tally, kind, facts),
    )
    if lines:
        flow.pages, flow.urgent_pages = thread.pages[False], thread.pages[True]
        flow.tally = outbox.seal(tally, row=thread.key)
        facts = _facts(session, flow, tally, rule=rule)
        outbox.edit(session, key=thread.key, kind="storm", facts=facts, now=now, hold=HOLD)
    return lines


def _settle(
    session: Session, flow: Flow, before: StormState, *, rule: StormRule, outbox: Outbox, now: datetime
) -> StormState:
    """End the storm when it is over, and say so on its digest."""
    if before.storm is None or now - before.storm.window_from < rule.window:
        return before
    after = settle(before, rule=rule, unposted=is_unposted(session, _thread(flow)), now=now)
    # Once it is over, nothing is gathered for it any more: what waits becomes lines first.
    if after.storm is None:
        _gather(session, flow, rule=rule, outbox=outbox, now=now)
        facts = _facts(session, flow, _open_tally(flow, outbox), rule=rule, ended=now)
        outbox.edit(session, key=f"storm:{flow.storm}", kind="storm", facts=facts, now=now)
        flow.storm, flow.tally = None, None
    return after


def _open_tally(flow: Flow, outbox: Outbox) -> dict[str, Any]:
    try:
        return outbox.unseal(flow.tally, row=f"storm:{flow.storm}") if flow.tally else start_tally()
    except Unreadable:  # the sums begin again; the notices must not wait for them
        return start_tally()


def _facts(
    session: Session, flow: Flow, tally: dict[str, Any], *, rule: StormRule, ended: datetime | None = None
) -> StormFacts:
    totals = show_tally(tally)
    return StormFacts(
        count=totals.count,
        groups=totals.groups,
        merchants=totals.merchants,
        cards=totals.cards,
        budget=rule.budget,
        window=rule.window,
        began=flow.began_at,
        ended=ended,
        acknowledge=acknowledgements.state_of(session, f"storm:{flow.storm}"),
    )


def _waiting(route_channel: RouteChannel) -> list[Any]:
    return [
        col(Delivery.status) == DeliveryStatus.WAITING,
        col(Delivery.lane) == route_channel.channel,
        col(Delivery.route) == route_channel.route,
        col(Delivery.operation) == SlackOperation.POST,
    ]


def _count_waiting(session: Session, route_channel: RouteChannel) -> int:
    return session.exec(select(func.count()).select_from(Delivery).where(*_waiting(route_channel))).one()
