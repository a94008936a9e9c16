"""Two people settle what became of an execution if Paytend cannot say."""

from datetime import datetime

from sqlmodel import Session

from approvals.actions.outcomes import LookupResult, LookupStatus
from approvals.actions.table import find_action
from approvals.context import ApprovalContext
from approvals.execution.records import finish
from approvals.free_text import require_reason
from approvals.messages import notices
from approvals.policy.eligibility import SelfApproval, require_eligible
from approvals.policy.people import Member, admit
from approvals.refusals import Refusal
from approvals.requests import stored
from approvals.requests.decision_validity import OtherContent
from approvals.requests.move import note, update_message
from approvals.statuses import Status
from approvals.tables import Execution, Request, Settlement

SETTLERS = ("admin",)  # besides the approvers of the rule, and in place of them if the rule was lifted
_PEOPLE_TO_SETTLE = 2  # like a payment: nobody decides alone whether money moved


class NotUnknown(Refusal):
    """This request is {status}, so there is nothing to settle."""


class StillAsking(Refusal):
    """Paytend is still being asked. You can settle it when the lookups have given up."""


class RequesterSettles(Refusal):
    """You asked for this yourself, so two others have to settle it."""


class AlreadySaid(Refusal):
    """You have said so already; a second person has to say the same."""


def settle(
    session: Session,
    context: ApprovalContext,
    *,
    request_id: str,
    digest: str,
    member: Member,
    happened: bool,
    reason: str,
    now: datetime,
) -> Request:
    """Count one person's word on whether it happened, and return the request; raises a Refusal.

    It ends when two people say the same. A person may change their word until then.
    """
    admit(member.person)
    require_reason(reason)
    # Lock first: two people who settle at once must each see the other's word.
    request = stored.find(session, request_id, to_change=True)
    execution = session.get(Execution, request_id, populate_existing=True)
    # The newest word of each person: later rows come later.
    said = {row.person_id: row.happened for row in stored.find_settlements(session, request.id)}
    _require_settleable(request, execution, digest=digest, member=member)
    if said.get(member.person.id) is happened:
        raise AlreadySaid
    settlement = _add_settlement(
        session, context, request, member=member, happened=happened, reason=reason, now=now
    )
    said[member.person.id] = happened
    same = sum(word is happened for word in said.values())
    _reply_settled(session, context, request, settlement=settlement, same=same, said=len(said), now=now)
    if same >= _PEOPLE_TO_SETTLE and execution is not None:
        _finish_settled(session, context, request, execution, settlement=settlement, now=now)
    else:
        update_message(session, context, request, now=now)
        facts = {"happened": happened, "reason": settlement.reason}
        note(session, context, request, "execution:word_given", actor=settlement.account, now=now, facts=facts)
    return request


def settler_roles(request: Request) -> tuple[str, ...]:
    """Return the roles of which two people settle an unknown outcome."""
    roles = stored.read_rule(request).approvers or find_action(request.action).requesters
    return (*roles, *(role for role in SETTLERS if role not in roles))


def _require_settleable(request: Request, execution: Execution | None, *, digest: str, member: Member) -> None:
    if request.digest != digest:
        raise OtherContent
    if request.status != Status.UNKNOWN:
        raise NotUnknown(status=request.status)
    try:
        # Without `changers`: saying what happened at Paytend decides nothing about the cardholder.
        require_eligible(
            member,
            requester=(request.requester_id, request.requester_account),
            role_lists=(settler_roles(request),),
        )
    except SelfApproval as refusal:
        raise RequesterSettles from refusal
    # While lookups may still answer, people could only guess.
    if execution is None or execution.gave_up_at is None:
        raise StillAsking


def _add_settlement(
    session: Session,
    context: ApprovalContext,
    request: Request,
    *,
    member: Member,
    happened: bool,
    reason: str,
    now: datetime,
) -> Settlement:
    person = member.person
    settlement = Settlement(
        id=context.make_id(),
        request_id=request.id,
        person_id=person.id,
        account=person.account,
        name=person.display_name,
        happened=happened,
        reason=reason.strip(),
        settled_at=now,
    )
    session.add(settlement)
    session.flush()
    return settlement


def _reply_settled(
    session: Session,
    context: ApprovalContext,
    request: Request,
    *,
    settlement: Settlement,
    same: int,
    said: int,
    now: datetime,
) -> None:
    settled = notices.RequestSettled(
        request=request.id,
        phrase=request.phrase,
        by=settlement.account,
        happened=settlement.happened,
        reason=settlement.reason,
        count=f"{same} of {_PEOPLE_TO_SETTLE}",
        differs=same < said,
        at=now,
    )
    notices.reply(session, context.outbox, request, facts=settled, now=now)


def _finish_settled(
    session: Session,
    context: ApprovalContext,
    request: Request,
    execution: Execution,
    *,
    settlement: Settlement,
    now: datetime,
) -> None:
    event = "execution:settled_happened" if settlement.happened else "execution:settled_not"
    said = "it happened" if settlement.happened else "it did not happen"
    result = LookupResult(
        status=LookupStatus.EXECUTED if settlement.happened else LookupStatus.FAILED,
        words=f"Two people settled that {said}: {settlement.reason}",
    )
    finish(session, context, request, execution, event=event, outcome=result, actor=settlement.account, now=now)
