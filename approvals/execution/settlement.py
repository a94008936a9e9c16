"""Two people settle what became of an execution that Paytend cannot tell about."""

from datetime import datetime

from sqlmodel import Session, col, select

from approvals.actions.outcomes import LookupResult, LookupStatus
from approvals.actions.table import find_action
from approvals.context import ApprovalContext
from approvals.execution.records import finish
from approvals.free_text import require_reason
from approvals.messages import notices
from approvals.policy.people import Member, admit, require_role
from approvals.refusals import Refusal
from approvals.requests import stored
from approvals.requests.decision_rules import OtherContent
from approvals.requests.move import note, show
from approvals.statuses import Status
from approvals.tables import Execution, Request, Settlement

SETTLERS = ("admin",)  # besides the approver roles of the rule; without those, who could have done it alone


_PEOPLE_TO_SETTLE = 2


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
    """Count one person's word on what Paytend cannot say, and return the request; the second same word ends it."""
    person = member.person
    admit(person)
    require_reason(reason)
    request = stored.find(session, request_id, to_change=True)
    execution = session.get(Execution, request_id, populate_existing=True)
    words = _read_words(session, request.id)
    _refuse_settling(
        request, execution, digest=digest, member=member, said=words.get(person.id), happened=happened
    )
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
    words[person.id] = happened
    same = sum(word is happened for word in words.values())
    _tell_word(session, context, request, settlement=settlement, same=same, differs=same < len(words), now=now)
    if same >= _PEOPLE_TO_SETTLE and execution is not None:
        _finish_settled(session, context, request, execution, settlement=settlement, now=now)
    else:
        show(session, context, request, now=now)
        facts = {"happened": happened, "reason": reason.strip()}
        note(session, context, request, "execution:word_given", actor=person.account, now=now, facts=facts)
    return request


def _refuse_settling(
    request: Request,
    execution: Execution | None,
    *,
    digest: str,
    member: Member,
    said: bool | None,
    happened: bool,
) -> None:
    if request.digest != digest:
        raise OtherContent
    if request.status != Status.UNKNOWN:
        raise NotUnknown(status=request.status)
    person = member.person
    if person.is_known_as(request.requester_id, request.requester_account):
        raise RequesterSettles
    require_role(member, roles=settler_roles(request))
    if execution is None or execution.gave_up_at is None:
        raise StillAsking
    if said is happened:
        raise AlreadySaid


def settler_roles(request: Request) -> tuple[str, ...]:
    """Return the roles of which two people settle what is unknown."""
    roles = stored.read_rule(request).approvers or find_action(request.action).requesters
    return (*roles, *(role for role in SETTLERS if role not in roles))


def _read_words(session: Session, request_id: str) -> dict[str, bool]:
    """Return what each person said last."""
    rows = session.exec(
        select(Settlement)
        .where(Settlement.request_id == request_id)
        .order_by(col(Settlement.settled_at), col(Settlement.id))
    )
    return {row.person_id: row.happened for row in rows}


def _tell_word(
    session: Session,
    context: ApprovalContext,
    request: Request,
    *,
    settlement: Settlement,
    same: int,
    differs: bool,
    now: datetime,
) -> None:
    facts = {
        "by": settlement.account,
        "happened": settlement.happened,
        "reason": settlement.reason,
        "count": f"{same} of {_PEOPLE_TO_SETTLE}",
        "differs": differs,
        "at": now.isoformat(),
    }
    notices.reply(session, context.outbox, request, kind="request_settled", facts=facts, now=now)


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
