"""Tells the audit channel the head of the trail once a day: a second witness, against which a cut tail shows."""

from datetime import datetime

from sqlmodel import Session

from approvals.audit import chain
from notifier.outbox.outbox import Outbox

KIND = "audit_head"


def tell_head(session: Session, *, outbox: Outbox, channel: str, now: datetime) -> bool:
    """Enqueue the head for the audit channel, once a day whoever is asked; return whether it was enqueued."""
    key = f"{KIND}:{now:%Y-%m-%d}"
    if not channel or outbox.recipients_of(session, key):
        return False
    head = chain.head(session)
    facts = {"number": head.seq, "hash": head.hash, "at": now}
    outbox.enqueue(session, kind=KIND, facts=facts, recipient=channel, now=now, key=key)
    return True
