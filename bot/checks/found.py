"""What a check finds, and what is examined."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from slack_sdk import WebClient

from approvals.people import Directory
from bot.config import Config
from bot.database import Database
from notifier.overriding import Faulty
from paytend import Client


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one check found; `next` says what to do."""

    state: State
    says: str
    next: str = ""


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What is examined."""

    config: Config
    database: Database
    slack: WebClient
    paytend: Client
    directory: Directory
    now: Callable[[], datetime]
    faulty: Sequence[Faulty] = ()  # templates of the operator's that are not used


Check = Callable[[Patient], Found]


def fine(says: str) -> Found:
    """Return that nothing is to be done."""
    return Found(state=State.OK, says=says)


def doubtful(says: str, todo: str) -> Found:
    """Return what is worth a look."""
    return Found(state=State.WARN, says=says, next=todo)


def wrong(says: str, todo: str) -> Found:
    """Return what does not work."""
    return Found(state=State.WRONG, says=says, next=todo)


def reason_of(error: Exception) -> str:
    """Return Slack's own word for what went wrong, else the kind of error."""
    response = getattr(error, "response", None)
    return str(response["error"]) if response is not None and "error" in response else type(error).__name__
