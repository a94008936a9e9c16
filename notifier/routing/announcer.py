"""Announcing: one notification becomes a delivery for each channel that the routes name.

A notice is a message of its own, a line of a storm's digest, or held back by a silence; it is never dropped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from notifier.outbox import recurring_problems
from notifier.outbox.notice_facts import AcknowledgementFacts, NoticeFacts, RepeatedFacts
from notifier.outbox.outbox import Outbox
from notifier.outbox.tables import DeliveryStatus
from notifier.routing import acknowledgements, silences, storms
from notifier.routing.locks import lock_announcing
from notifier.routing.notification import Notification
from notifier.routing.routes import DEFAULT, Routes, match
from notifier.routing.storm_rules import NoticePlacement, StormRule
from notifier.routing.storms import RouteChannel


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A channel that gets a notification, and who gets it next when nobody acknowledges it `within` the time."""

    route_channel: RouteChannel
    within: timedelta | None = None
    then: tuple[str, ...] = ()


def announce(
    session: Session, notification: Notification, *, routes: Routes, outbox: Outbox, now: datetime
) -> list[str]:
    """Enqueue a notification for each channel that the routes name; return the ids of the new deliveries.

    What has a subject is one message for each recipient: a copy that exists is brought to the newer facts. What is
    urgent asks for an acknowledgement.
    """
    lock_announcing(session)
    facts, subject = notification.facts, notification.subject
    looked_at = notification.stage or facts
    places = find_destinations(notification.kind, looked_at, routes=routes, calls=notification.calls)
    if subject and notification.counted and isinstance(facts, RepeatedFacts):
        repeat = recurring_problems.count_again(session, subject, now=now)
        subject, facts = repeat.key, recurring_problems.show_repeats(facts, repeat)
    known = _update(session, notification, facts, subject, places, routes=routes, outbox=outbox, now=now)
    new = [place for place in places if place.route_channel.channel not in known]
    if not new:
        return []
    key = subject or (outbox.make_key() if notification.urgent else None)
    # What happened now: a silence of authorised purchases must not hold back that one was reversed (N2, N7).
    silence = None
    if not notification.alarm:
        silence = silences.find_silence(session, notification.kind, looked_at, now=now)
    delivery_ids = []
    for place in new:
        placed = _place(session, notification, place, key=key, silence=silence, outbox=outbox, now=now)
        delivery_ids.append(
            outbox.enqueue(
                session,
                kind=notification.kind,
                facts=replace(facts, acknowledge=placed.acknowledgement, mentions=placed.mentions),
                recipient=place.route_channel.channel,
                now=now,
                key=key,
                urgent=notification.urgent,
                # A storm folds what waits of its route, and an alarm is of none.
                route=None if notification.alarm else place.route_channel.route,
                status=placed.status,
                part_of=placed.part_of,
            )
        )
    return delivery_ids


def _update(
    session: Session,
    notification: Notification,
    facts: NoticeFacts,
    subject: str | None,
    places: Sequence[Destination],
    *,
    routes: Routes,
    outbox: Outbox,
    now: datetime,
) -> Mapping[str, str]:
    """Bring what was posted before up to date; return which message a channel has, that of the subject first."""
    known: dict[str, str] = {}
    subjects = () if subject is None or notification.is_first else (subject, *notification.twins)
    for each in subjects:
        copies = outbox.recipients_of(session, each)
        if not copies:
            continue
        known = dict.fromkeys(copies, each) | known
        if notification.reply is not None and notification.urgent:
            channels = [channel for channel, key in known.items() if key == each]
            _ask_again(session, each, places, channels, now=now)
        newer = replace(facts, acknowledge=acknowledgements.state_of(session, each), mentions=())
        outbox.edit(session, key=each, kind=notification.kind, facts=newer, now=now)
    if notification.reply is not None:
        _reply(session, notification, notification.reply, known, places, routes=routes, outbox=outbox, now=now)
    return known


def _reply(
    session: Session,
    notification: Notification,
    reply: NoticeFacts,
    known: Mapping[str, str],
    places: Sequence[Destination],
    *,
    routes: Routes,
    outbox: Outbox,
    now: datetime,
) -> None:
    """Tell a change under the message that it changed, and in the channel; its own route says who is mentioned.

    It is a post like others, so it counts, and in a storm it is a line.
    """
    of_route = {place.route_channel.channel: place for place in places}
    for channel in sorted(known):
        place = of_route.get(channel) or Destination(route_channel=name_updates(channel, routes))
        placed = _place(session, notification, place, key=None, silence=None, outbox=outbox, now=now)
        is_alone = placed.status is DeliveryStatus.WAITING
        outbox.enqueue(
            session,
            kind=reply.template,
            facts=replace(reply, mentions=placed.mentions),
            recipient=channel,
            now=now,
            thread_of=known[channel] if is_alone else None,
            broadcast=is_alone,
            urgent=notification.urgent,
            route=None if notification.alarm else place.route_channel.route,
            status=placed.status,
            part_of=placed.part_of,
        )


def _ask_again(
    session: Session, subject: str, places: Sequence[Destination], known: Sequence[str], *, now: datetime
) -> None:
    """Ask for an acknowledgement of what came now, also when somebody took an earlier stage on."""
    asked = [place for place in places if place.route_channel.channel in known]
    if asked:
        strictest = min(asked, key=lambda place: place.within or timedelta.max)
        acknowledgements.request_again(session, subject, within=strictest.within, then=strictest.then, now=now)


@dataclass(frozen=True, kw_only=True)
class _Placed:
    """Whether a delivery is a message of its own, or part of a storm or silence, and who is mentioned."""

    status: DeliveryStatus
    part_of: str | None = None
    mentions: Sequence[str] = ()
    acknowledgement: AcknowledgementFacts | None = None


def _place(
    session: Session,
    notification: Notification,
    place: Destination,
    *,
    key: str | None,
    silence: str | None,
    outbox: Outbox,
    now: datetime,
) -> _Placed:
    if silence is not None:
        return _Placed(status=DeliveryStatus.SILENCED, part_of=silence)
    placement, storm = NoticePlacement.ALONE, None
    if not notification.alarm:
        placement, storm = storms.place_notice(session, place.route_channel, outbox=outbox, now=now)
    is_alone = placement is NoticePlacement.ALONE
    acknowledgement = None
    acknowledged_as = key if is_alone else f"storm:{storm}"
    if notification.urgent and acknowledged_as is not None:
        acknowledgement = acknowledgements.request(
            session, acknowledged_as, within=place.within, then=place.then, now=now
        )
    mentions: Sequence[str] = ()
    if notification.alarm:
        mentions = place.route_channel.mentions
    elif is_alone:
        mentions = storms.take_mentions(session, place.route_channel, now=now)
    status = DeliveryStatus.WAITING if is_alone else DeliveryStatus.GATHERING
    return _Placed(status=status, part_of=storm, mentions=mentions, acknowledgement=acknowledgement)


def find_destinations(
    kind: str, facts: NoticeFacts, *, routes: Routes, calls: str | None = None
) -> list[Destination]:
    """Return the channels that get a notification, each by the first route that names it.

    The people of the role `calls` are mentioned where no route names a role.
    """
    found = match(routes.rules, kind, facts)
    default = () if calls is None or any(recipient.mentions for recipient in found.recipients) else (calls,)
    mentions: dict[str, dict[str, None]] = {}
    for recipient in found.recipients:
        roles = recipient.mentions or default
        mentioned = [id_ for role in roles for id_ in routes.mentions.get(role, ())]
        mentions.setdefault(routes.resolve(recipient.to), {}).update(dict.fromkeys(mentioned))
    places: dict[str, Destination] = {}
    for decision in found.decisions:
        if not decision.matched:
            continue
        rule = routes.rules[decision.rule] if decision.rule is not None else None
        for channel in map(routes.resolve, rule.to if rule else (DEFAULT,)):
            route_channel = RouteChannel(
                route=_name(decision.rule),
                channel=channel,
                mentions=list(mentions.get(channel, ())),
                rule=_budget(routes, rule.budget if rule else None),
            )
            within, then = (rule.acknowledge_within, rule.then) if rule else (None, ())
            place = Destination(route_channel=route_channel, within=within, then=then)
            places[channel] = _merge(places.get(channel), place)
    return list(places.values())


def _merge(first: Destination | None, other: Destination) -> Destination:
    """Return the one message of a channel that several routes name: by the first, with the strictest clock."""
    if first is None:
        return other
    stricter, laxer = sorted((first, other), key=lambda place: place.within or timedelta.max)
    return replace(first, within=stricter.within, then=tuple(dict.fromkeys((*stricter.then, *laxer.then))))


def name_updates(channel: str, routes: Routes) -> RouteChannel:
    """Return what counts the posts to a channel that no route sent there, such as an edit that became a post."""
    return RouteChannel(route="updates", channel=channel, mentions=[], rule=routes.storms)


def list_budgets(routes: Routes) -> dict[tuple[str, str], StormRule]:
    """Return the budget of each route in each of its channels."""
    return {
        (_name(place), routes.resolve(name)): _budget(routes, rule.budget)
        for place, rule in enumerate(routes.rules)
        for name in rule.to
    } | {(_name(None), routes.resolve(DEFAULT)): routes.storms}


def _name(place: int | None) -> str:
    return "default" if place is None else f"route {place + 1}"


def _budget(routes: Routes, budget: int | None) -> StormRule:
    return routes.storms if budget is None else routes.storms.model_copy(update={"budget": budget})
