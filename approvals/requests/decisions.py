"""What happens to a request until it is approved or over: decisions, withdrawal, and the two clocks."""

from datetime import UTC, datetime

from sqlmodel import Session

from approvals.audit import chain
from approvals.context import ApprovalContext
from approvals.free_text import refuse_card_number
from approvals.messages import notices
from approvals.policy.cardholder_changes import find_recent_changers
from approvals.policy.limits import read_limit_states
from approvals.policy.people import Member, admit, require_role
from approvals.policy.rules import LimitReached, NothingAllows, Rule, apply_limits, choose_rule, find_rule
from approvals.refusals import Refusal
from approvals.requests import decision_rules, stored
from approvals.requests.decision_rules import RequestState
from approvals.requests.move import move, note, show
from approvals.statuses import Status, Verdict
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
    now: datetime,
) -> Request:
    """Count one person's decision and return the request as it is then; raises a Refusal, and nothing changed.

    `member` is who the person is now, read just before this transaction.
    """
    admit(member.person)
    refuse_card_number(reason)
    request = stored.find(session, request_id, to_change=True)
    earlier = stored.read_earlier(session, request.id)
    asked = stored.read_state(request, earlier=earlier)
    decision_rules.require_digest(asked, digest=digest)
    live = _rule_for(session, context, request, asked, verdict=verdict, now=now)
    status = decision_rules.judge_decision(
        asked,
        live=live,
        earlier=earlier,
        member=member,
        changers=find_recent_changers(session, cardholder_id=request.cardholder_id, now=now),
        digest=digest,
        verdict=verdict,
        reason=reason,
        now=now,
    )
    _add_decision(session, request, verdict=verdict, member=member, reason=reason, now=now)
    counted = decision_rules.count_approvals(earlier) + (verdict is Verdict.APPROVE)
    count = f"{counted} of {decision_rules.count_needed(asked.rule, live)}"
    _follow(session, context, request, status=status, member=member, count=count, reason=reason, now=now)
    return request


def require_decider(session: Session, *, request_id: str, digest: str, member: Member, now: datetime) -> Request:
    """Return the request when this person could decide it now; raises a Refusal. Nothing is decided."""
    request = stored.find(session, request_id)
    earlier = stored.read_earlier(session, request.id)
    asked = stored.read_state(request, earlier=earlier)
    decision_rules.judge_decision(
        asked,
        live=asked.rule,
        earlier=earlier,
        member=member,
        changers=find_recent_changers(session, cardholder_id=request.cardholder_id, now=now),
        digest=digest,
        verdict=Verdict.APPROVE,  # which needs no reason yet
        reason="",
        now=now,
    )
    return request


def withdraw(
    session: Session, context: ApprovalContext, *, request_id: str, digest: str, member: Member, now: datetime
) -> Request:
    """Take a request back for its requester, and return it; raises a Refusal."""
    request = stored.find(session, request_id, to_change=True)
    asked = stored.read_state(request, earlier=stored.read_earlier(session, request.id))
    decision_rules.judge_withdrawal(asked, member=member, digest=digest, now=now)
    words = f"Withdrawn by {member.person.display_name}."
    move(session, context, request, "approval:withdrawn", actor=member.person.account, words=words, now=now)
    return request


def announce_review(
    session: Session, context: ApprovalContext, *, request_id: str, digest: str, member: Member, now: datetime
) -> Request:
    """Tell the others that somebody looks at it, so that they need not; raises a Refusal. Nothing is decided."""
    request = stored.find(session, request_id)
    asked = stored.read_state(request, earlier=stored.read_earlier(session, request.id))
    admit(member.person)
    decision_rules.require_digest(asked, digest=digest)
    decision_rules.require_pending(asked, now=now)
    require_role(member, roles=asked.rule.approvers)
    facts = {"by": member.person.account, "at": now.isoformat()}
    notices.reply(session, context.outbox, request, kind="request_looking", facts=facts, now=now)
    note(session, context, request, "approval:looking", actor=member.person.account, now=now)
    return request


def record_refusal(
    session: Session, context: ApprovalContext, *, refusal: Refusal, member: Member, subject: str, now: datetime
) -> None:
    """Add a refusal to the audit trail, in a transaction of its own: the refused one was rolled back."""
    chain.append(
        session,
        "approval:refused",
        key=context.audit_key,
        actor=member.person.account,
        subject=subject,
        facts={"refusal": type(refusal).__name__, "words": str(refusal)},
        now=now,
    )


def find_live_rule(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> Rule:
    """Return what the policy says today of this request; raises NothingAllows, LimitReached or Altered."""
    money = stored.read_payload(context, request).moved_money
    line = find_rule(context.policy.rules, action=request.action, money=money)
    # Lifted, then or since: whoever was asked still has to approve, as the rule said when it was asked.
    rule = stored.read_rule(request) if line.lifted else choose_rule((line,), action=request.action, money=money)
    states = read_limit_states(
        session,
        context.policy,
        action=request.action,
        money=money,
        requester_id=request.requester_id,
        card_id=request.subject,
        now=now,
        before=request,
    )
    return apply_limits(rule, states)


def _rule_for(
    session: Session,
    context: ApprovalContext,
    request: Request,
    asked: RequestState,
    *,
    verdict: Verdict,
    now: datetime,
) -> Rule:
    """Return the rule that a decision is judged by beside that of the asking.

    A denial needs nothing that allows it today: else what policy forbids by now could only be left to expire.
    """
    if asked.status is not Status.PENDING:
        return asked.rule
    try:
        return find_live_rule(session, context, request, now=now)
    except (NothingAllows, LimitReached):
        if verdict is Verdict.DENY:
            return asked.rule
        raise


def _add_decision(
    session: Session, request: Request, *, verdict: Verdict, member: Member, reason: str, now: datetime
) -> None:
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
    )
    session.add(decision)
    session.flush()


def _follow(
    session: Session,
    context: ApprovalContext,
    request: Request,
    *,
    status: Status,
    member: Member,
    count: str,
    reason: str,
    now: datetime,
) -> None:
    """Tell of a decision that counts, and make the move that it calls for."""
    person = member.person
    verdict = Verdict.DENY if status is Status.DENIED else Verdict.APPROVE
    facts = {"by": person.account, "verdict": verdict.value, "reason": reason.strip(), "count": count}
    notices.reply(
        session, context.outbox, request, kind="request_decided", facts={**facts, "at": now.isoformat()}, now=now
    )
    match status:
        case Status.DENIED:
            words = f"Denied by {person.display_name}: {reason.strip()}"
            move(
                session,
                context,
                request,
                "approval:denied",
                actor=person.account,
                words=words,
                now=now,
                facts=facts,
            )
        case Status.APPROVED:
            words = f"Approved ({count}); it will be carried out now."
            move(
                session,
                context,
                request,
                "approval:approved",
                actor=person.account,
                words=words,
                now=now,
                facts=facts,
                approved_at=now,
                execute_by=now.astimezone(UTC) + stored.read_rule(request).execute_within,
                remind_at=None,
            )
        case _:
            show(session, context, request, now=now)
            note(session, context, request, "approval:counted", actor=person.account, now=now, facts=facts)
