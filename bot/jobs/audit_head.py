"""Posts the head of the audit trail to Slack once a day: a second witness, which shows when the tail was cut."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from approvals.audit import chain, witness
from approvals.audit.signed_texts import head_text
from notifier.outbox.outbox import Outbox
from notifier.rendering.facts import TemplateFacts
from storage.database import Database
from storage.signing import SigningKey


@dataclass(frozen=True, kw_only=True)
class AuditHead(TemplateFacts, template="audit_head"):
    """The number of the newest event of the trail, its hash, and when it was read; `trail` says which trail.

    Where there is a key for evidence, it signs number, hash and the moment `signed_at`.
    """

    number: int
    hash: str
    at: datetime
    trail: str = ""
    signed_at: str = ""
    signature: str = ""
    public_key: str = ""


KIND = AuditHead.template


@dataclass(frozen=True, kw_only=True)
class AuditHeadPublisher:
    """Posts the head to the audit channel; without such a channel it does nothing."""

    database: Database
    outbox: Outbox
    channel: str
    now_in: Callable[[Session], datetime]
    wake_deliverer: Callable[[], None]
    signer: SigningKey | None = None

    def publish(self) -> None:
        """Enqueue the head for the audit channel, unless it was enqueued today."""
        self._enqueue()
        self.wake_deliverer()

    def _enqueue(self) -> None:
        with self.database.writing() as session:
            now = self.now_in(session)
            key = f"{KIND}:{now:%Y-%m-%d}"
            # A slot whose replica died after this commit is taken over: the head is posted once all the same.
            if not self.channel or self.outbox.recipients_of(session, key):
                return
            head = chain.head(session)
            facts = AuditHead(
                number=head.seq,
                hash=head.hash,
                at=now,
                trail=witness.find_trail_id(session),
                **self._sign(head, now=now),
            )
            self.outbox.enqueue(session, kind=KIND, facts=facts, recipient=self.channel, now=now, key=key)

    def _sign(self, head: chain.Head, *, now: datetime) -> dict[str, str]:
        if self.signer is None:
            return {}
        at = now.isoformat(timespec="seconds")
        signature = self.signer.sign_text(head_text(head.seq, head.hash, at))
        return {"signed_at": at, "signature": signature, "public_key": self.signer.public}
