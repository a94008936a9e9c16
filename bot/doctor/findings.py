"""What the checks examine, and what each returns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from slack_sdk import WebClient

from approvals.audit.trail_keys import TrailKey
from approvals.policy.people import Directory, SamePerson
from bot.database.engine import SqlDatabase
from bot.settings.cardops_yml import Config
from notifier.inbox.custom_templates import FaultyTemplate
from paytend import AmountUnit, Client
from storage.macs import MacKeys


class CheckState(StrEnum):
    """The outcome of a check."""

    OK = "ok"
    WARN = "warn"
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What one check found: a sentence, and in `next` what to do about it."""

    state: CheckState
    says: str
    next: str = ""


@dataclass(frozen=True, kw_only=True)
class DoctorRow:
    """What one check found, under its name."""

    name: str
    state: CheckState
    says: str
    next: str


@dataclass(frozen=True, kw_only=True)
class DoctorContext:
    """What the checks examine; a running bot hands in its own clients, `cardops doctor` makes them."""

    config: Config
    database: SqlDatabase
    slack: WebClient
    paytend: Client
    directory: Directory
    now: Callable[[], datetime]
    webhook_unit: AmountUnit | None  # as it is set, None where webhooks are read like answers
    scopes: Mapping[str, Sequence[str]]  # those that the bot needs, each with the calls that need it
    optional_scopes: Mapping[str, str]  # those of them that it can do without, and what is missing then
    audit_key: TrailKey = field(repr=False)  # by these two it tells whether what is stored is genuine
    macs: MacKeys = field(repr=False)
    evidence_key: str = ""  # the public half; empty where none is set
    private_files: Sequence[Path] = ()  # that nobody else on the machine may read
    uses_socket: bool = False
    socket_hears: Callable[[], bool | None] = lambda: None  # only the running bot knows
    team_id: str = ""  # SLACK_TEAM_ID, where it is set
    faulty_templates: Sequence[FaultyTemplate] = ()  # of the operator's own, not used

    @property
    def same_person(self) -> SamePerson:
        """Which accounts belong to one person."""
        return self.config.same_person


Check = Callable[[DoctorContext], CheckResult]


def fine(says: str) -> CheckResult:
    """Return the result of a check that is in order."""
    return CheckResult(state=CheckState.OK, says=says)


def doubtful(says: str, todo: str) -> CheckResult:
    """Return the result of a check that somebody should look into."""
    return CheckResult(state=CheckState.WARN, says=says, next=todo)


def wrong(says: str, todo: str) -> CheckResult:
    """Return the result of a check that failed."""
    return CheckResult(state=CheckState.WRONG, says=says, next=todo)
