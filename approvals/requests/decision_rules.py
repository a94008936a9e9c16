"""Whether a decision counts, and which status follows from it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from approvals.free_text import require_reason
from approvals.policy.eligibility import ChangedCardholder, SelfApproval
from approvals.policy.people import Member, Person, admit, require_role
from approvals.policy.rules import Rule
from approvals.refusals import Refusal, write_moment
from approvals.statuses import Status, Verdict


class AlreadyDecided(Refusal):
    """{who} decided already, at {when}."""


class NotPending(Refusal):
    """This request is {status} already{since}, so there is nothing left to decide."""


class Expired(Refusal):
    """The time to decide ended at {when}."""


class OtherContent(Refusal):
    """This button belongs to other content than the request has now. Please open the request again."""


class NotYours(Refusal):
    """Only the person who asked can withdraw this."""


@dataclass(frozen=True, kw_only=True)
class RequestState:
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


def judge_decision(
    asked: RequestState,
    *,
    live: Rule,
    earlier: Sequence[EarlierDecision],
    member: Member,
    changers: frozenset[str],
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
    if person.is_known_as(*changers):
        raise ChangedCardholder
    if verdict is Verdict.DENY:
        require_reason(reason)
        return Status.DENIED
    counted = count_approvals(earlier) + 1
    return Status.APPROVED if counted >= count_needed(asked.rule, live) else Status.PENDING


def judge_withdrawal(asked: RequestState, *, member: Member, digest: str, now: datetime) -> Status:
    """Return the status after the requester took it back; raises a Refusal."""
    admit(member.person)
    require_digest(asked, digest=digest)
    if not member.person.is_known_as(asked.requester_id):
        raise NotYours
    require_pending(asked, now=now)
    return Status.WITHDRAWN


def count_needed(asked: Rule, live: Rule) -> int:
    """Return the approvals that both rules are content with; none only where both need nobody else."""
    if asked.lifted and live.lifted:
        return 0
    return max(asked.quorum, live.quorum, 1)


def count_approvals(earlier: Sequence[EarlierDecision]) -> int:
    """Return how many people approved, void decisions left out."""
    return len({row.person_id for row in earlier if row.verdict is Verdict.APPROVE and not row.is_void})


def require_digest(asked: RequestState, *, digest: str) -> None:
    """Refuse a click on other content."""
    if digest != asked.digest:
        raise OtherContent


def require_pending(asked: RequestState, *, now: datetime) -> None:
    """Refuse what is not pending, or not in time: the very instant of `decide_by` is too late."""
    if asked.status is not Status.PENDING:
        raise NotPending(status=asked.status.value, since=asked.since)
    if is_expired(asked.decide_by, now=now):
        raise Expired(when=write_moment(asked.decide_by))


def is_expired(until: datetime | None, *, now: datetime) -> bool:
    """Whether a deadline is over; its own instant is."""
    return until is not None and now >= until


def _refuse_second(earlier: Sequence[EarlierDecision], *, person: Person) -> None:
    for row in earlier:
        if person.is_known_as(row.person_id):
            raise AlreadyDecided(who=row.name, when=write_moment(row.decided_at))
