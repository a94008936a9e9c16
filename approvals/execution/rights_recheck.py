"""Whether the people behind an approved request still have the right, just before it is carried out."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from approvals.actions.table import find_action
from approvals.policy.cardholder_changes import find_recent_changers
from approvals.policy.eligibility import require_eligible
from approvals.policy.people import Member, RolesUnreadable, admit, require_role
from approvals.policy.rules import Rule
from approvals.refusals import Refusal
from approvals.requests import stored
from approvals.tables import Decision, Request, VoidedDecision


class RightsUnreadable(Refusal):
    """Slack did not say whether the approvers still may approve, so nothing was sent. It is tried again."""


class OtherIdentity(Refusal):
    """This account counts as another person by now."""


def void_lost(
    session: Session, request: Request, *, live: Rule, members_by_account: Mapping[str, Member], now: datetime
) -> list[str]:
    """Void the approvals of people who lost the right since, and return their names with the reason.

    Raises RightsUnreadable if Slack did not say who somebody is or who has a role: then nothing is voided.
    """
    lost = []
    changers = find_recent_changers(session, cardholder_id=request.cardholder_id, now=now)
    for decision in stored.find_approvals(session, request.id):
        # Nobody asked Slack about this account: voiding on a guess would take back a valid approval.
        if decision.account not in members_by_account:
            raise RightsUnreadable
        member = members_by_account[decision.account]
        try:
            _require_approver(decision, request, member=member, live=live, changers=changers)
        except RolesUnreadable as refusal:
            raise RightsUnreadable from refusal
        except Refusal as refusal:
            lost.append(f"{decision.name} ({refusal})")
            session.add(
                VoidedDecision(
                    request_id=request.id, person_id=decision.person_id, reason=str(refusal), voided_at=now
                )
            )
    session.flush()
    return lost


def require_requester(request: Request, *, members_by_account: Mapping[str, Member]) -> None:
    """Refuse a request that its requester could not make now; raises RightsUnreadable if Slack did not say."""
    member = members_by_account.get(request.requester_account)
    if member is None:
        raise RightsUnreadable
    admit(member.person)
    if member.person.id != request.requester_id:
        raise OtherIdentity
    try:
        require_role(member, roles=find_action(request.action).requesters)
    except RolesUnreadable as refusal:
        raise RightsUnreadable from refusal


def _require_approver(
    decision: Decision, request: Request, *, member: Member, live: Rule, changers: frozenset[str]
) -> None:
    """Refuse an approval that this person could not give now."""
    admit(member.person)
    # The identity map may have changed: then the quorum could count one person under two ids.
    if member.person.id != decision.person_id:
        raise OtherIdentity
    require_eligible(
        member,
        requester=(request.requester_id, request.requester_account),
        role_lists=(stored.read_rule(request).approvers, live.approvers),
        changers=changers,
    )
