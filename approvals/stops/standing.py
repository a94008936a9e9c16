"""Reads which stops stand, in the transaction at hand; nothing of it is kept in memory."""

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import ColumnElement, and_, false, or_, text
from sqlmodel import Session, col, select

from approvals.audit import chain, row_macs
from approvals.audit.trail_keys import TrailKey
from approvals.canonical_json import read_object
from approvals.refusals import Refusal
from approvals.stops.evidence import StandingStop, StopEvent, StopEvidence
from approvals.stops.scope import TOP_UP, StopKind, StopScope
from approvals.tables import AuditEvent, Request, Resumption, Stop
from storage.macs import MacKeys

SUBJECT = "stops"  # of all their events, so that the index of the trail finds them
_LOCK = 0x73746F70  # any number that nothing else in this database locks


class Stopped(Refusal):
    """Stopped by {who}: {reason}. It waits until two people resume it."""


def lock_for_claim(session: Session) -> None:
    """Keep stops out until the transaction of this claim ends; claims do not wait for each other.

    A stop waits for the claims that came before it, and a claim that comes after it sees it: each statement reads
    what is committed by then (`READ COMMITTED`, which the engine sets). SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": _LOCK})


def lock_for_change(session: Session) -> None:
    """Keep claims and other stops out until this transaction ends; take it before any other lock."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


class StopKeys(Protocol):
    """By which keys it tells whether what is stored is genuine; an ApprovalContext has them."""

    @property
    def audit_key(self) -> TrailKey:
        """The key of the trail."""
        ...

    @property
    def macs(self) -> MacKeys:
        """The keys of the MACs of rows."""
        ...


def read_evidence(session: Session, keys: StopKeys) -> StopEvidence:
    """Return all rows and events about stops; there are few, however old the installation is."""
    stops = session.exec(select(Stop).order_by(col(Stop.id))).all()
    words = session.exec(select(Resumption).order_by(col(Resumption.id))).all()
    events = session.exec(
        select(AuditEvent).where(AuditEvent.subject == SUBJECT).order_by(col(AuditEvent.seq))
    ).all()
    macs = keys.macs
    fitting = [row.id for row in stops if row_macs.fits_stop(row, macs=macs)]
    fitting += [word.id for word in words if row_macs.fits_resumption(word, macs=macs)]
    return StopEvidence(
        stops=stops,
        words=words,
        events=[_read_event(row, keys) for row in events],
        fitting=frozenset(fitting),
    )


def find_standing(session: Session, keys: StopKeys) -> tuple[StandingStop, ...]:
    """Return the stops that stand, the oldest first."""
    return read_evidence(session, keys).find_standing()


def refuse_stopped(session: Session, keys: StopKeys, *, action: str, cards: Iterable[str]) -> None:
    """Refuse a claim of what is stopped; it stays approved. Raises Stopped.

    Takes the lock, so that no stop can be committed between this and the end of the claim.
    """
    lock_for_claim(session)
    wanted = frozenset(cards)
    for stop in find_standing(session, keys):
        if not stop.scope.covers(action=action, cards=wanted):
            continue
        raise Stopped(who=stop.name, reason=stop.reason, stop=stop.id)


def exclude_stopped(session: Session, keys: StopKeys) -> list[ColumnElement[bool]]:
    """Return the conditions of requests that no stop covers, as far as their rows say so; the claim decides."""
    return [_is_outside(stop.scope) for stop in find_standing(session, keys)]


def _is_outside(scope: StopScope) -> ColumnElement[bool]:
    match scope.kind:
        case StopKind.TOP_UPS:
            return col(Request.action) != TOP_UP
        case StopKind.CARD:
            new_card = col(Request.new_card)
            return and_(col(Request.subject) != scope.card_id, or_(new_card.is_(None), new_card != scope.card_id))
        case _:
            return false()


def _read_event(row: AuditEvent, keys: StopKeys) -> StopEvent:
    return StopEvent(
        seq=row.seq,
        name=row.event,
        facts=read_object(row.facts),
        happened_at=row.happened_at,
        genuine=chain.is_genuine(row, key=keys.audit_key),
    )
