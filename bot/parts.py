"""What the edges work with: every collaborator once, made by the composition root and handed down."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from approvals import audit, people
from approvals import requests as deciding
from approvals.desk import Desk
from approvals.payloads import Payload
from approvals.people import Standing
from approvals.refusals import Refusal
from approvals.snapshot import Snapshot
from bot.choices import Choices
from bot.clock import Clock
from bot.config import Config
from bot.database import Database
from bot.directory import SlackDirectory
from bot.drafts import Drafts
from bot.files import SlackFiles
from bot.replies import Replier
from bot.secrets import Secrets
from bot.tables import SeenDelivery
from commands import looks
from commands.looks import Looking
from notifier.outbox import Outbox
from notifier.overriding import Faulty
from notifier.routes import Routes
from notifier.upsert import insert_once
from paytend import Client


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The collaborators of the edges. `wake_executor` and `wake_deliverer` tell of new work.

    `later` hands work that waits for Paytend to threads that nobody's click waits behind; raises Busy.
    """

    clock: Clock
    make_id: Callable[[], str]
    config: Config
    database: Database
    desk: Desk
    paytend: Client
    timezone: ZoneInfo  # of the dates at Paytend
    secrets: Secrets
    directory: SlackDirectory
    replier: Replier
    choices: Choices
    drafts: Drafts
    files: SlackFiles
    later: Callable[[Callable[[], None]], None]
    outbox: Outbox
    routes: Routes
    wake_executor: Callable[[], None]
    wake_deliverer: Callable[[], None]
    faulty_templates: Sequence[Faulty] = ()

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

    @property
    def today(self) -> date:
        """The day that it is at Paytend."""
        return self.clock.now().astimezone(self.timezone).date()

    def look(self, action: str, payload: Payload) -> Snapshot:
        """Return what an approver needs to see of what is asked for; raises what the client raises."""
        return looks.look(action, payload, looking=Looking(ask=self.paytend.send, today=self.today))

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
            if refusal.is_recorded and not refusal.in_trail:
                refusal.in_trail = True
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


def require_any(standing: Standing, roles: Iterable[str]) -> None:
    """Refuse whoever has none of these roles; a form without roles is for every member."""
    people.admit(standing.person)
    wanted = tuple(roles)
    if wanted:
        people.require_role(standing, roles=wanted)
