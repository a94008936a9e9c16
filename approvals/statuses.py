"""The statuses of a request and the verdicts of a decision."""

from enum import StrEnum


class Status(StrEnum):
    """Where a request stands. A partial approval is a count, not a status."""

    PENDING = "pending"
    APPROVED = "approved"
    EXECUTING = "executing"
    EXECUTED = "executed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


OPEN = (Status.PENDING, Status.APPROVED, Status.EXECUTING, Status.UNKNOWN)


ENDED = tuple(status for status in Status if status not in OPEN)


class Verdict(StrEnum):
    """What a decision says."""

    APPROVE = "approve"
    DENY = "deny"
