"""Which ends Paytend contradicts by the trail: who clears a column with SQL unblocks no card."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session

from approvals.audit import chain
from approvals.audit.trail_keys import TrailKey
from approvals.tables import AUDIT_TABLE, CONTRADICTED_EVENT

_SETTLED = ("execution:resettled", "execution:resettled_happened", "execution:resettled_not")
_SUBJECT = "request:"


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """Paytend says the opposite of how a request ended, and people have not settled it again."""

    request_id: str
    since: datetime


def find_contradictions(session: Session, *, key: TrailKey) -> list[Contradiction]:
    """Return the contradictions that nobody has settled, by events that are genuine; there are few ever."""
    table = AUDIT_TABLE
    said = select(table).where(table.c.event == CONTRADICTED_EVENT).order_by(table.c.seq)
    newest = {row.subject: row for row in session.connection().execute(said) if chain.is_genuine(row, key=key)}
    if not newest:
        return []
    again = select(table).where(table.c.subject.in_(newest), table.c.event.in_(_SETTLED))
    for row in session.connection().execute(again).all():
        earlier = newest.get(row.subject)
        if earlier is not None and earlier.seq < row.seq and chain.is_genuine(row, key=key):
            del newest[row.subject]
    return [
        Contradiction(request_id=subject.removeprefix(_SUBJECT), since=row.happened_at)
        for subject, row in newest.items()
    ]
