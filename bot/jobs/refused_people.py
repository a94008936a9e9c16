"""Refusals of people without any role: counted in memory, and noted in the audit trail once an hour for a person.

The trail is kept for ever, and anybody in the workspace can type commands: so many of them must not fill it.
"""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from approvals.audit import chain
from approvals.audit.trail_keys import TrailKey
from approvals.policy.people import Member
from approvals.refusals import Refusal
from approvals.tables import AuditEvent
from storage.database import Database

NOTED_EVERY = timedelta(hours=1)
MOST_PEOPLE = 10_000  # who are counted apart at one time; all others share a count
_LOOKED_BACK = 20_000  # events in which a note of the last hour is looked for
OTHERS = "others"


def is_outsider(member: Member) -> bool:
    """Whether a person has no say here: a stranger, a guest, or a member without any role."""
    person = member.person
    if person.is_stranger or person.is_guest or person.is_bot or person.is_deactivated:
        return True
    # Where Slack did not say who has a role, they may have one.
    return not member.roles and not member.unreadable


@dataclass(kw_only=True)
class RefusedPeople:
    """Counts the refusals of each outsider, and notes them: the first at once, later ones as a number an hour."""

    database: Database
    audit_key: TrailKey
    now_in: Callable[[Session], datetime]
    monotonic: Callable[[], float]
    _counts: dict[str, Counter[str]] = field(default_factory=dict)
    _tried: dict[str, str] = field(default_factory=dict)
    _noted_at: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, member: Member, refusal: Refusal, *, subject: str) -> None:
        """Count one refusal of `subject`, and note what is due for this person."""
        with self._lock:
            known = member.person.account
            is_new = known not in self._counts and known not in self._noted_at
            account = OTHERS if is_new and len(self._counts) >= MOST_PEOPLE else known
            self._counts.setdefault(account, Counter())[type(refusal).__name__] += 1
            self._tried[account] = subject
        self._note(account)

    def write(self) -> None:
        """Note what is due for everybody, and forget who has not come back for an hour."""
        with self._lock:
            accounts = list(self._counts)
        for account in accounts:
            self._note(account)
        with self._lock:
            # Otherwise everybody who ever typed a command stays in memory.
            for account in [each for each in self._noted_at if self._is_due(each) and each not in self._counts]:
                del self._noted_at[account], self._tried[account]

    def _note(self, account: str) -> None:
        with self._lock:
            if account not in self._counts or not self._is_due(account):
                return
            counts = self._counts.pop(account)
            # Before it is written: a refusal at this very moment waits for the next note.
            self._noted_at[account] = self.monotonic()
        try:
            with self.database.writing() as session:
                is_noted = self._append(session, account, counts)
        except SQLAlchemyError:
            is_noted = False
            with self._lock:
                self._noted_at.pop(account, None)
            raise
        # Noted by another replica within the hour, or not at all: the number waits for the next note.
        finally:
            if not is_noted:
                with self._lock:
                    self._counts.setdefault(account, Counter()).update(counts)

    def _is_due(self, account: str) -> bool:
        at = self._noted_at.get(account)
        return at is None or self.monotonic() - at >= NOTED_EVERY.total_seconds()

    def _append(self, session: Session, account: str, counts: Counter[str]) -> bool:
        """Append an event, unless another replica, or this one before a restart, did so within the hour."""
        # Before it is looked: of two replicas that note at this moment, the second then sees the first's event.
        chain.lock(session)
        now, head = self.now_in(session), chain.head(session)
        last = session.exec(
            select(AuditEvent.happened_at)
            .where(col(AuditEvent.seq) > head.seq - _LOOKED_BACK)
            .where(AuditEvent.actor == account, AuditEvent.event == "approval:refused")
            .order_by(col(AuditEvent.seq).desc())
            .limit(1)
        ).first()
        if last is not None and now - last < NOTED_EVERY:
            return False
        facts = {
            "refusal": counts.most_common(1)[0][0],
            "count": counts.total(),
            "refusals": dict(sorted(counts.items())),
        }
        chain.append(
            session,
            "approval:refused",
            key=self.audit_key,
            actor=account,
            subject=self._tried[account],
            facts=facts,
            now=now,
        )
        return True
