"""Whether the people behind an approved request still have the right, just before it is carried out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from approvals.actions.table import find_action
from approvals.audit import row_macs
from approvals.context import ApprovalContext
from approvals.policy.eligibility import refuse_changer, require_eligible
from approvals.policy.people import Member, RolesUnreadable, accounts_of, admit, identity_of, require_role
from approvals.policy.rules import Rule
from approvals.refusals import Refusal
from approvals.requests import stored
from approvals.requests.recent_past import find_recent_changes
from approvals.step_up.proving import needs_passkey, require_stored_proof
from approvals.tables import Decision, Request, VoidedDecision


class RightsUnreadable(Refusal):
    """Slack didn’t say who can still decide this, so nothing was done. Try again in a minute."""


class SamePersonTwice(Refusal):
    """This account and that of {other} now belong to one person."""


@dataclass(frozen=True, kw_only=True)
class LostDecision:
    """An approval that was voided: whose it was and why, and the MAC of the voiding."""

    words: str
    mac: str


def void_lost(
    session: Session,
    context: ApprovalContext,
    request: Request,
    *,
    live: Rule,
    members_by_account: Mapping[str, Member],
    now: datetime,
) -> list[LostDecision]:
    """Void the approvals that would not count now, and return them.

    Raises RightsUnreadable if Slack did not say who somebody is or who has a role: then nothing is voided.
    """
    lost = []
    changers = find_recent_changes(
        session, context, action=request.action, cardholder_id=request.cardholder_id, now=now
    ).ids
    counted: dict[str, str] = {}  # names by the people that they belong to now
    for decision in stored.find_approvals(session, request, macs=context.macs):
        member = find_known(members_by_account, decision.account)
        person = identity_of(decision.account, same_person=context.same_person)
        try:
            if person in counted:
                raise SamePersonTwice(other=counted[person])
            _require_approver(request, member=member, live=live, changers=changers)
            if needs_passkey(stored.read_rule(request), live):
                require_stored_proof(session, context, decision)
            counted[person] = decision.name
        except RolesUnreadable as refusal:
            raise RightsUnreadable from refusal
        except Refusal as refusal:
            voiding = _void(session, context, decision, why=str(refusal), now=now)
            lost.append(LostDecision(words=f"{decision.name} ({refusal})", mac=voiding.mac))
    session.flush()
    return lost


def find_known(members_by_account: Mapping[str, Member], account: str) -> Member:
    """Return who an account is now; raises RightsUnreadable if nobody asked Slack about it."""
    # Going on with a guess would take back a valid word, or count one that lost its right.
    if account not in members_by_account:
        raise RightsUnreadable
    return members_by_account[account]


def refuse_changed_by_requester(
    session: Session, context: ApprovalContext, request: Request, *, now: datetime
) -> None:
    """Refuse money and secrets about a cardholder that the requester has changed since."""
    action = find_action(request.action)
    if action.is_delicate:
        changes = find_recent_changes(
            session, context, action=action.name, cardholder_id=request.cardholder_id, now=now
        )
        accounts = accounts_of(request.requester_account, same_person=context.same_person)
        refuse_changer(accounts | {request.requester_id}, changers=changes.ids)


def require_requester(request: Request, *, members_by_account: Mapping[str, Member]) -> None:
    """Refuse a request that its requester could not make now; raises RightsUnreadable if Slack did not say."""
    member = find_known(members_by_account, request.requester_account)
    admit(member.person)
    try:
        require_role(member, roles=find_action(request.action).requesters)
    except RolesUnreadable as refusal:
        raise RightsUnreadable from refusal


def _require_approver(request: Request, *, member: Member, live: Rule, changers: frozenset[str]) -> None:
    """Refuse an approval that this person could not give now."""
    require_eligible(
        member,
        requester=(request.requester_id, request.requester_account),
        role_lists=(stored.read_rule(request).approvers, live.approvers),
        changers=changers,
    )


def _void(
    session: Session, context: ApprovalContext, decision: Decision, *, why: str, now: datetime
) -> VoidedDecision:
    voiding = VoidedDecision(
        request_id=decision.request_id, person_id=decision.person_id, reason=why, voided_at=now
    )
    voiding.mac = row_macs.sign_voiding(voiding, macs=context.macs)
    session.add(voiding)
    return voiding
