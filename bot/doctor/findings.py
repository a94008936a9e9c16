"""What a check finds, and what is examined."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from slack_sdk import WebClient

from approvals.policy.people import Directory
from bot.database.engine import SqlDatabase
from bot.settings.cardops_yml import Config
from notifier.inbox.custom_templates import FaultyTemplate
from paytend import Client


class CheckState(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What one check found; `next` says what to do."""

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
    """What the checks examine: of a running bot, or made for `cardops doctor`."""

    config: Config
    database: SqlDatabase
    slack: WebClient
    paytend: Client
    directory: Directory
    now: Callable[[], datetime]
    scopes: Mapping[str, Sequence[str]]  # those that the bot needs, each with the calls that need it
    faulty_templates: Sequence[FaultyTemplate] = ()  # of the operator's own, not used


Check = Callable[[DoctorContext], CheckResult]


def fine(says: str) -> CheckResult:
    """Return that nothing is to be done."""
    return CheckResult(state=CheckState.OK, says=says)


def doubtful(says: str, todo: str) -> CheckResult:
    """Return what is worth a look."""
    return CheckResult(state=CheckState.WARN, says=says, next=todo)


def wrong(says: str, todo: str) -> CheckResult:
    """Return what does not work."""
    return CheckResult(state=CheckState.WRONG, says=says, next=todo)


def reason_of(error: Exception) -> str:
    """Return Slack's own word for what went wrong, else the kind of error."""
    response = getattr(error, "response", None)
    return str(response["error"]) if response is not None and "error" in response else type(error).__name__
