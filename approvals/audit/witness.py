"""Compares the trail with a head that was told outside, where nobody who writes to the database can change it."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from approvals.audit import chain
from approvals.audit.chain import Head
from approvals.audit.trail_keys import TrailKey
from approvals.audit.verification import REANCHORED
from approvals.tables import AuditEvent

RESTORED = "database:restored"
# After these an older trail is what people meant to have.
_EXCUSES = (RESTORED, REANCHORED)


class Comparison(StrEnum):
    """What a head that was told says of the trail."""

    FITS = "fits"
    EXCUSED = "excused"
    WENT_BACK = "went_back"


def find_trail_id(session: Session) -> str:
    """Return what tells this trail from another one: the start of its first event's hash; empty without events."""
    first = session.exec(select(AuditEvent.hash).where(AuditEvent.seq == 1)).first()
    return (first or "")[:12]


def compare_head(session: Session, told: Head, *, at: datetime, key: TrailKey) -> Comparison:
    """Compare with a head that was told at a moment, and remember it if the trail has lost it.

    Then nothing is written to the trail, as after any other loss: chain.TrailWentBack. Two admins who re-anchored
    since, and a restored backup, answer for it.
    """
    kept = session.exec(select(AuditEvent.hash).where(AuditEvent.seq == told.seq)).first()
    if kept == told.hash:
        return Comparison.FITS
    later = session.exec(
        select(AuditEvent).where(col(AuditEvent.event).in_(_EXCUSES), AuditEvent.happened_at > at)
    ).all()
    if any(chain.fits(row, key=key[name]) for row in later for name in key.names):
        return Comparison.EXCUSED
    chain.remember_told(session, told)
    return Comparison.WENT_BACK
