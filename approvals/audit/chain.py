"""The audit trail: a chain of HMAC-SHA256 over facts, in one order for all replicas."""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text
from sqlmodel import Session, col, select

from approvals.audit.quotes import digest_words
from approvals.audit.trail_keys import TrailKey
from approvals.canonical_json import canonical_json, read_object
from approvals.refusals import Refusal
from approvals.tables import AuditEvent
from paytend.redaction import mask_text, redact
from storage.database import recollection

START = "0" * 64  # what the first event follows
KEYS = "audit:keys"  # the subject of the events that pass the trail on to another key
ROTATED = "audit:key_rotated"
CONFIGURATION = "configuration"  # the subject of the events that say what is configured
CONFIGURED = "configuration:changed"
_LOCK = 0x63617264  # any number that nothing else in this database locks
_HASH = re.compile("[0-9a-f]{64}")
_SEEN = "head of the trail"  # in what this process remembers of the database (storage/database.py)
FORGED_BEFORE = "forged_before"
_MOST_FORGED = 1_000  # events that one vouches for
_ADDED = "has added events"
_CLOCK = "cardops"
_PORTION, _LATER_PORTION = 20, 1_000  # events that are read at once where only genuine ones count


class TrailKeyMissing(Exception):
    """The trail was passed on to a key that is not in CARDOPS_AUDIT_KEYS of this process. Please set it there."""


class TrailWentBack(Exception):
    """The trail has lost events that this process has seen: its tail was cut, or another database took its place.

    Nothing is written until the bot is restarted; see “The trail is broken” in the runbook.
    """


@dataclass(frozen=True, kw_only=True)
class Head:
    """The end of the trail: how many events, and the hash of the last."""

    seq: int
    hash: str


class EventRow(Protocol):
    """One event of the trail as it is stored."""

    @property
    def seq(self) -> int: ...  # noqa: D102
    @property
    def event(self) -> str: ...  # noqa: D102
    @property
    def actor(self) -> str: ...  # noqa: D102
    @property
    def subject(self) -> str: ...  # noqa: D102
    @property
    def facts(self) -> str: ...  # noqa: D102
    @property
    def happened_at(self) -> datetime: ...  # noqa: D102
    @property
    def previous(self) -> str: ...  # noqa: D102
    @property
    def hash(self) -> str: ...  # noqa: D102


def lock(session: Session) -> None:
    """Wait until every other transaction that appends has ended; SQLite has one writer anyway."""
    # An advisory lock instead of a row: the first event has no row before it that could be locked.
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def append(
    session: Session,
    event: str,
    *,
    key: TrailKey,
    actor: str,
    subject: str,
    facts: Mapping[str, Any],
    now: datetime,
    proofs: Mapping[str, Any] | None = None,
) -> None:
    """Add one fact to the trail; secrets and card numbers are taken out of it, except out of our own `proofs`.

    This locks the trail until the transaction ends, so call it last: a lock that is taken after it may deadlock.
    Raises TrailWentBack and TrailKeyMissing.
    """
    lock(session)
    # Only now, under the lock: two events that read the same head would get the same number.
    before = head(session)
    if has_gone_back(session, before):
        raise TrailWentBack
    name = find_signer(session, key, before=before)
    if name != key.newest and not _has_signed(session, key.newest, key=key):
        before = _pass_on(session, key, name=name, before=before, now=now)
        name = key.newest
    # A digest has enough digits in a row to look like a card number now and then, so it is not redacted.
    content = {**redact(dict(facts)), **(proofs or {}), **_vouch(session, before, key=key)}
    _add(session, event, key[name], actor=actor, subject=subject, facts=content, before=before, now=now)


def append_refusal(
    session: Session, refusal: Refusal, *, key: TrailKey, actor: str, subject: str, now: datetime
) -> None:
    """Add a refusal to the trail, in a transaction of its own: the refused one was rolled back.

    The trail has its sentence without what fills the holes, which may be Paytend's or what somebody typed.
    """
    facts = {"refusal": type(refusal).__name__, "sentence": refusal.sentence}
    proofs = digest_words(str(refusal))
    append(session, "approval:refused", key=key, actor=actor, subject=subject, facts=facts, proofs=proofs, now=now)


def head(session: Session) -> Head:
    """Return the end of the trail; the daily post of it to the audit channel is a second witness."""
    last = session.exec(
        select(AuditEvent.seq, AuditEvent.hash).order_by(col(AuditEvent.seq).desc()).limit(1)
    ).first()
    return Head(seq=last[0], hash=last[1]) if last else Head(seq=0, hash=START)


def list_genuine(
    session: Session, *, subject: str, event: str, key: TrailKey, newest_first: bool = False
) -> Iterator[AuditEvent]:
    """Yield the events about a subject that one of our keys has signed, however many others somebody has added."""
    query = select(AuditEvent).where(AuditEvent.subject == subject, AuditEvent.event == event)
    place, size = col(AuditEvent.seq), _PORTION
    query = query.order_by(place.desc() if newest_first else place)
    rows = session.exec(query.limit(size)).all()
    while rows:
        yield from (row for row in rows if is_genuine(row, key=key))
        if len(rows) < size:
            return
        last, size = rows[-1].seq, _LATER_PORTION
        rows = session.exec(query.where(place < last if newest_first else place > last).limit(size)).all()


def is_genuine(row: EventRow, *, key: TrailKey) -> bool:
    """Whether an event has the hash of its content under one of our keys."""
    return any(fits(row, key=key[name]) for name in key.names)


def hash_of(row: EventRow, *, key: bytes) -> str:
    """Return the hash that an event has if nothing of it was changed."""
    content = {
        "seq": row.seq,
        "event": row.event,
        "actor": row.actor,
        "subject": row.subject,
        "facts": row.facts,
        "at": row.happened_at.astimezone(UTC).isoformat(timespec="microseconds"),
    }
    return hmac.new(key, _link(row.previous) + canonical_json(content), hashlib.sha256).hexdigest()


def read_rotation(row: EventRow, *, key: TrailKey) -> str:
    """Return the name of the key to which an event passes the trail on; empty if it proves no such thing."""
    facts = read_object(row.facts)
    name, proof = str(facts.get("to", "")), str(facts.get("proof", ""))
    if name not in key:
        return name
    expected = key.prove_rotation(previous=row.previous, name=name)
    return name if hmac.compare_digest(proof.encode(), expected.encode()) else ""


def fits(row: EventRow, *, key: bytes) -> bool:
    """Whether an event has the hash of its content under this key."""
    return hmac.compare_digest(row.hash.encode(), hash_of(row, key=key).encode())


def find_signer(session: Session, key: TrailKey, *, before: Head) -> str:
    """Return the name of the key that signs now; raises TrailKeyMissing."""
    if before.seq == 0:
        return key.newest
    # One that none of our keys signed is somebody's invention, which must not stop us.
    for row in list_genuine(session, subject=KEYS, event=ROTATED, key=key, newest_first=True):
        if (name := read_rotation(row, key=key)) in key:
            return name
        if name:
            raise TrailKeyMissing
    if len(key.names) == 1:
        return key.newest
    first = session.get(AuditEvent, 1)
    return next((name for name in key.names if first is not None and fits(first, key=key[name])), key.names[-1])


def _vouch(session: Session, before: Head, *, key: TrailKey) -> dict[str, int]:
    """Return from which event on those directly before are not genuine as this one is written; mostly nothing.

    So nothing was lost in them: somebody added them. What this process has written itself was genuine.
    """
    seen, seq = recollection(session).get(_SEEN), before.seq
    while before.seq - seq < _MOST_FORGED and seq > (seen.seq if seen else 0):
        row = session.get(AuditEvent, seq, populate_existing=True)
        if row is None or is_genuine(row, key=key):
            break
        seq -= 1
    return {} if seq == before.seq else {FORGED_BEFORE: seq + 1}


def _has_signed(session: Session, name: str, *, key: TrailKey) -> bool:
    """Whether the trail was passed on from this key before: it is not passed back."""
    rotations = list_genuine(session, subject=KEYS, event=ROTATED, key=key)
    return any(read_object(row.facts).get("from") == name for row in rotations)


def _pass_on(session: Session, key: TrailKey, *, name: str, before: Head, now: datetime) -> Head:
    """Add the event after which the newest key signs: the key before it signs the event, the newest the proof."""
    proof = key.prove_rotation(previous=before.hash, name=key.newest)
    facts = {"from": name, "to": key.newest, "proof": proof}
    return _add(session, ROTATED, key[name], actor=_CLOCK, subject=KEYS, facts=facts, before=before, now=now)


def _add(
    session: Session,
    event: str,
    key: bytes,
    *,
    actor: str,
    subject: str,
    facts: Mapping[str, Any],
    before: Head,
    now: datetime,
) -> Head:
    row = AuditEvent(
        seq=before.seq + 1,
        event=event,
        actor=mask_text(actor),
        subject=mask_text(subject),
        facts=canonical_json(facts).decode(),  # as text: the hash is over these very bytes
        happened_at=now.astimezone(UTC),
        previous=before.hash,
        hash="",
    )
    row.hash = hash_of(row, key=key)
    session.add(row)
    session.flush()
    session.info[_ADDED] = True
    added = Head(seq=row.seq, hash=row.hash)
    _remember(session, added)
    return added


def has_gone_back(session: Session, now: Head) -> bool:
    """Whether the trail, whose head is `now`, has lost an event that this process has seen."""
    seen = recollection(session).get(_SEEN)
    if seen is None or now == seen:
        return False
    kept = session.exec(select(AuditEvent.hash).where(AuditEvent.seq == seen.seq)).first()
    return kept is None or kept != str(seen.hash)


def remember_told(session: Session, told: Head) -> None:
    """Remember a head that the trail had, by somebody outside who was told it."""
    seen = recollection(session).get(_SEEN)
    # In place of an older one too, which the trail may still have.
    if seen is None or seen.seq < told.seq or not has_gone_back(session, head(session)):
        recollection(session)[_SEEN] = told


def has_appended(session: Session) -> bool:
    """Whether this transaction has added events, which others see only when it is committed."""
    return bool(session.info.get(_ADDED))


def _remember(session: Session, added: Head) -> None:
    """Remember an event as seen, once it is committed: one that is rolled back was never in the trail."""

    def note(_session: Session) -> None:
        seen = recollection(session).get(_SEEN)
        if seen is None or seen.seq < added.seq:  # threads commit one after the other, but get here in any order
            recollection(session)[_SEEN] = added

    sqlalchemy_event.listen(session, "after_commit", note, once=True)


def _link(previous: str) -> bytes:
    # Something else than a hash came from elsewhere: the chain goes on behind it, and verifying names it.
    if _HASH.fullmatch(previous):
        return bytes.fromhex(previous)
    return hashlib.sha256(b"no hash\0" + previous.encode(errors="surrogatepass")).digest()
