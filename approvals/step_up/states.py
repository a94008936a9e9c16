"""Which passkeys count, judged from their rows, what people said of them, and the trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlmodel import Session, col, select

from approvals.audit import chain
from approvals.audit.row_macs import MacUse, write_row
from approvals.audit.trail_keys import TrailKey
from approvals.policy.people import SamePerson, accounts_of
from approvals.refusals import Refusal
from approvals.step_up.tables import Passkey, PasskeyWord
from approvals.tables import AuditEvent
from storage.macs import MacKeys

APPROVED, REMOVED = "approved", "removed"
REMOVED_EVENT = "passkey:removed"
PASSKEY_COLUMNS = (
    "id",
    "fingerprint",
    "person_id",
    "account",
    "name",
    "public_key",
    "maker",
    "is_synced",
    "label",
    "enrolled_at",
)
WORD_COLUMNS = ("passkey_id", "word", "person_id", "account", "name", "reason", "said_at")


class NoSuchPasskey(Refusal):
    """There is no passkey with this fingerprint."""


@dataclass(frozen=True, kw_only=True)
class PasskeyState:
    """A key and what counts of it: `approved_by` is empty while nobody has approved it."""

    passkey: Passkey
    approved_by: str
    is_removed: bool

    @property
    def is_active(self) -> bool:
        """Whether it proves decisions."""
        return bool(self.approved_by) and not self.is_removed


class PasskeyKeys(Protocol):
    """By what it tells whether a passkey is genuine, and whose it is; an ApprovalContext has it."""

    @property
    def audit_key(self) -> TrailKey:
        """The key of the trail."""
        ...

    @property
    def macs(self) -> MacKeys:
        """The keys of the MACs of rows."""
        ...

    @property
    def same_person(self) -> SamePerson:
        """Which accounts belong to one person."""
        ...


def find_active(session: Session, context: PasskeyKeys, *, account: str) -> list[Passkey]:
    """Return the keys that prove decisions of this person now."""
    accounts = sorted(accounts_of(account, same_person=context.same_person))
    return [each.passkey for each in find_states(session, context, accounts=accounts) if each.is_active]


def find_state(session: Session, context: PasskeyKeys, *, fingerprint: str) -> PasskeyState:
    """Return a key by its fingerprint; raises NoSuchPasskey."""
    row = session.exec(select(Passkey).where(Passkey.fingerprint == fingerprint.strip().lower())).first()
    state = None if row is None else judge(session, context, row)
    if state is None:
        raise NoSuchPasskey
    return state


def find_states(session: Session, context: PasskeyKeys, *, accounts: Sequence[str]) -> list[PasskeyState]:
    """Return the keys of these accounts, the oldest first, without those that the bot did not write."""
    query = select(Passkey).where(col(Passkey.account).in_(accounts)).order_by(col(Passkey.enrolled_at))
    found = [judge(session, context, row) for row in session.exec(query)]
    return [state for state in found if state is not None]


def judge(session: Session, context: PasskeyKeys, row: Passkey) -> PasskeyState | None:
    """Return what counts of a key; None for a row that the bot did not write."""
    if not context.macs.fits(row.mac, MacUse.PASSKEY, write_row(row, PASSKEY_COLUMNS)):
        return None
    words = session.exec(select(PasskeyWord).where(PasskeyWord.passkey_id == row.id)).all()
    approvals = [
        word
        for word in words
        if word.word == APPROVED
        and context.macs.fits(word.mac, MacUse.PASSKEY_WORD, write_row(word, WORD_COLUMNS))
        and word.account not in accounts_of(row.account, same_person=context.same_person)
        and word.person_id != row.person_id
    ]
    return PasskeyState(
        passkey=row,
        approved_by=approvals[0].account if approvals else "",
        # By any row, and by the trail: who forges a removal can only stop something.
        is_removed=any(word.word == REMOVED for word in words) or _was_removed(session, context, row),
    )


def _was_removed(session: Session, context: PasskeyKeys, row: Passkey) -> bool:
    query = select(AuditEvent).where(AuditEvent.subject == subject_of_key(row), AuditEvent.event == REMOVED_EVENT)
    return any(chain.is_genuine(event, key=context.audit_key) for event in session.exec(query.limit(20)))


def subject_of_key(key: Passkey) -> str:
    """Return what the trail calls a passkey."""
    return f"passkey:{key.fingerprint}"
