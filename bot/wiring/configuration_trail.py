"""Records in the trail, at each start, what is configured differently from the start before."""

import hashlib
import json
from typing import Any

from sqlmodel import Session, col, select

from approvals.audit import chain
from approvals.canonical_json import canonical_json
from approvals.context import ApprovalContext
from approvals.tables import AuditEvent
from bot.settings.configuration_changes import compare, flatten
from bot.wiring.foundation import Foundation


def note_configuration(base: Foundation, context: ApprovalContext) -> bool:
    """Add an event if settings or cardops.yml are not as the last such event says; return whether they differ."""
    values = flatten(base.settings, base.config)
    facts: dict[str, Any] = {"digest": hashlib.sha256(canonical_json(values)).hexdigest(), "values": values}
    with base.database.writing() as session:
        # Before the last event is read: replicas that start at once write one event together.
        chain.lock(session)
        before = _read_last(session)
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


def _read_last(session: Session) -> dict[str, Any] | None:
    query = select(AuditEvent).where(
        AuditEvent.subject == chain.CONFIGURATION, AuditEvent.event == chain.CONFIGURED
    )
    row = session.exec(query.order_by(col(AuditEvent.seq).desc()).limit(1)).first()
    return None if row is None else dict(json.loads(row.facts))
