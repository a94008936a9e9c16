"""Compares the keys of this process with those that the database needs, before anything is written with them.

Each key that seals values or signs the trail leaves its id and a check value that only it can make. A database of
a time before there were check values gets them when the end of its trail is signed with one of our keys.
"""

import hmac
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from approvals.audit import chain, verification
from approvals.audit.trail_keys import TrailKey, make_key
from approvals.tables import AuditEvent
from bot.database.key_rotation import SEALED
from bot.database.tables import KeyCheck
from storage.macs import derive_key
from storage.upsert import insert_once
from storage.vault import identify_key

NOT_PROVEN = ""  # in place of the check value of a key that was missing when it was noted
_LABEL = "cardops key check"
_MOST_FORGED = 1_000  # events at the end of the trail that are passed over: anybody who writes there can add some


class KeyUse(StrEnum):
    """What a key is for: it seals stored values, or it signs the trail and decisions."""

    SEALS = "seals"
    SIGNS = "signs"


SETTINGS = {KeyUse.SEALS: "CARDOPS_SECRET_KEYS", KeyUse.SIGNS: "CARDOPS_AUDIT_KEYS"}


_USES = frozenset(KeyUse)

_log = logging.getLogger(__name__)


class KeysDoNotFit(Exception):
    """Keys that the database needs are not set; `problems` names them by their ids, never by their values."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class KeyStillNeeded(Exception):
    """The audit trail is signed with this key, so it cannot be given up: nobody could verify the trail then."""


class NoSuchKeyNeeded(Exception):
    """No key with this id is missing. `cardops keys list` prints the ids."""


@dataclass(frozen=True, kw_only=True)
class KeyRing:
    """The keys that are set: those that seal, the first newest, and those of CARDOPS_AUDIT_KEYS."""

    secrets: tuple[bytes, ...]
    audit: tuple[bytes, ...] = ()

    @property
    def trail_key(self) -> TrailKey:
        """The key of the trail's chain."""
        # Of the last secret key: rotations change the first, and the chain must stay verifiable (ADR 9).
        return make_key(self.secrets[-1], newer=self.audit)

    @property
    def signing(self) -> tuple[bytes, ...]:
        """The secrets behind the keys of the trail, in the order of their names."""
        return (*self.audit, self.secrets[-1])

    def find(self, use: KeyUse, key_id: str) -> bytes | None:
        """Return the key with an id, None where it is not set for this use."""
        keys = self.secrets if use is KeyUse.SEALS else self.signing
        return next((key for key in keys if identify_key(key) == key_id), None)


def require_keys(session: Session, keys: KeyRing, *, now: datetime, sealing: bool = True) -> None:
    """Check that the keys that are set are those of this database, and note what they are used for from now on.

    Without `sealing` a missing key that has sealed values is only noted: a rotation does what it can without it.
    Raises KeysDoNotFit.
    """
    rows = _find_rows(session, keys)
    known = {KeyUse(row.use) for row in rows}
    values = [row.key_id for row in rows if row.use == KeyUse.SEALS] or _find_ids(session)
    lost = [_say_sealed(key_id) for key_id in values if keys.find(KeyUse.SEALS, key_id) is None]
    problems = [problem for row in rows if (problem := _compare(row, keys))]
    if KeyUse.SIGNS not in known:
        problems += _compare_trail(session, keys)
    if problems or (lost and sealing):
        raise KeysDoNotFit([*problems, *lost])
    signers = [] if KeyUse.SIGNS in known else _find_signers(session, keys)
    used = {(KeyUse.SEALS, key_id) for key_id in (identify_key(keys.secrets[0]), *values)}
    used |= {(KeyUse.SIGNS, identify_key(key)) for key in (keys.signing[0], *signers)}
    for use, key_id in sorted(used - {(KeyUse(row.use), row.key_id) for row in rows}):
        key = keys.find(use, key_id)
        proof = NOT_PROVEN if key is None else _prove(use, key)
        row = {"use": use.value, "key_id": key_id, "proof": proof, "noted_at": now}
        insert_once(session, KeyCheck, row)


def _find_rows(session: Session, keys: KeyRing) -> list[KeyCheck]:
    """Return the check values, without those that somebody made up to keep the bot from starting.

    A check value proves nothing without its key, but a trail that our keys have signed whole needs no other one.
    """
    rows = [row for row in list_needed(session) if row.use in _USES]
    is_strange = [row.use == KeyUse.SIGNS and keys.find(KeyUse.SIGNS, row.key_id) is None for row in rows]
    if not any(is_strange):
        return rows
    verified = verification.verify(session, key=keys.trail_key)
    if not verified.head.seq or not verified.is_intact:
        return rows
    made_up = [row.key_id for row, strange in zip(rows, is_strange, strict=True) if strange]
    _log.warning("keys.made_up", extra={"ids": made_up})
    return [row for row in rows if row.key_id not in made_up]


def release_keys(session: Session, keys: KeyRing) -> None:
    """Take note that everything is sealed with the first key now, so that the others are not needed for it."""
    mine = identify_key(keys.secrets[0])
    gone = delete(KeyCheck).where(col(KeyCheck.use) == KeyUse.SEALS, col(KeyCheck.key_id) != mine)
    session.connection().execute(gone)


def give_up(session: Session, keys: KeyRing, *, key_id: str) -> None:
    """Take note that a key that sealed values is lost; raises KeyStillNeeded and NoSuchKeyNeeded."""
    if keys.find(KeyUse.SEALS, key_id) is None:
        mine = (col(KeyCheck.use) == KeyUse.SEALS) & (col(KeyCheck.key_id) == key_id)
        if session.connection().execute(delete(KeyCheck).where(mine)).rowcount:
            return
    if keys.find(KeyUse.SIGNS, key_id) is None and any(row.key_id == key_id for row in list_needed(session)):
        raise KeyStillNeeded
    raise NoSuchKeyNeeded


def _compare(row: KeyCheck, keys: KeyRing) -> str:
    """Return what is wrong with the keys for one check value; empty when one of them made it, or none seals."""
    use = KeyUse(row.use)
    key = keys.find(use, row.key_id)
    if key is not None:
        fits = hmac.compare_digest(row.proof.encode(), _prove(use, key).encode()) or row.proof == NOT_PROVEN
        return "" if fits else f"The check value of key {row.key_id} is not one that this key makes."
    if use is KeyUse.SEALS:
        return ""
    if any(identify_key(each) == row.key_id for each in keys.secrets):
        return f"{SETTINGS[KeyUse.SEALS]}: key {row.key_id} signs the audit trail, so it must stand last."
    return (
        f"{SETTINGS[use]}: key {row.key_id} is missing, and the audit trail is signed with it. "
        f"(If it was the last of {SETTINGS[KeyUse.SEALS]}, it must stand there, last, again.)"
    )


def _compare_trail(session: Session, keys: KeyRing) -> list[str]:
    """Return what is wrong with the keys, by the end of a trail that has no check value yet."""
    key = keys.trail_key
    newest = chain.head(session).seq
    events = select_rows(AuditEvent).order_by(col(AuditEvent.seq).desc()).limit(_MOST_FORGED)
    # One event that our keys have signed proves them, and the trail may well be broken elsewhere.
    if newest and not any(chain.is_genuine(row, key=key) for row in session.exec(events)):
        ours = ", ".join(identify_key(each) for each in keys.signing)
        place = f"Its key stands last in {SETTINGS[KeyUse.SEALS]}, or in {SETTINGS[KeyUse.SIGNS]}."
        return [f"The audit trail is signed with none of these keys: {ours}. {place}"]
    try:
        chain.find_signer(session, key, before=chain.head(session))
    except chain.TrailKeyMissing:
        return [f"{SETTINGS[KeyUse.SIGNS]}: a key to which the audit trail was passed on is missing."]
    return []


def _say_sealed(key_id: str) -> str:
    return f"{SETTINGS[KeyUse.SEALS]}: key {key_id} is missing, and stored values are sealed with it."


def _find_ids(session: Session) -> list[str]:
    """Return the ids of all keys that stored values are sealed with, in order."""
    found: set[str] = set()
    for sealed in SEALED:
        ids = select(func.substr(sealed.column, 2, 4)).where(func.length(sealed.column) > 0).distinct()
        found |= {bytes(each).hex() for each in session.connection().execute(ids).scalars()}
    return sorted(found)


def _find_signers(session: Session, keys: KeyRing) -> list[bytes]:
    """Return the secrets of all keys that have signed the trail, as far as we have them."""
    trail_key = keys.trail_key
    by_name = dict(zip(trail_key.names, keys.signing, strict=False))
    rotations = session.exec(
        select_rows(AuditEvent).where(AuditEvent.subject == chain.KEYS, AuditEvent.event == chain.ROTATED)
    )
    names = [chain.read_rotation(row, key=trail_key) for row in rotations if chain.is_genuine(row, key=trail_key)]
    first = session.get(AuditEvent, 1)
    if first is not None:
        names += [name for name in trail_key.names if chain.fits(first, key=trail_key[name])]
    return [by_name[name] for name in names if name in by_name]


def list_needed(session: Session) -> Sequence[KeyCheck]:
    """Return the check values of all keys that this database needs."""
    return session.exec(select_rows(KeyCheck).order_by(KeyCheck.use, KeyCheck.key_id)).all()


def _prove(use: KeyUse, key: bytes) -> str:
    return hmac.digest(derive_key(key, _LABEL), use.value.encode(), "sha256").hex()
