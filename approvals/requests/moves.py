"""What can happen to a request: the table of its moves, and who is notified of each. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from approvals.statuses import Status


class Audience(StrEnum):
    """Who is notified of a move. The request message is updated in any case."""

    NOBODY = "nobody"  # the request message says it
    REQUESTER = "requester"  # a reply that mentions the requester


@dataclass(frozen=True, kw_only=True)
class Move:
    """One legal change of status; `event` is its name in the audit trail."""

    event: str
    source: Status | None
    to: Status
    audience: Audience


def _move(event: str, source: Status | None, to: Status, audience: Audience) -> Move:
    return Move(event=event, source=source, to=to, audience=audience)


# The triggers are made from this table too (database_guards/forbidden_changes.py), so that raw SQL obeys it.
MOVES: tuple[Move, ...] = (
    _move("approval:opened", None, Status.PENDING, Audience.NOBODY),
    _move("approval:approved", Status.PENDING, Status.APPROVED, Audience.NOBODY),
    _move("approval:lifted", Status.PENDING, Status.APPROVED, Audience.NOBODY),  # its rule needs no second person
    _move("approval:denied", Status.PENDING, Status.DENIED, Audience.REQUESTER),
    _move("approval:withdrawn", Status.PENDING, Status.WITHDRAWN, Audience.NOBODY),
    _move("approval:expired", Status.PENDING, Status.EXPIRED, Audience.REQUESTER),
    # Back to pending: an approval was voided, or the policy asks for more than when it was given (F18).
    _move("approval:returned", Status.APPROVED, Status.PENDING, Audience.REQUESTER),
    # Until the claim: what is being carried out cannot be stopped any more.
    _move("approval:stopped", Status.APPROVED, Status.WITHDRAWN, Audience.REQUESTER),
    _move("approval:lapsed", Status.APPROVED, Status.EXPIRED, Audience.REQUESTER),
    _move("execution:refused", Status.APPROVED, Status.FAILED, Audience.REQUESTER),
    _move("execution:claimed", Status.APPROVED, Status.EXECUTING, Audience.NOBODY),
    # The only way back from executing: no connection was made, so another try cannot be a second one (F13).
    _move("execution:not_sent", Status.EXECUTING, Status.APPROVED, Audience.NOBODY),
    _move("execution:executed", Status.EXECUTING, Status.EXECUTED, Audience.REQUESTER),
    _move("execution:failed", Status.EXECUTING, Status.FAILED, Audience.REQUESTER),
    _move("execution:unknown", Status.EXECUTING, Status.UNKNOWN, Audience.REQUESTER),
    # After a backup was restored: it may have been carried out since (ADR 9).
    _move("execution:restored", Status.APPROVED, Status.UNKNOWN, Audience.REQUESTER),
    # Its time was over, but Paytend has its reference: the database may have lost that it was sent.
    _move("execution:doubted", Status.APPROVED, Status.UNKNOWN, Audience.REQUESTER),
    # Nothing leads from unknown to approved: what may have been sent is never sent again.
    _move("execution:found_executed", Status.UNKNOWN, Status.EXECUTED, Audience.REQUESTER),
    _move("execution:found_failed", Status.UNKNOWN, Status.FAILED, Audience.REQUESTER),
    _move("execution:settled_happened", Status.UNKNOWN, Status.EXECUTED, Audience.REQUESTER),
    _move("execution:settled_not", Status.UNKNOWN, Status.FAILED, Audience.REQUESTER),
    # Only after Paytend said the opposite of an end (`contradicted_at`), and by two people.
    _move("execution:resettled_happened", Status.FAILED, Status.EXECUTED, Audience.REQUESTER),
    _move("execution:resettled_not", Status.EXECUTED, Status.FAILED, Audience.REQUESTER),
)
MOVE = {move.event: move for move in MOVES}
LEGAL = frozenset((move.source, move.to) for move in MOVES if move.source is not None)
