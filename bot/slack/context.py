"""What the handlers of Slack work with, made once by the wiring."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from approvals.actions.payloads import Payload
from approvals.actions.snapshot import Snapshot
from approvals.audit import chain
from approvals.context import ApprovalContext
from approvals.policy import people
from approvals.policy.cardholder_changes import find_known_holder
from approvals.policy.people import Member
from approvals.refusals import Refusal
from approvals.tables import Request
from bot.books.keeper import BookKeeper
from bot.cards import sightings
from bot.cards.known_cards import KnownCards
from bot.cards.reveals import Reveals
from bot.database.engine import SqlDatabase
from bot.doctor.findings import DoctorContext
from bot.jobs.refused_people import RefusedPeople, is_outsider
from bot.pages.links import PageLinks
from bot.settings.cardops_yml import DocumentWay
from bot.slack.choices import Choices
from bot.slack.draft_store import Drafts
from bot.slack.files import SlackFiles
from bot.slack.members import WorkspaceMembers
from bot.slack.one_time_secrets import OneTimeSecrets
from bot.slack.replies import Replier
from commands import snapshots
from commands.snapshots import SnapshotSource
from notifier.balance.levels import BalanceRule
from notifier.routing.routes import Routes
from paytend import AmountUnits, Client

NOT_YET_SO = ("card.activate",)  # what was looked at names the cardholder that the card is to get


@dataclass(frozen=True, kw_only=True)
class ModalInputs:
    """What fills the inputs of modals, and keeps or reads what was put into them."""

    choices: Choices
    drafts: Drafts
    files: SlackFiles


@dataclass(frozen=True, kw_only=True)
class WorkHandover:
    """How handlers pass on work.

    `later` hands it to threads that no click waits behind; raises Busy. `execute_now` executes a request that its
    rule has just approved, and returns it as it is then. `look_again` asks Paytend about an unknown one. Both
    `wake_…` say that rows are there to work on.
    """

    later: Callable[[Callable[[], None]], None]
    execute_now: Callable[[str], Request]
    look_again: Callable[[str], None]
    wake_executor: Callable[[], None]
    wake_deliverer: Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class SlackContext:
    """The collaborators of the handlers; `documents` says which way a cardholder's documents go."""

    database: SqlDatabase
    now: Callable[[], datetime]
    now_in: Callable[[Session], datetime]  # by which leases and deadlines are decided
    timezone: ZoneInfo  # of the dates at Paytend
    approvals: ApprovalContext
    paytend: Client
    units: AmountUnits
    members: WorkspaceMembers
    replier: Replier
    inputs: ModalInputs
    known_cards: KnownCards
    reveals: Reveals
    secrets: OneTimeSecrets
    routes: Routes
    balance: BalanceRule
    doctor: DoctorContext
    books: BookKeeper
    refused_people: RefusedPeople
    work: WorkHandover
    links: PageLinks | None  # None without a public address
    documents: DocumentWay
    workspace_url: Callable[[], str] = lambda: ""  # empty while Slack has not said it

    @property
    def today(self) -> date:
        """The date in Paytend's time zone."""
        return self.now().astimezone(self.timezone).date()

    def take_snapshot(self, action: str, payload: Payload) -> Snapshot:
        """Return what an approver needs to know of what is asked for; raises PaytendError."""
        source = SnapshotSource(ask=self.paytend.send, today=self.today, find_holder=self._find_holder)
        seen = snapshots.take_snapshot(action, payload, source=source)
        if action not in NOT_YET_SO:
            self.known_cards.note(sightings.of_snapshot(seen))
        return seen

    def _find_holder(self, card_id: str) -> str:
        with self.database.reading() as session:
            return find_known_holder(session, card_id)

    def note(self, event: str, *, member: Member, subject: str, **facts: Any) -> None:
        """Add an event to the audit trail, such as a read of personal data, in a transaction of its own."""
        with self.database.writing() as session:
            chain.append(
                session,
                event,
                key=self.approvals.audit_key,
                actor=member.person.account,
                subject=subject,
                facts=facts,
                now=self.now_in(session),
            )

    @contextmanager
    def recording_refusals(self, member: Member, *, subject: str) -> Iterator[None]:
        """Add what is refused inside to the trail: the transaction in which it was raised was rolled back.

        Refusals of people without any role are counted instead: anybody may type as many commands as they like.
        """
        try:
            yield
        except Refusal as refusal:
            if is_outsider(member):
                if refusal.is_recorded and not refusal.is_counted:
                    self.refused_people.count(member, refusal, subject=subject)
                refusal.is_counted = True
            # Once: the handler, which knows what it is about, records it before it passes through the router.
            elif refusal.is_recorded and not refusal.in_trail:
                refusal.in_trail = True
                with self.database.writing() as session:
                    chain.append_refusal(
                        session,
                        refusal,
                        key=self.approvals.audit_key,
                        actor=member.person.account,
                        subject=subject,
                        now=self.now_in(session),
                    )
            raise


def require_any(member: Member, roles: Iterable[str]) -> None:
    """Refuse a person with none of these roles; without roles, one who is not an active full member."""
    # Before the roles: a guest or a stranger may well be in one of the groups.
    people.admit(member.person)
    wanted = tuple(roles)
    if wanted:
        people.require_role(member, roles=wanted)
