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


class Said(StrEnum):
    """What an answer of Paytend says, before anything of it is believed."""

    DONE = "done"
    DONE_UNNAMED = "done, without our reference"
    FAILED = "failed"
    IN_PROGRESS = "in progress"
    NO_STATUS = "no status that we know"
    UNNAMED = "an answer without our reference"
    ANOTHER_ORDER = "an answer with another reference"
    ANOTHER_CONTENT = "another card, cardholder, amount or currency"
    CONTRADICTORY = "two things of one field"
    ABSENT = "no such order, or the card is as it was"
    ABSENT_UNSIGNED = "the same, but nobody signed it"
    REFUSED = "a signed refusal"
    REFUSED_FINALLY = "a signed refusal with a code of `final_refusals`"
    UNDER_WAY = "a signed refusal whose words say that it is under way"
    REFUSED_UNSIGNED = "a refusal that nobody signed"
    UNTRUSTED = "an answer that cannot be verified"
    NO_ANSWER = "no answer, after it was sent"
    NOT_REACHED = "Paytend was not reached"
    NOT_SENDABLE = "it could not be written down for Paytend"
    CANNOT_BE_ASKED = "there is no question for it"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one answer says, in words for people; `answer` is Paytend's, redacted. The rest as in Outcome."""

    said: Said
    words: str
    code: str = ""
    provider_reference: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)
    followed: bool = False
    secret: SecretStr | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of one try, in words for people; `answer` is Paytend's, redacted.

    `followed`: it is done, but its result arrives later. `secret` is for the requester alone, once: it stays in
    memory and is never written down. `refused_code` is that of a signed refusal, `absent_code` the one with which
    Paytend said before the send that it has no such order. `in_progress`: Paytend is still at it. `confirm`: it
    is asked again later whether it stays that way. `alarm`: on-call and managers have to look at it.

    `words` may quote Paytend. The trail keeps what kind of answer it was (`said`), Paytend's `code`, and `why`,
    which is ours.
    """

    result: Result
    words: str
    provider_reference: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)
    followed: bool = False
    secret: SecretStr | None = field(default=None, repr=False)
    said: Said | None = None
    code: str = ""
    why: str = ""
    refused_code: str = ""
    absent_code: str = ""
    in_progress: bool = False
    confirm: bool = False
    alarm: bool = False


@dataclass(frozen=True, kw_only=True)
class LookupResult:
    """The result of one lookup, in words for people; `answer` is Paytend's, redacted. The rest as in Outcome."""

    status: LookupStatus
    words: str
    provider_reference: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)
    followed: bool = False
    said: Said | None = None
    code: str = ""
    why: str = ""
    confirm: bool = False
    alarm: bool = False
