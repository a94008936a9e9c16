"""Silences in rows: which one holds a notice back, and what is posted at its end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Executable, bindparam, func, update
from sqlmodel import Session, col, select

from notifier.outbox.notice_facts import NoticeFacts
from notifier.outbox.outbox import NEWEST_FIRST, Outbox
from notifier.outbox.tables import Delivery, DeliveryStatus
from notifier.rendering.facts import TemplateFacts, list_facts
from notifier.routing.digest_lines import NoticeLine, write_line
from notifier.routing.digest_threads import DigestThread, gather
from notifier.routing.locks import lock_announcing
from notifier.routing.routes import DEFAULT, Routes
from notifier.routing.silence_matcher import Matcher, matches, may_be_silenced
from notifier.routing.tables import Silence

_SHOWN = 40


@dataclass(frozen=True, kw_only=True)
class SilenceFacts(TemplateFacts, template="silence"):
    """What the message of a silence shows; `held` is how many notices it held back."""

    silence: str
    matcher: str
    owner: str
    reason: str
    began: datetime
    until: datetime
    ended: datetime | None
    ended_by: str | None
    held: int


class NoSuchSilence(Exception):
    """There is no silence with this id, or it has ended."""


class AlreadySilenced(Exception):
    """Exactly this is silenced already, `until` then, for this `reason`."""

    def __init__(self, *, until: datetime, reason: str) -> None:
        super().__init__(reason)
        self.until = until
        self.reason = reason


def find_silence(session: Session, kind: str, facts: NoticeFacts, *, now: datetime) -> str | None:
    """Return the id of the oldest silence that holds a notice back, None when none does."""
    named = list_facts(facts)
    if not may_be_silenced(kind, named):
        return None
    rows = session.connection().execute(_make_those_on(), {"now": now})
    return next((name for name, matcher in rows.all() if matches(_read(matcher), kind, named)), None)


@cache  # asked for every notice
def _make_those_on() -> Executable:
    on = col(Silence.ended_at).is_(None), col(Silence.ends_at) > bindparam("now")
    return select(col(Silence.id), col(Silence.matcher)).where(*on).order_by(col(Silence.id))


def begin(
    session: Session,
    matcher: Matcher,
    *,
    owner: str,
    reason: str,
    until: datetime,
    routes: Routes,
    outbox: Outbox,
    now: datetime,
) -> Silence:
    """Begin a silence, and post it to the default channel; raises AlreadySilenced."""
    lock_announcing(session)  # else two that are typed at the same moment would both begin
    stored = matcher.model_dump_json(exclude_none=True)
    same = select(Silence).where(
        Silence.matcher == stored, col(Silence.ended_at).is_(None), col(Silence.ends_at) > now
    )
    if standing := session.exec(same.order_by(col(Silence.id)).limit(1)).first():
        raise AlreadySilenced(until=standing.ends_at, reason=standing.reason)
    silence = Silence(
        id=outbox.make_key(),
        matcher=stored,
        owner=owner,
        reason=reason,
        created_at=now,
        ends_at=until,
    )
    session.add(silence)
    session.flush()
    if channel := _channel(routes):
        outbox.enqueue(
            session,
            kind="silence",
            facts=_facts(silence, held=0),
            recipient=channel,
            now=now,
            key=_key(silence.id),
        )
    return silence


def end(
    session: Session, silence_id: str, *, by: str, routes: Routes, outbox: Outbox, now: datetime
) -> tuple[Silence, int]:
    """End a silence; what it held back becomes lines under its message. Raises NoSuchSilence."""
    lock_announcing(session)
    query = select(Silence).where(Silence.id == silence_id).with_for_update()
    silence = session.exec(query.execution_options(populate_existing=True)).first()
    if silence is None or silence.ended_at is not None:
        raise NoSuchSilence
    silence.ended_at, silence.ended_by = now, by
    held = count_held(session, silence_id)
    session.flush()
    _tell_held(session, silence, held=held, default=_channel(routes), outbox=outbox, now=now)
    return silence, held


def tell_left_over(session: Session, *, routes: Routes, outbox: Outbox, now: datetime) -> int:
    """Tell what is still held back by silences that have ended; return of how many silences that was.

    Such as a notice that another replica was just holding back then.
    """
    holding = select(Delivery.part_of).where(Delivery.status == DeliveryStatus.SILENCED).distinct()
    over = select(Silence).where(col(Silence.id).in_(holding), col(Silence.ended_at).is_not(None))
    found = session.exec(over.order_by(col(Silence.id)).with_for_update()).all()
    for silence in found:
        held = count_held(session, silence.id)
        _tell_held(session, silence, held=held, default=_channel(routes), outbox=outbox, now=now)
    return len(found)


def _tell_held(
    session: Session, silence: Silence, *, held: int, default: str, outbox: Outbox, now: datetime
) -> None:
    """Make what was held back lines, each in the channel that it was for, under a message that says why."""
    channels = session.exec(select(Delivery.recipient).where(*_held_by(silence.id)).distinct()).all()
    # In one statement, as a silence may have held thousands.
    session.connection().execute(
        update(Delivery).where(*_held_by(silence.id)).values(status=DeliveryStatus.GATHERING)
    )
    facts, key = _facts(silence, held=held), _key(silence.id)
    known = outbox.recipients_of(session, key)
    if default in known:
        outbox.edit(session, key=key, kind="silence", facts=facts, now=now)
    for channel in sorted(channels):
        if channel not in known:
            outbox.enqueue(session, kind="silence", facts=facts, recipient=channel, now=now, key=key)
        pages = _count_pages(session, key, channel)
        thread = DigestThread(key=key, channel=channel, pages=pages)
        gather(
            session,
            thread,
            part_of=silence.id,
            recipient=channel,
            outbox=outbox,
            now=now,
            hold=timedelta(0),
        )


def _count_pages(session: Session, key: str, channel: str) -> dict[bool, int]:
    """Return how many replies there are already, by urgency: what is left over gets pages of its own."""
    said = (
        select(func.count()).select_from(Delivery).where(Delivery.thread_of == key, Delivery.recipient == channel)
    )
    return {urgent: session.exec(said.where(col(Delivery.urgent) == urgent)).one() for urgent in (True, False)}


def find_due(session: Session, *, now: datetime) -> list[str]:
    """Return the ids of silences whose time is over and that have not ended yet."""
    over = select(Silence.id).where(col(Silence.ended_at).is_(None), col(Silence.ends_at) <= now)
    return list(session.exec(over.order_by(col(Silence.id))).all())


def list_silences(session: Session) -> list[tuple[Silence, int]]:
    """Return the silences that are on, the first to end first, each with how many notices it holds back."""
    on = select(Silence).where(col(Silence.ended_at).is_(None)).order_by(col(Silence.ends_at), col(Silence.id))
    return [(silence, count_held(session, silence.id)) for silence in session.exec(on.limit(20)).all()]


def count_held(session: Session, silence_id: str) -> int:
    """Return how many notices a silence holds back; one that goes to two channels counts twice."""
    held = select(func.count()).select_from(Delivery).where(*_held_by(silence_id))
    return session.exec(held).one()


def list_held(session: Session, silence_id: str, *, outbox: Outbox) -> list[NoticeLine]:
    """Return the newest notices that a silence holds back."""
    query = select(Delivery).where(*_held_by(silence_id)).order_by(*NEWEST_FIRST).limit(_SHOWN)
    return [
        NoticeLine(at=row.created_at, line=write_line(row.kind, outbox.read(row), at=row.created_at))
        for row in session.exec(query).all()
    ]


def read_matcher(silence: Silence) -> Matcher:
    """Return what a silence holds back."""
    return _read(silence.matcher)


def _read(matcher: str) -> Matcher:
    return Matcher.model_validate_json(matcher)


def _held_by(silence_id: str) -> list[Any]:
    return [col(Delivery.part_of) == silence_id, col(Delivery.status) == DeliveryStatus.SILENCED]


def _key(silence_id: str) -> str:
    return f"silence:{silence_id}"


def _channel(routes: Routes) -> str:
    return routes.resolve(DEFAULT) if routes.resolve(DEFAULT).startswith(("C", "G")) else ""


def _facts(silence: Silence, *, held: int) -> SilenceFacts:
    return SilenceFacts(
        silence=silence.id,
        matcher=str(read_matcher(silence)),
        owner=silence.owner,
        reason=silence.reason,
        began=silence.created_at,
        until=silence.ends_at,
        ended=silence.ended_at,
        ended_by=silence.ended_by,
        held=held,
    )
