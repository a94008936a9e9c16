"""The audit trail: a chain of HMAC-SHA256 over facts, in one order for all replicas."""

import contextlib
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from approvals.canonical_json import canonical_json
from approvals.refusals import Refusal
from approvals.tables import AuditEvent
from paytend.redaction import mask_text, redact

START = "0" * 64  # what the first event follows
REPORT_EVERY = 20_000  # events
_LOCK = 0x63617264  # any number that nothing else in this database locks
_KEY_INFO = b"cardops audit chain"


@dataclass(frozen=True, kw_only=True)
class Head:
    """The end of the trail: how many events, and the hash of the last."""

    seq: int
    hash: str


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The result of checking the chain; `broken_at` is the number of the first event that does not fit."""

    head: Head
    broken_at: int | None = None
    words: str = "The chain holds."

    @property
    def is_intact(self) -> bool:
        """Whether nothing was changed, removed or put in between."""
        return self.broken_at is None


def make_key(secret: bytes) -> bytes:
    """Return the key of the chain, derived from a secret that is also used for encryption."""
    # A key of its own: the same secret also encrypts, and no key should serve two algorithms.
    return hmac.new(secret, _KEY_INFO, hashlib.sha256).digest()


def lock(session: Session) -> None:
    """Wait until every other transaction that appends has ended; SQLite has one writer anyway."""
    # An advisory lock instead of a row: the first event has no row before it that could be locked.
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def append(
    session: Session,
    event: str,
    *,
    key: bytes,
    actor: str,
    subject: str,
    facts: Mapping[str, Any],
    now: datetime,
) -> None:
    """Add one fact to the trail; secrets and card numbers are taken out of it.

    This locks the trail until the transaction ends, so call it last: a lock that is taken after it may deadlock.
    """
    lock(session)
    # Only now, under the lock: two events that read the same head would get the same number.
    before = head(session)
    row = AuditEvent(
        seq=before.seq + 1,
        event=event,
        actor=mask_text(actor),
        subject=mask_text(subject),
        facts=canonical_json(redact(dict(facts))).decode(),  # as text: the hash is over these very bytes
        happened_at=now.astimezone(UTC),
        previous=before.hash,
        hash="",
    )
    row.hash = _hash(row, key=key)
    session.add(row)
    session.flush()


def append_refusal(
    session: Session, refusal: Refusal, *, key: bytes, actor: str, subject: str, now: datetime
) -> None:
    """Add a refusal to the trail, in a transaction of its own: the refused one was rolled back."""
    facts = {"refusal": type(refusal).__name__, "words": str(refusal)}
    append(session, "approval:refused", key=key, actor=actor, subject=subject, facts=facts, now=now)


def head(session: Session) -> Head:
    """Return the end of the trail; the daily post of it to the audit channel is a second witness."""
    last = session.exec(
        select(AuditEvent.seq, AuditEvent.hash).order_by(col(AuditEvent.seq).desc()).limit(1)
    ).first()
    return Head(seq=last[0], hash=last[1]) if last else Head(seq=0, hash=START)


def verify(
    session: Session,
    *,
    key: bytes,
    older: Head | None = None,
    report: Callable[[int], None] = lambda _seq: None,
) -> Verification:
    """Check the chain from its start; `older` is an earlier head, which shows whether the tail was cut off.

    `report` is called every 20,000 events with the number of the event that was reached.
    """
    before = Head(seq=0, hash=START)
    # In portions: a trail of many years does not fit into memory.
    rows = session.exec(select(AuditEvent).order_by(col(AuditEvent.seq)).execution_options(yield_per=1000))
    with contextlib.closing(rows):  # else the cursor stays open on the server after a broken link
        for row in rows:
            broken = find_break(row, before=before, key=key, older=older)
            if broken:
                return Verification(head=before, broken_at=before.seq + 1, words=broken)
            before = Head(seq=row.seq, hash=row.hash)
            if row.seq % REPORT_EVERY == 0:
                report(row.seq)
    # Each link is sound even if the newest events are gone; only a head kept elsewhere shows that.
    if older is not None and before.seq < older.seq:
        words = f"The trail ends at {before.seq}, but it was {older.seq} long before."
        return Verification(head=before, broken_at=before.seq + 1, words=words)
    return Verification(head=before)


def find_break(row: AuditEvent, *, before: Head, key: bytes, older: Head | None = None) -> str:
    """Return why an event does not follow the one before it, in words; empty when it does."""
    if row.seq != before.seq + 1:
        return f"Event {before.seq + 1} is missing."
    if row.previous != before.hash:
        return f"Event {row.seq} does not follow the one before it."
    if not hmac.compare_digest(row.hash, _hash(row, key=key)):
        return f"Event {row.seq} was changed."
    if older is not None and row.seq == older.seq and row.hash != older.hash:
        return f"Event {row.seq} is not the one that was told before."
    return ""


def _hash(row: AuditEvent, *, key: bytes) -> str:
    content = {
        "seq": row.seq,
        "event": row.event,
        "actor": row.actor,
        "subject": row.subject,
        "facts": row.facts,
        "at": row.happened_at.astimezone(UTC).isoformat(timespec="microseconds"),
    }
    message = bytes.fromhex(row.previous) + canonical_json(content)
    return hmac.new(key, message, hashlib.sha256).hexdigest()
