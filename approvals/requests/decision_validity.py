"""Whether a decision counts, and which status follows from it. Pure.

Each function takes the state of a request and a person, and returns a status or raises a refusal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from approvals.free_text import require_reason
from approvals.policy.eligibility import require_eligible, require_stopper
from approvals.policy.people import Member, Person, SamePerson, admit, count_people
from approvals.policy.rules import Rule
from approvals.refusals import Refusal, write_moment
from approvals.statuses import SAID, Status, Verdict

_DECIDED = {Verdict.APPROVE: "approved", Verdict.DENY: "denied"}


class AlreadyDecided(Refusal):
    """You already {decided} this at {when}."""


class NotPending(Refusal):
    """This request is already {status}{since}."""


class Expired(Refusal):
    """This request expired at {when}."""


class NotStoppable(Refusal):
    """This request is {status}{since}, so it can’t be stopped."""


class OtherContent(Refusal):
    """The request changed since you opened it. Open it again to decide."""


class NotYours(Refusal):
    """Only the requester can withdraw this."""


@dataclass(frozen=True, kw_only=True)
class RequestState:
    """What the rules need to know about a request; `since` says in words who ended it and when."""

    status: Status
    digest: str
    requester_id: str
    requester_account: str
    decide_by: datetime
    rule: Rule
    since: str = ""


@dataclass(frozen=True, kw_only=True)
class EarlierDecision:
    """A decision that was made before this one.

    `person_id` is who it was then, `account` what they used: who is behind it now follows from the account.
    """

    person_id: str
    account: str
    name: str
    verdict: Verdict
    decided_at: datetime
    is_void: bool = False


def judge_decision(
    state: RequestState,
    *,
    live: Rule,
    earlier: Sequence[EarlierDecision],
    member: Member,
    changers: frozenset[str],
    same_person: SamePerson,
    digest: str,
    verdict: Verdict,
    reason: str,
    now: datetime,
) -> Status:
    """Return the status after this decision; raises a Refusal if the decision does not count.

    `live` is what the policy says today: the person must be an approver in it and in the rule of the request, and
    the larger quorum counts.
    """
    person = member.person
    admit(person)  # first: a stranger or a guest learns nothing about the request
    # Before the rest: every other refusal would be about content that this person has not seen.
    require_digest(state, digest=digest)
    # Before the status: a second click after the end is told who decided, not just that it is over.
    _refuse_second(earlier, person=person)
    require_pending(state, now=now)
    require_eligible(
        member,
        requester=(state.requester_id, state.requester_account),
        role_lists=(state.rule.approvers, live.approvers),
        changers=changers,
    )
    if verdict is Verdict.DENY:
        require_reason(reason)
        return Status.DENIED
    counted = count_approvals(earlier, same_person=same_person) + 1
    return Status.APPROVED if counted >= count_needed(state.rule, live) else Status.PENDING


def judge_withdrawal(state: RequestState, *, member: Member, digest: str, now: datetime) -> Status:
    """Return the status after the requester withdraws; raises a Refusal if this person cannot, or not any more."""
    admit(member.person)
    require_digest(state, digest=digest)
    if not member.person.is_known_as(state.requester_id, state.requester_account):
        raise NotYours
    require_pending(state, now=now)
    return Status.WITHDRAWN


def judge_stop(state: RequestState, *, member: Member, digest: str) -> Status:
    """Return the status after an approved request is stopped; raises a Refusal if this person cannot do so now."""
    admit(member.person)
    require_digest(state, digest=digest)
    require_stopper(
        member,
        requester=(state.requester_id, state.requester_account),
        approvers=state.rule.approvers,
    )
    if state.status is not Status.APPROVED:
        raise NotStoppable(status=SAID[state.status], since=state.since)
    return Status.WITHDRAWN


def count_needed(asked: Rule, live: Rule) -> int:
    """Return how many approvals satisfy both rules; 0 only if both are lifted."""
    if asked.lifted and live.lifted:
        return 0
    # Rules refuse a quorum of 0 when they are read; with this 1, no slip there makes a request approve itself.
    return max(asked.quorum, live.quorum, 1)


def count_approvals(earlier: Sequence[EarlierDecision], *, same_person: SamePerson) -> int:
    """Return how many people approved; void decisions do not count."""
    # By account and not by the stored id: the identity map may have joined or parted people since.
    approved = (row.account for row in earlier if row.verdict is Verdict.APPROVE and not row.is_void)
    return count_people(approved, same_person=same_person)


def require_digest(state: RequestState, *, digest: str) -> None:
    """Refuse a click on a message that showed other content than the request has."""
    if digest != state.digest:
        raise OtherContent


def require_pending(state: RequestState, *, now: datetime) -> None:
    """Refuse a request that is not pending or whose time is over; the instant of `decide_by` is too late."""
    if state.status is not Status.PENDING:
        raise NotPending(status=SAID[state.status], since=state.since)
    if is_expired(state.decide_by, now=now):
        raise Expired(when=write_moment(state.decide_by))


def is_expired(until: datetime | None, *, now: datetime) -> bool:
    """Whether a deadline is over; at its own instant it is."""
    return until is not None and now >= until


def _refuse_second(earlier: Sequence[EarlierDecision], *, person: Person) -> None:
    for row in earlier:
        # Void decisions too: there is one row per person, so a voided approver cannot decide again.
        if person.is_known_as(row.account, row.person_id):
            raise AlreadyDecided(decided=_DECIDED[row.verdict], when=write_moment(row.decided_at))
