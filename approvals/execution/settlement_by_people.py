"""Two people settle what became of an execution if Paytend cannot say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from approvals.actions.outcomes import LookupStatus
from approvals.actions.table import find_action
from approvals.audit import row_macs
from approvals.context import ApprovalContext
from approvals.execution.rights_recheck import RightsUnreadable, find_known
from approvals.execution.settled_ends import end_settled
from approvals.free_text import require_reason
from approvals.messages import notices
from approvals.policy.eligibility import SelfApproval, require_eligible
from approvals.policy.people import Member, RolesUnreadable, admit, identity_of
from approvals.refusals import Refusal, write_moment
from approvals.requests import stored
from approvals.requests.decision_validity import OtherContent
from approvals.requests.history import require_proven
from approvals.requests.move import note, update_message
from approvals.requests.recent_past import find_recent_changes
from approvals.statuses import Status
from approvals.tables import Execution, Request, Settlement

SETTLERS = ("admin",)  # besides the approvers of the rule, and in place of them if the rule was lifted
_PEOPLE_TO_SETTLE = 2  # like a payment: nobody decides alone whether money moved


class NotUnknown(Refusal):
    """This request is {status}. There is nothing to confirm."""


class StillAsking(Refusal):
    """We’re still checking with Paytend. You can confirm manually if that fails."""


class StillInProgress(Refusal):
    """Paytend says this is in progress, so it may still go through. Wait until it says otherwise."""


class RequesterSettles(Refusal):
    """You requested this, so two others have to confirm it."""


class AlreadySaid(Refusal):
    """You already confirmed at {when}. We need a second person."""


@dataclass(frozen=True, kw_only=True)
class _Words:
    """The words that count now, by the people who gave them; `lost` are the names of the others, with reasons."""

    by_person: Mapping[str, bool]
    lost: tuple[str, ...]

    def count(self, *, happened: bool) -> int:
        """Return how many people say so."""
        return sum(word is happened for word in self.by_person.values())


def find_settlers(session: Session, request_id: str) -> tuple[str, ...]:
    """Return the accounts of those who gave their word: their rights are read before the next word counts."""
    return tuple(row.account for row in stored.find_settlements(session, request_id))


def settle(
    session: Session,
    context: ApprovalContext,
    *,
    request_id: str,
    digest: str,
    member: Member,
    members_by_account: Mapping[str, Member],
    happened: bool,
    reason: str,
    now: datetime,
) -> Request:
    """Count one person's word on whether it happened, and return the request; raises a Refusal.

    It ends when two people say the same. The rules are those of a decision: people and not accounts count, each
    once, with the rights that they have now. `members_by_account` is who the earlier settlers are now, read just
    before; raises RightsUnreadable if one of them is missing.
    """
    admit(member.person)
    require_reason(reason)
    # Lock first: two people who settle at once must each see the other's word.
    request = stored.find(session, request_id, to_change=True)
    execution = session.get(Execution, request_id, populate_existing=True)
    changers = find_recent_changes(
        session, context, action=request.action, cardholder_id=request.cardholder_id, now=now
    ).ids
    earlier = _find_words(session, request, execution)
    _require_settleable(request, execution, digest=digest, member=member, changers=changers)
    # It could still be done, and then be asked for again: twice. That it happened may be said, for that is safe.
    if not happened and execution is not None and execution.last_said == LookupStatus.IN_PROGRESS:
        raise StillInProgress
    _refuse_second(earlier, member=member)
    # After the person's rights, so that a stranger cannot have the trail walked over.
    require_proven(session, context, request, status=Status(request.status), across_anchors=True)
    settlement = _add_settlement(
        session, context, request, execution, member=member, happened=happened, reason=reason, now=now
    )
    known = {**members_by_account, settlement.account: member}
    words = _count_words((*earlier, settlement), context, request, changers=changers, members_by_account=known)
    _reply_settled(session, context, request, settlement=settlement, words=words, now=now)
    is_enough = words.count(happened=happened) >= _PEOPLE_TO_SETTLE
    if is_enough and execution is not None:
        end_settled(session, context, request, execution, settlement=settlement, now=now)
    else:
        update_message(session, context, request, now=now)
        facts = {"happened": happened, "reason": settlement.reason, "lost": list(words.lost)}
        proofs = {"settlement": settlement.mac}
        actor = settlement.account
        note(session, context, request, "execution:word_given", actor=actor, now=now, facts=facts, proofs=proofs)
    return request


def _refuse_second(earlier: Sequence[Settlement], *, member: Member) -> None:
    # No second word, not even another one: who may take theirs back could be made to, until it fits.
    for row in earlier:
        if member.person.is_known_as(row.person_id, row.account):
            raise AlreadySaid(when=write_moment(row.settled_at))


def _count_words(
    rows: Sequence[Settlement],
    context: ApprovalContext,
    request: Request,
    *,
    changers: frozenset[str],
    members_by_account: Mapping[str, Member],
) -> _Words:
    by_person: dict[str, bool] = {}
    lost = []
    for row in rows:
        person = identity_of(row.account, same_person=context.same_person)
        known = find_known(members_by_account, row.account)
        try:
            _require_settler(request, member=known, changers=changers)
        except RolesUnreadable as refusal:
            raise RightsUnreadable from refusal
        except Refusal as refusal:
            lost.append(f"{row.name} ({refusal})")
            continue
        # The first word of a person: an older version let them say it twice.
        by_person.setdefault(person, row.happened)
    return _Words(by_person=by_person, lost=tuple(lost))


def is_settled(session: Session, request: Request) -> bool:
    """Whether nothing is left to be settled: it has an end, and Paytend does not contradict it."""
    execution = session.get(Execution, request.id)
    is_contradicted = execution is not None and execution.contradicted_at is not None
    return request.status != Status.UNKNOWN and not is_contradicted


def settler_roles(request: Request) -> tuple[str, ...]:
    """Return the roles of which two people settle an unknown outcome."""
    roles = stored.read_rule(request).approvers or find_action(request.action).requesters
    return (*roles, *(role for role in SETTLERS if role not in roles))


def _find_words(session: Session, request: Request, execution: Execution | None) -> tuple[Settlement, ...]:
    """Return the words that people gave, only those since Paytend contradicted an earlier end."""
    since = execution.contradicted_at if execution else None
    rows = stored.find_settlements(session, request.id)
    return tuple(row for row in rows if since is None or row.settled_at >= since)


def _require_settleable(
    request: Request, execution: Execution | None, *, digest: str, member: Member, changers: frozenset[str]
) -> None:
    if request.digest != digest:
        raise OtherContent
    is_contradicted = execution is not None and execution.contradicted_at is not None
    if request.status != Status.UNKNOWN and not is_contradicted:
        raise NotUnknown(status=request.status)
    _require_settler(request, member=member, changers=changers)
    # While lookups may still answer, people could only guess.
    if execution is None or (execution.gave_up_at is None and not is_contradicted):
        raise StillAsking


def _require_settler(request: Request, *, member: Member, changers: frozenset[str]) -> None:
    """Refuse a person who may not settle this now, by the rules of a decision."""
    try:
        require_eligible(
            member,
            requester=(request.requester_id, request.requester_account),
            role_lists=(settler_roles(request),),
            changers=changers,
        )
    except SelfApproval as refusal:
        raise RequesterSettles from refusal


def _add_settlement(
    session: Session,
    context: ApprovalContext,
    request: Request,
    execution: Execution | None,
    *,
    member: Member,
    happened: bool,
    reason: str,
    now: datetime,
) -> Settlement:
    person = member.person
    # Not before the contradiction that it answers, if a clock was ahead then: it would count as an older word.
    contradicted_at = execution.contradicted_at if execution else None
    settlement = Settlement(
        id=context.make_id(),
        request_id=request.id,
        person_id=person.id,
        account=person.account,
        name=person.display_name,
        happened=happened,
        reason=reason.strip(),
        settled_at=max(now, contradicted_at or now),
    )
    settlement.mac = row_macs.sign_settlement(settlement, digest=request.digest, macs=context.macs)
    session.add(settlement)
    session.flush()
    return settlement


def _reply_settled(
    session: Session,
    context: ApprovalContext,
    request: Request,
    *,
    settlement: Settlement,
    words: _Words,
    now: datetime,
) -> None:
    same = words.count(happened=settlement.happened)
    settled = notices.RequestSettled(
        request=request.id,
        phrase=request.phrase,
        by=settlement.account,
        happened=settlement.happened,
        reason=settlement.reason,
        count=f"{same} of {_PEOPLE_TO_SETTLE}",
        differs=same < len(words.by_person),
        lost=words.lost,
        at=now,
    )
    notices.reply(session, context.outbox, request, facts=settled, now=now)
