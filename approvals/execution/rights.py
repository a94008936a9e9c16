"""Whether the approvers of a request still have the right, just before it is carried out."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from approvals.actions.table import find_action
from approvals.policy.cardholder_changes import find_recent_changers
from approvals.policy.eligibility import ChangedCardholder, SelfApproval
from approvals.policy.people import Member, RolesUnreadable, admit, require_role
from approvals.policy.rules import Rule
from approvals.refusals import Refusal
from approvals.requests import stored
from approvals.statuses import Verdict
from approvals.tables import Decision, Request, VoidedDecision


class RightsUnreadable(Refusal):
    """Slack did not say whether the approvers still may approve, so nothing was sent. It is tried again."""


class OtherIdentity(Refusal):
    """This account counts as another person by now."""


def find_approvals(session: Session, request_id: str) -> Sequence[Decision]:
    """Return the approvals that count, in their order."""
    return session.exec(
        select(Decision)
        .join(
            VoidedDecision,
            (col(VoidedDecision.request_id) == col(Decision.request_id))
            & (col(VoidedDecision.person_id) == col(Decision.person_id)),
            isouter=True,
        )
        .where(
            Decision.request_id == request_id,
            Decision.verdict == Verdict.APPROVE.value,
            col(VoidedDecision.person_id).is_(None),
        )
        .order_by(col(Decision.decided_at), col(Decision.person_id))
    ).all()


def void_lost(
    session: Session, request: Request, *, live: Rule, members_by_account: Mapping[str, Member], now: datetime
) -> list[str]:
    """Void the approvals of people who lost the right since, and return their names with why."""
    lost = []
    changed = find_recent_changers(session, cardholder_id=request.cardholder_id, now=now)
    for decision in find_approvals(session, request.id):
        if decision.account not in members_by_account:
            raise RightsUnreadable
        try:
            _check(decision, request, member=members_by_account[decision.account], live=live, changed=changed)
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
    """Refuse what its requester could not ask for now; raises RightsUnreadable when nobody knows."""
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


def _check(decision: Decision, request: Request, *, member: Member, live: Rule, changed: frozenset[str]) -> None:
    """Refuse an approval that this person could not give now."""
    person = member.person
    admit(person)
    if person.id != decision.person_id:
        raise OtherIdentity
    if person.is_known_as(request.requester_id, request.requester_account):
        raise SelfApproval
    for rule in (stored.read_rule(request), live):
        require_role(member, roles=rule.approvers)
    if person.is_known_as(*changed):
        raise ChangedCardholder
