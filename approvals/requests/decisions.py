"""What happens to a request until it is approved or over: decisions, withdrawal, and the two clocks."""

from datetime import UTC, datetime

from sqlmodel import Session, col, select

from approvals.audit import chain
from approvals.context import ApprovalContext
from approvals.messages import notices
from approvals.policy.limits import limit_states
from approvals.policy.people import Member, admit, require_role
from approvals.policy.rules import LimitReached, NothingAllows, Rule, apply_limits, choose, find_rule
from approvals.refusals import Refusal
from approvals.requests import moves, view
from approvals.requests.move import CLOCK, move, note, show
from approvals.requests.moves import EarlierDecision, Status, Verdict
from approvals.requests.opening import changed_cardholder, remind_at
from approvals.tables import Decision, Request

BATCH = 50


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
    moves.refuse_card_number(reason)
    request = view.find(session, request_id, to_change=True)
    earlier = view.read_earlier(session, request.id)
    asked = view.read_asked(request, earlier=earlier)
    moves.require_digest(asked, digest=digest)
    live = _rule_for(session, context, request, asked, verdict=verdict, now=now)
    status = moves.decide(
        asked,
        live=live,
        earlier=earlier,
        member=member,
        changed_cardholder=changed_cardholder(session, cardholder_id=request.cardholder_id, now=now),
        digest=digest,
        verdict=verdict,
        reason=reason,
        now=now,
    )
    _add_decision(session, request, verdict=verdict, member=member, reason=reason, now=now)
    counted = moves.count_approvals(earlier) + (verdict is Verdict.APPROVE)
    count = f"{counted} of {moves.needed(asked.rule, live)}"
    _follow(session, context, request, status=status, member=member, count=count, reason=reason, now=now)
    return request


def require_decider(session: Session, *, request_id: str, digest: str, member: Member, now: datetime) -> Request:
    """Return the request when this person could decide it now; raises a Refusal. Nothing is decided."""
    request = view.find(session, request_id)
    earlier = view.read_earlier(session, request.id)
    asked = view.read_asked(request, earlier=earlier)
    moves.decide(
        asked,
        live=asked.rule,
        earlier=earlier,
        member=member,
        changed_cardholder=changed_cardholder(session, cardholder_id=request.cardholder_id, now=now),
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
    request = view.find(session, request_id, to_change=True)
    asked = view.read_asked(request, earlier=view.read_earlier(session, request.id))
    moves.withdraw(asked, member=member, digest=digest, now=now)
    words = f"Withdrawn by {member.person.called}."
    move(session, context, request, "approval:withdrawn", actor=member.person.account, words=words, now=now)
    return request


def say_looking(
    session: Session, context: ApprovalContext, *, request_id: str, digest: str, member: Member, now: datetime
) -> Request:
    """Tell the others that somebody looks at it, so that they need not; raises a Refusal. Nothing is decided."""
    request = view.find(session, request_id)
    asked = view.read_asked(request, earlier=view.read_earlier(session, request.id))
    admit(member.person)
    moves.require_digest(asked, digest=digest)
    moves.require_pending(asked, now=now)
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


def live_rule(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> Rule:
    """Return what the policy says today of this request; raises NothingAllows, LimitReached or Altered."""
    money = view.read_payload(context, request).moves
    line = find_rule(context.policy.rules, action=request.action, money=money)
    # Lifted, then or since: whoever was asked still has to approve, as the rule said when it was asked.
    rule = view.read_rule(request) if line.lifted else choose((line,), action=request.action, money=money)
    states = limit_states(
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
    asked: moves.RequestFacts,
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
        return live_rule(session, context, request, now=now)
    except (NothingAllows, LimitReached):
        if verdict is Verdict.DENY:
            return asked.rule
        raise


def expire_due(session: Session, context: ApprovalContext, *, now: datetime, limit: int = BATCH) -> int:
    """End what was not decided or not carried out in time, and return how many there were."""
    undecided = session.exec(
        select(Request)
        .where(Request.status == Status.PENDING.value, col(Request.decide_by) <= now)
        .order_by(col(Request.decide_by))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    not_done = session.exec(
        select(Request)
        .where(Request.status == Status.APPROVED.value, col(Request.execute_by) <= now)
        .order_by(col(Request.execute_by))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for request in undecided:
        words = "Nobody decided in time." if not request.approved_at else "It was not approved again in time."
        move(session, context, request, "approval:expired", actor=CLOCK, words=words, now=now)
    for request in not_done:
        words = "It could not be carried out in time, and nothing was sent."
        move(session, context, request, "approval:lapsed", actor=CLOCK, words=words, now=now)
    return len(undecided) + len(not_done)


def remind_due(session: Session, context: ApprovalContext, *, now: datetime, limit: int = BATCH) -> int:
    """Remind of what waits at half and at three quarters of its time, and return how many reminders there were."""
    waiting = session.exec(
        select(Request)
        .where(Request.status == Status.PENDING.value, col(Request.remind_at) <= now, col(Request.decide_by) > now)
        .order_by(col(Request.remind_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for request in waiting:
        _remind(session, context, request, now=now)
    return len(waiting)


def _add_decision(
    session: Session, request: Request, *, verdict: Verdict, member: Member, reason: str, now: datetime
) -> None:
    person = member.person
    decision = Decision(
        request_id=request.id,
        person_id=person.id,
        account=person.account,
        name=person.called,
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
            words = f"Denied by {person.called}: {reason.strip()}"
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
                execute_by=now.astimezone(UTC) + view.read_rule(request).execute_within,
                remind_at=None,
            )
        case _:
            show(session, context, request, now=now)
            note(session, context, request, "approval:counted", actor=person.account, now=now, facts=facts)


def _remind(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> None:
    rule = view.read_rule(request)
    earlier: list[EarlierDecision] = view.read_earlier(session, request.id)
    request.reminded += 1
    request.remind_at = remind_at(request, reminded=request.reminded)
    while (
        request.remind_at is not None and request.remind_at <= now
    ):  # one reminder for a time that was slept over
        request.reminded += 1
        request.remind_at = remind_at(request, reminded=request.reminded)
    session.flush()
    facts = {
        "mention": list(rule.mention),
        "roles": list(rule.approvers),
        "count": f"{moves.count_approvals(earlier)} of {request.quorum}",
        "decide_by": request.decide_by.isoformat(),
    }
    notices.reply(session, context.outbox, request, kind="request_reminder", facts=facts, now=now)
    note(session, context, request, "approval:reminded", actor=CLOCK, now=now)
