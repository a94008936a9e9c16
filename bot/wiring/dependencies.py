"""What the edges work with: every collaborator once, made by the composition root and handed down."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from approvals.actions.payloads import Payload
from approvals.actions.snapshot import Snapshot
from approvals.audit import chain
from approvals.context import ApprovalContext
from approvals.policy import people
from approvals.policy.people import Member
from approvals.refusals import Refusal
from approvals.tables import Request
from bot.clock import Clock
from bot.database.engine import SqlDatabase
from bot.database.tables import SeenDelivery
from bot.doctor.findings import DoctorContext
from bot.settings.cardops_yml import Config
from bot.slack.choices import Choices
from bot.slack.directory import SlackDirectory
from bot.slack.drafts import Drafts
from bot.slack.files import SlackFiles
from bot.slack.one_time_secrets import OneTimeSecrets
from bot.slack.replies import Replier
from commands import snapshots
from commands.snapshots import SnapshotSource
from notifier.outbox.outbox import Outbox
from notifier.routing.routes import Routes
from paytend import Client
from storage.upsert import insert_once


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The collaborators of the edges. `wake_executor` and `wake_deliverer` tell of new work.

    `later` hands work that waits for Paytend to threads that nobody's click waits behind; raises Busy.
    """

    clock: Clock
    make_id: Callable[[], str]
    config: Config
    database: SqlDatabase
    context: ApprovalContext
    paytend: Client
    timezone: ZoneInfo  # of the dates at Paytend
    secrets: OneTimeSecrets
    directory: SlackDirectory
    replier: Replier
    choices: Choices
    drafts: Drafts
    files: SlackFiles
    later: Callable[[Callable[[], None]], None]
    outbox: Outbox
    routes: Routes
    execute_now: Callable[[str], Request]  # of a request that its rule has just approved
    wake_executor: Callable[[], None]
    wake_deliverer: Callable[[], None]
    doctor: DoctorContext

    def find_member(self, account: str, *, team: str = "") -> Member:
        """Return who an account is now and what they may do; raises DirectoryUnreadable."""
        member = people.find_member(
            self.directory, account=account, roles=self.config.roles, same_person=self.config.same_person
        )
        if team and team != self.directory.team_id:  # Slack Connect: the click says so, whatever users.info says
            stranger = people.Person(id=account, account=account, name=member.person.name, is_stranger=True)
            return Member(person=stranger)
        return member

    def members(self) -> dict[str, frozenset[str]]:
        """Return the people of each role."""
        return people.read_members(self.directory, roles=self.config.roles, same_person=self.config.same_person)

    @property
    def today(self) -> date:
        """The day that it is at Paytend."""
        return self.clock.now().astimezone(self.timezone).date()

    def take_snapshot(self, action: str, payload: Payload) -> Snapshot:
        """Return what an approver needs to see of what is asked for; raises PaytendError."""
        return snapshots.take_snapshot(
            action, payload, source=SnapshotSource(ask=self.paytend.send, today=self.today)
        )

    def note(self, event: str, *, member: Member, subject: str, **facts: Any) -> None:
        """Add a fact to the audit trail, such as a read of personal data."""
        with self.database.writing() as session:
            chain.append(
                session,
                event,
                key=self.context.audit_key,
                actor=member.person.account,
                subject=subject,
                facts=facts,
                now=self.clock.now(),
            )

    @contextmanager
    def recording_refusals(self, member: Member, *, subject: str) -> Iterator[None]:
        """Add what is refused inside to the trail: the transaction in which it was raised was rolled back."""
        try:
            yield
        except Refusal as refusal:
            if refusal.is_recorded and not refusal.in_trail:
                refusal.in_trail = True
                with self.database.writing() as session:
                    chain.append_refusal(
                        session,
                        refusal,
                        key=self.context.audit_key,
                        actor=member.person.account,
                        subject=subject,
                        now=self.clock.now(),
                    )
            raise

    def is_new(self, key: str) -> bool:
        """Remember a delivery; False when Slack delivered it before."""
        with self.database.writing() as session:
            return insert_once(session, SeenDelivery, {"key": key, "seen_at": self.clock.now()})


def require_any(member: Member, roles: Iterable[str]) -> None:
    """Refuse whoever has none of these roles; a form without roles is for every member."""
    people.admit(member.person)
    wanted = tuple(roles)
    if wanted:
        people.require_role(member, roles=wanted)
