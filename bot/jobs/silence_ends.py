"""Notes the end of a silence in the audit trail, whether time or a person ended it."""

from datetime import datetime

from sqlmodel import Session

from approvals.audit import chain
from approvals.audit.trail_keys import TrailKey
from notifier.routing.tables import Silence


def note_silence_end(
    session: Session, silence: Silence, held: int, *, key: TrailKey, actor: str, now: datetime
) -> None:
    """Note that a silence has ended and held back so many notices, in the transaction that ends it."""
    chain.append(
        session,
        "silence:ended",
        key=key,
        actor=actor,
        subject=silence.id,
        facts={"held": held, "owner": silence.owner},
        now=now,
    )
