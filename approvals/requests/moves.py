"""What can happen to a request (MOVES), who hears of it, and whether a decision counts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from approvals.policy.people import Member, Person, admit, require_role
from approvals.policy.rules import Rule
from approvals.refusals import Refusal
from paytend.redaction import find_card_numbers

CARDHOLDER_REST = timedelta(hours=24)
SHORTEST_REASON, LONGEST_REASON = 3, 500


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


class Audience(StrEnum):
    """Who is told of a move, besides the edit of every copy of the card."""

    NOBODY = "nobody"  # the card says it
    THREAD = "thread"  # a reply under the card
    REQUESTER = "requester"  # a reply that mentions the requester


@dataclass(frozen=True, kw_only=True)
class Move:
    """One legal change of status; `event` names it in the audit trail."""

    event: str
    source: Status | None
    to: Status
    hears: Audience


def _move(event: str, source: Status | None, to: Status, hears: Audience) -> Move:
    return Move(event=event, source=source, to=to, hears=hears)


MOVES: tuple[Move, ...] = (
    _move("approval:opened", None, Status.PENDING, Audience.NOBODY),
    _move("approval:approved", Status.PENDING, Status.APPROVED, Audience.THREAD),
    _move("approval:lifted", Status.PENDING, Status.APPROVED, Audience.NOBODY),  # by a rule that needs nobody else
    _move("approval:denied", Status.PENDING, Status.DENIED, Audience.REQUESTER),
    _move("approval:withdrawn", Status.PENDING, Status.WITHDRAWN, Audience.THREAD),
    _move("approval:expired", Status.PENDING, Status.EXPIRED, Audience.REQUESTER),
    _move("approval:returned", Status.APPROVED, Status.PENDING, Audience.REQUESTER),
    _move("approval:lapsed", Status.APPROVED, Status.EXPIRED, Audience.REQUESTER),
    _move("execution:refused", Status.APPROVED, Status.FAILED, Audience.REQUESTER),
    _move("execution:claimed", Status.APPROVED, Status.EXECUTING, Audience.NOBODY),
    _move("execution:not_sent", Status.EXECUTING, Status.APPROVED, Audience.NOBODY),
    _move("execution:executed", Status.EXECUTING, Status.EXECUTED, Audience.REQUESTER),
    _move("execution:failed", Status.EXECUTING, Status.FAILED, Audience.REQUESTER),
    _move("execution:unknown", Status.EXECUTING, Status.UNKNOWN, Audience.REQUESTER),
    _move("execution:restored", Status.APPROVED, Status.UNKNOWN, Audience.REQUESTER),
    _move("execution:found_executed", Status.UNKNOWN, Status.EXECUTED, Audience.REQUESTER),
    _move("execution:found_failed", Status.UNKNOWN, Status.FAILED, Audience.REQUESTER),
    _move("execution:settled_happened", Status.UNKNOWN, Status.EXECUTED, Audience.REQUESTER),
    _move("execution:settled_not", Status.UNKNOWN, Status.FAILED, Audience.REQUESTER),
)
MOVE = {move.event: move for move in MOVES}
LEGAL = frozenset((move.source, move.to) for move in MOVES if move.source is not None)


class SelfApproval(Refusal):
    """You asked for this yourself, so somebody else has to decide."""


class ChangedCardholder(Refusal):
    """You changed this cardholder within the last 24 hours, so somebody else has to decide."""


class AlreadyDecided(Refusal):
    """{who} decided already, at {when}."""


class NotPending(Refusal):
    """This request is {status} already{since}, so there is nothing left to decide."""


class Expired(Refusal):
    """The time to decide ended at {when}."""


class OtherContent(Refusal):
    """This button belongs to other content than the request has now. Please open the request again."""


class ReasonNeeded(Refusal):
    """Please give a reason of 3 to 500 characters."""


class HoldsCardNumber(Refusal):
    """Your text holds a card number. It was not stored; please write it without."""


class NotYours(Refusal):
    """Only the person who asked can withdraw this."""


@dataclass(frozen=True, kw_only=True)
class RequestFacts:
    """What the rules need to know of a request; `since` says in words who ended it and when."""

    status: Status
    digest: str
    requester_id: str
    requester_account: str
    decide_by: datetime
    rule: Rule
    since: str = ""


@dataclass(frozen=True, kw_only=True)
class EarlierDecision:
    """A decision that was made before."""

    person_id: str
    name: str
    verdict: Verdict
    decided_at: datetime
    is_void: bool = False


def decide(
    asked: RequestFacts,
    *,
    live: Rule,
    earlier: Sequence[EarlierDecision],
    member: Member,
    changed_cardholder: frozenset[str],
    digest: str,
    verdict: Verdict,
    reason: str,
    now: datetime,
) -> Status:
    """Return the status after this decision, which then counts; raises a Refusal when it does not.

    The rule as it was asked and the live one must both allow it.
    """
    person = member.person
    admit(person)
    require_digest(asked, digest=digest)
    _refuse_second(earlier, person=person)
    require_pending(asked, now=now)
    if person.is_known_as(asked.requester_id, asked.requester_account):
        raise SelfApproval
    for rule in (asked.rule, live):
        require_role(member, roles=rule.approvers)
    if person.is_known_as(*changed_cardholder):
        raise ChangedCardholder
    if verdict is Verdict.DENY:
        check_reason(reason)
        return Status.DENIED
    counted = count_approvals(earlier) + 1
    return Status.APPROVED if counted >= needed(asked.rule, live) else Status.PENDING


def withdraw(asked: RequestFacts, *, member: Member, digest: str, now: datetime) -> Status:
    """Return the status after the requester took it back; raises a Refusal."""
    admit(member.person)
    require_digest(asked, digest=digest)
    if not member.person.is_known_as(asked.requester_id):
        raise NotYours
    require_pending(asked, now=now)
    return Status.WITHDRAWN


def needed(asked: Rule, live: Rule) -> int:
    """Return the approvals that both rules are content with; none only where both need nobody else."""
    if asked.lifted and live.lifted:
        return 0
    return max(asked.quorum, live.quorum, 1)


def count_approvals(earlier: Sequence[EarlierDecision]) -> int:
    """Return how many people approved, void decisions left out."""
    return len({row.person_id for row in earlier if row.verdict is Verdict.APPROVE and not row.is_void})


def require_digest(asked: RequestFacts, *, digest: str) -> None:
    """Refuse a click on other content."""
    if digest != asked.digest:
        raise OtherContent


def require_pending(asked: RequestFacts, *, now: datetime) -> None:
    """Refuse what is not pending, or not in time: the very instant of `decide_by` is too late."""
    if asked.status is not Status.PENDING:
        raise NotPending(status=asked.status.value, since=asked.since)
    if is_expired(asked.decide_by, now=now):
        raise Expired(when=write_moment(asked.decide_by))


def is_expired(until: datetime | None, *, now: datetime) -> bool:
    """Whether a deadline is over; its own instant is."""
    return until is not None and now >= until


def check_reason(reason: str) -> None:
    """Refuse a reason that is missing, too long, or holds a card number."""
    refuse_card_number(reason)
    if not SHORTEST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        raise ReasonNeeded


def refuse_card_number(text: str) -> None:
    """Refuse a text that holds a card number."""
    if find_card_numbers(text):
        raise HoldsCardNumber


def write_moment(moment: datetime) -> str:
    """Return a time for a sentence, such as "22 Nov 14:05 UTC"."""
    return moment.strftime("%-d %b %H:%M UTC")


def _refuse_second(earlier: Sequence[EarlierDecision], *, person: Person) -> None:
    for row in earlier:
        if person.is_known_as(row.person_id):
            raise AlreadyDecided(who=row.name, when=write_moment(row.decided_at))
