"""The cards that somebody used lately, read from the audit trail."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from approvals.audit import chain
from approvals.audit.trail_keys import TrailKey
from approvals.canonical_json import read_object
from approvals.tables import AuditEvent

MOST = 10
_EVENTS = ("card:read", "card:lost", "card:lost_asked")
_WINDOW = 20_000  # events: what is older is not "lately", and the query stays cheap however long the trail is


def cards_of(session: Session, account: str, *, key: TrailKey) -> Sequence[dict[str, str]]:
    """Return card ids with the last four digits where they are known, newest first, each once."""
    newest = chain.head(session).seq
    rows = session.exec(
        select(AuditEvent)
        .where(
            col(AuditEvent.seq) > newest - _WINDOW,
            AuditEvent.actor == account,
            col(AuditEvent.event).in_(_EVENTS),
        )
        .order_by(col(AuditEvent.seq).desc())
        .limit(20 * MOST)
    )
    found: dict[str, str] = {}
    for row in rows:
        if chain.is_genuine(row, key=key):  # else somebody could have another card shown under known digits
            found[row.subject] = found.get(row.subject) or str(read_object(row.facts).get("last_four", ""))
    return [{"card_id": card_id, "last_four": last_four} for card_id, last_four in list(found.items())[:MOST]]
