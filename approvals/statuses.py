"""The statuses of a request and the verdicts of a decision. The legal moves between them: `requests/moves.py`."""

from enum import StrEnum


class Status(StrEnum):
    """How far a request has come. Some of several approvals are a count, not a status."""

    PENDING = "pending"
    APPROVED = "approved"
    EXECUTING = "executing"
    EXECUTED = "executed"
    FAILED = "failed"
    UNKNOWN = "unknown"  # sent without a trustworthy answer: never repeated, as the money may have moved
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


# Unknown is open: money may have moved, so people and lookups still work on it.
OPEN = (Status.PENDING, Status.APPROVED, Status.EXECUTING, Status.UNKNOWN)
# Ended by people, whose reasons stay; the reasons of all other ends may be in Paytend's words.
SAID_BY_PEOPLE = (Status.DENIED, Status.WITHDRAWN)

# What a request is, in the words that people read; its message says more (`messages/request_message.py`).
SAID: dict[Status, str] = {
    Status.PENDING: "not decided",
    Status.APPROVED: "approved",
    Status.EXECUTING: "in progress",
    Status.EXECUTED: "completed",
    Status.FAILED: "failed",
    Status.UNKNOWN: "unclear",
    Status.DENIED: "denied",
    Status.WITHDRAWN: "withdrawn",
    Status.EXPIRED: "expired",
}


class Verdict(StrEnum):
    """What a decision says."""

    APPROVE = "approve"
    DENY = "deny"
