"""Records in the trail, at each start, what is configured differently from the start before."""

import hashlib
from typing import Any

from sqlmodel import Session

from approvals.audit import chain
from approvals.audit.trail_keys import TrailKey
from approvals.canonical_json import canonical_json, read_object
from approvals.context import ApprovalContext
from bot.settings.configuration_changes import compare, flatten
from bot.wiring.foundation import Foundation


def note_configuration(base: Foundation, context: ApprovalContext) -> bool:
    """Add an event if settings or cardops.yml are not as the last such event says; return whether they differ."""
    values = flatten(base.settings, base.config)
    facts: dict[str, Any] = {"digest": hashlib.sha256(canonical_json(values)).hexdigest(), "values": values}
    with base.database.writing() as session:
        # Before the last event is read: replicas that start at once write one event together.
        chain.lock(session)
        before = _read_last(session, key=context.audit_key)
        if before is not None:
            if before["digest"] == facts["digest"]:
                return False
            facts["changed"] = compare(before["values"], values)
        now = base.clock.now_in(session)
        chain.append(
            session,
            chain.CONFIGURED,
            key=context.audit_key,
            actor="cardops",
            subject=chain.CONFIGURATION,
            facts=facts,
            now=now,
        )
    return True


def _read_last(session: Session, *, key: TrailKey) -> dict[str, Any] | None:
    """Return the facts of the last such event that is ours: one that somebody added must hide no change."""
    subject, event = chain.CONFIGURATION, chain.CONFIGURED
    row = next(chain.list_genuine(session, subject=subject, event=event, key=key, newest_first=True), None)
    return None if row is None else read_object(row.facts)
