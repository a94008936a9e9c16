"""What the edges work with: every collaborator once, made by the composition root and handed down."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from approvals import audit, people
from approvals import requests as deciding
from approvals.desk import Desk
from approvals.people import Standing
from approvals.refusals import Refusal
from approvals.snapshot import CardSnapshot
from bot.clock import Clock
from bot.config import Config
from bot.database import Database
from bot.directory import SlackDirectory
from bot.replies import Replier
from bot.tables import SeenDelivery
from commands import topup
from notifier.upsert import insert_once
from paytend import Client, operations
from paytend.models import Transaction

HISTORY_DAYS = 29  # the document allows 30 days for a query


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The collaborators of the edges. `wake_executor` and `wake_deliverer` tell of new work."""

    clock: Clock
    make_id: Callable[[], str]
    config: Config
    database: Database
    desk: Desk
    paytend: Client
    directory: SlackDirectory
    replier: Replier
    wake_executor: Callable[[], None]
    wake_deliverer: Callable[[], None]

    def stand(self, account: str, *, team: str = "") -> Standing:
        """Return who an account is now and what they may do; raises DirectoryUnreadable."""
        standing = people.stand(
            self.directory, account=account, roles=self.config.roles, same_person=self.config.same_person
        )
        if team and team != self.directory.team_id:  # Slack Connect: the click says so, whatever users.info says
            stranger = people.Person(id=account, account=account, name=standing.person.name, is_stranger=True)
            return Standing(person=stranger)
        return standing

    def members(self) -> dict[str, frozenset[str]]:
        """Return the people of each role."""
        return people.read_members(self.directory, roles=self.config.roles, same_person=self.config.same_person)

    def look(self, card_id: str) -> CardSnapshot:
        """Return a card as an approver needs to see it; raises what the client raises."""
        return topup.look(card_id, ask=self.paytend.send, recent=self._recent(card_id))

    def note(self, event: str, *, standing: Standing, subject: str, **facts: Any) -> None:
        """Add a fact to the audit trail, such as a read of personal data."""
        with self.database.writing() as session:
            audit.append(
                session,
                event,
                key=self.desk.audit_key,
                actor=standing.person.account,
                subject=subject,
                facts=facts,
                now=self.clock.now(),
            )

    @contextmanager
    def recording_refusals(self, standing: Standing, *, subject: str) -> Iterator[None]:
        """Add what is refused inside to the trail: the transaction in which it was raised was rolled back."""
        try:
            yield
        except Refusal as refusal:
            if refusal.is_recorded:
                with self.database.writing() as session:
                    deciding.record_refusal(
                        session,
                        self.desk,
                        refusal=refusal,
                        standing=standing,
                        subject=subject,
                        now=self.clock.now(),
                    )
            raise

    def is_new(self, key: str) -> bool:
        """Remember a delivery; False when Slack delivered it before."""
        with self.database.writing() as session:
            return insert_once(session, SeenDelivery, {"key": key, "seen_at": self.clock.now()})

    def _recent(self, card_id: str) -> tuple[Transaction, ...]:
        today = self.clock.now().date()
        begin = today - timedelta(days=HISTORY_DAYS)
        call = operations.GET_CARD_TRANSACTIONS(card_id=card_id, begin=begin, end=today, status="ALL", size=30)
        return self.paytend.send(call).rows


def require_any(standing: Standing, roles: Iterable[str]) -> None:
    """Refuse whoever has none of these roles; a form without roles is for every member."""
    people.admit(standing.person)
    wanted = tuple(roles)
    if wanted:
        people.require_role(standing, roles=wanted)
