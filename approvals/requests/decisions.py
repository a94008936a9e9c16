"""What people do with an open request: decide it, withdraw it, stop it, say that they are reviewing it."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from approvals.audit import row_macs
from approvals.context import ApprovalContext
from approvals.free_text import refuse_card_number, require_reason
from approvals.messages import notices
from approvals.policy.people import Member, admit, require_role
from approvals.policy.rules import LimitReached, NothingAllows, Rule, apply_limits, choose_rule, find_rule
from approvals.requests import decision_validity, stored
from approvals.requests.decision_validity import EarlierDecision, RequestState
from approvals.requests.move import approve, move, note, update_message
from approvals.requests.recent_past import find_recent_changes, read_limit_states
from approvals.statuses import Status, Verdict
from approvals.step_up.assertions import Assertion
from approvals.step_up.proving import ProofSubject, needs_passkey, require_proof
from approvals.tables import Decision, Request


def decide(
    session: Session,
    context: ApprovalContext,
    *,
    request_id: str,
    digest: str,
    verdict: Verdict,
    member: Member,
    reason: str = "",
    assertion: Assertion | None = None,
    now: datetime,
) -> Request:
    """Count one person's decision and return the request as it is then; raises a Refusal if it does not count.

    `member` is who the person is now, read just before this transaction. `digest` is that of the button: it says
    which content the person saw. `assertion` is what their passkey signed; raises PasskeyNeeded where it has to.
    """
    admit(member.person)
    # Also for an approval, whose reason nothing below checks.
    refuse_card_number(reason)
    # Lock first, then read: in a trial without a lock, up to five approvals counted for a quorum of two.
    request = stored.find(session, request_id, to_change=True)
    earlier = stored.read_earlier(session, request, macs=context.macs)
    state = stored.read_state(request, earlier=earlier)
    # Before the live rule is read, so that a click on old content is refused as such and not as altered.
    decision_validity.require_digest(state, digest=digest)
    live = _find_rule_for(session, context, request, state, verdict=verdict, now=now)
    status = decision_validity.judge_decision(
        state,
        live=live,
        earlier=earlier,
        member=member,
        changers=_find_changers(session, context, request, now=now),
        same_person=context.same_person,
        digest=digest,
        verdict=verdict,
        reason=reason,
        now=now,
    )
    proof = ""
    # Last: who may not decide learns that first.
    if assertion is not None or needs_passkey(state.rule, live):
        subject = ProofSubject(digest=digest, member=member, verdict=verdict.value)
        proof = require_proof(session, context, subject=subject, assertion=assertion, now=now)
    decision = _add_decision(
        session, context, request, verdict=verdict, member=member, reason=reason, proof=proof, now=now
    )
    count = _count(earlier, context, verdict=verdict, asked=state.rule, live=live)
    _follow_decision(session, context, request, status=status, decision=decision, count=count, now=now)
    return request


def require_decider(
    session: Session, context: ApprovalContext, *, request_id: str, digest: str, member: Member, now: datetime
) -> Request:
    """Return the request if this person could decide it now; raises a Refusal. Nothing is decided."""
    request = stored.find(session, request_id)
    earlier = stored.read_earlier(session, request, macs=context.macs)
    state = stored.read_state(request, earlier=earlier)
    decision_validity.judge_decision(
        state,
        # Today's rule is left to the decision itself: reading it takes the payload and the sums of the limits.
        live=state.rule,
        earlier=earlier,
        member=member,
        changers=_find_changers(session, context, request, now=now),
        same_person=context.same_person,
        digest=digest,
        verdict=Verdict.APPROVE,  # which needs no reason: the person has not typed one yet
        reason="",
        now=now,
    )
    return request


def withdraw(
    session: Session, context: ApprovalContext, *, request_id: str, digest: str, member: Member, now: datetime
) -> Request:
    """Withdraw a request for its requester, and return it; raises a Refusal."""
    request = stored.find(session, request_id, to_change=True)
    state = stored.read_state(request, earlier=stored.read_earlier(session, request, macs=context.macs))
    decision_validity.judge_withdrawal(state, member=member, digest=digest, now=now)
    words = f"Withdrawn by {member.person.display_name}."
    actor = member.person.account
    move(session, context, request, "approval:withdrawn", actor=actor, words=words, why=words, now=now)
    return request


def require_stoppable(
    session: Session, context: ApprovalContext, *, request_id: str, digest: str, member: Member
) -> Request:
    """Return the request if this person could stop it now; raises a Refusal. Nothing is stopped."""
    request = stored.find(session, request_id)
    state = stored.read_state(request, earlier=stored.read_earlier(session, request, macs=context.macs))
    decision_validity.judge_stop(state, member=member, digest=digest)
    return request


def stop(
    session: Session,
    context: ApprovalContext,
    *,
    request_id: str,
    digest: str,
    member: Member,
    reason: str,
    now: datetime,
) -> Request:
    """Stop an approved request before it is carried out, and return it; raises a Refusal.

    From its claim on it is too late: the claim and this lock the same row, and one of them finds it moved.
    """
    require_reason(reason)
    request = stored.find(session, request_id, to_change=True)
    state = stored.read_state(request, earlier=stored.read_earlier(session, request, macs=context.macs))
    decision_validity.judge_stop(state, member=member, digest=digest)
    words = f"Stopped by {member.person.display_name}: {reason.strip()}"
    actor, facts = member.person.account, {"by": member.person.account, "reason": reason.strip()}
    move(session, context, request, "approval:stopped", actor=actor, words=words, why=words, now=now, facts=facts)
    return request


def announce_review(
    session: Session, context: ApprovalContext, *, request_id: str, digest: str, member: Member, now: datetime
) -> Request:
    """Reply that this person is reviewing the request, so that the others need not; raises a Refusal."""
    request = stored.find(session, request_id)
    state = stored.read_state(request, earlier=stored.read_earlier(session, request, macs=context.macs))
    admit(member.person)
    decision_validity.require_digest(state, digest=digest)
    decision_validity.require_pending(state, now=now)
    require_role(member, roles=state.rule.approvers)
    account = member.person.account
    # A reply and no lock: a reviewer who walks away must not block the others.
    looking = notices.RequestLooking(request=request.id, phrase=request.phrase, by=account, at=now)
    notices.reply(session, context.outbox, request, facts=looking, now=now)
    note(session, context, request, "approval:looking", actor=account, now=now)
    return request


def find_live_rule(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> Rule:
    """Return the rule that today's policy has for a request; raises NothingAllows, LimitReached or Altered."""
    money = stored.read_payload(context, request).moved_money
    line = find_rule(context.policy.rules, action=request.action, money=money)
    # A rule that was lifted since does not free a request: the people who were asked still have to approve it.
    rule = stored.read_rule(request) if line.lifted else choose_rule((line,), action=request.action, money=money)
    states = read_limit_states(session, context, request, money=money, now=now)
    return apply_limits(rule, states)


def _find_changers(
    session: Session, context: ApprovalContext, request: Request, *, now: datetime
) -> frozenset[str]:
    return find_recent_changes(
        session, context, action=request.action, cardholder_id=request.cardholder_id, now=now
    ).ids


def _find_rule_for(
    session: Session,
    context: ApprovalContext,
    request: Request,
    state: RequestState,
    *,
    verdict: Verdict,
    now: datetime,
) -> Rule:
    """Return today's rule for a decision; the request's own rule where today's does not matter.

    A denial is accepted even if the policy allows the action no more: otherwise such a request could only expire.
    """
    # Its payload may be purged already: the person would read "altered" where "not pending" is the reason.
    if state.status is not Status.PENDING:
        return state.rule
    try:
        return find_live_rule(session, context, request, now=now)
    except (NothingAllows, LimitReached):
        if verdict is Verdict.DENY:
            return state.rule
        raise


def _count(
    earlier: list[EarlierDecision], context: ApprovalContext, *, verdict: Verdict, asked: Rule, live: Rule
) -> str:
    approvals = decision_validity.count_approvals(earlier, same_person=context.same_person)
    counted = approvals + (verdict is Verdict.APPROVE)
    return f"{counted} of {decision_validity.count_needed(asked, live)}"


def _add_decision(
    session: Session,
    context: ApprovalContext,
    request: Request,
    *,
    verdict: Verdict,
    member: Member,
    reason: str,
    proof: str,
    now: datetime,
) -> Decision:
    person = member.person
    decision = Decision(
        request_id=request.id,
        person_id=person.id,
        account=person.account,
        name=person.display_name,
        verdict=verdict.value,
        digest=request.digest,
        reason=reason.strip(),
        decided_at=now,
        step_up=proof,
    )
    decision.mac = row_macs.sign_decision(decision, macs=context.macs)
    session.add(decision)
    session.flush()
    return decision


def _follow_decision(
    session: Session,
    context: ApprovalContext,
    request: Request,
    *,
    status: Status,
    decision: Decision,
    count: str,
    now: datetime,
) -> None:
    """Make the move that follows from a decision; the request message shows it."""
    actor, reason = decision.account, decision.reason
    said = {
        "by": actor,
        "person": decision.person_id,
        "verdict": decision.verdict,
        "reason": reason,
        "count": count,
    }
    noted: dict[str, Any] = {"actor": actor, "now": now, "facts": said, "proofs": {"decision": decision.mac}}
    match status:
        case Status.DENIED:
            words = f"Denied by {decision.name}: {reason}"
            move(session, context, request, "approval:denied", words=words, why=words, **noted)
        case Status.APPROVED:
            words = f"Approved ({count})."
            within = stored.read_rule(request).execute_within
            values = approve(request, within=within, macs=context.macs, now=now)
            move(session, context, request, "approval:approved", words=words, why=words, **noted, **values)
        case _:
            update_message(session, context, request, now=now)
            note(session, context, request, "approval:counted", **noted)
