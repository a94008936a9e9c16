"""What is known after a change was tried, and after Paytend was asked about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import SecretStr


class Result(StrEnum):
    """What became of a change. Unknown is not failed."""

    EXECUTED = "executed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NEVER_SENT = "never_sent"


class LookupStatus(StrEnum):
    """What Paytend says about a change when it is asked later."""

    EXECUTED = "executed"
    FAILED = "failed"
    IN_PROGRESS = "in_progress"
    NOT_FOUND = "not_found"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of one try, in words for people; `answer` is Paytend's, redacted.

    `followed`: it is done, but its result arrives later. `secret` is for the requester alone, once: it stays in
    memory and is never written down.
    """

    result: Result
    words: str
    provider_reference: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)
    followed: bool = False
    secret: SecretStr | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class LookupResult:
    """The result of one lookup, in words for people; `answer` is Paytend's, redacted. `followed` as in Outcome."""

    status: LookupStatus
    words: str
    provider_reference: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)
    followed: bool = False
