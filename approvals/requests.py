"""What happens to a request until it is approved or over: decisions, withdrawal, and the two clocks."""

from datetime import UTC, datetime

from sqlmodel import Session, col, select

from approvals import audit, notices, rules, showing
from approvals.desk import Desk
from approvals.moving import CLOCK, move, note, show
from approvals.opening import changed_cardholder, remind_at
from approvals.people import Standing, admit, require_role
from approvals.policy import LimitReached, NothingAllows, Rule, apply_limits, choose, find_rule
from approvals.refusals import Refusal
from approvals.rules import Earlier, Status, Verdict
from approvals.sums import limit_states
from approvals.tables import Decision, Request

BATCH = 50


def decide(
    session: Session,
    desk: Desk,
    *,
    request_id: str,
    digest: str,
    verdict: Verdict,
    standing: Standing,
    reason: str = "",
    now: datetime,
) -> Request:
    """Count one person's decision and return the request as it is then; raises a Refusal, and nothing changed.

    `standing` is who the person is now, read just before this transaction.
    """
    admit(standing.person)
    rules.refuse_card_number(reason)
    request = showing.find(session, request_id, to_change=True)
    earlier = showing.read_earlier(session, request.id)
    asked = showing.read_asked(request, earlier=earlier)
    rules.require_digest(asked, digest=digest)
    live = _rule_for(session, desk, request, asked, verdict=verdict, now=now)
    status = rules.decide(
        asked,
        live=live,
        earlier=earlier,
        standing=standing,
        changed_cardholder=changed_cardholder(session, cardholder_id=request.cardholder_id, now=now),
        digest=digest,
        verdict=verdict,
        reason=reason,
        now=now,
    )
    _add_decision(session, request, verdict=verdict, standing=standing, reason=reason, now=now)
    counted = rules.count_approvals(earlier) + (verdict is Verdict.APPROVE)
    count = f"{counted} of {rules.needed(asked.rule, live)}"
    _follow(session, desk, request, status=status, standing=standing, count=count, reason=reason, now=now)
    return request


def require_decider(
    session: Session, *, request_id: str, digest: str, standing: Standing, now: datetime
) -> Request:
    """Return the request when this person could decide it now; raises a Refusal. Nothing is decided."""
    request = showing.find(session, request_id)
    earlier = showing.read_earlier(session, request.id)
    asked = showing.read_asked(request, earlier=earlier)
    rules.decide(
        asked,
        live=asked.rule,
        earlier=earlier,
        standing=standing,
        changed_cardholder=changed_cardholder(session, cardholder_id=request.cardholder_id, now=now),
        digest=digest,
        verdict=Verdict.APPROVE,  # which needs no reason yet
        reason="",
        now=now,
    )
    return request


def withdraw(
    session: Session, desk: Desk, *, request_id: str, digest: str, standing: Standing, now: datetime
) -> Request:
    """Take a request back for its requester, and return it; raises a Refusal."""
    request = showing.find(session, request_id, to_change=True)
    asked = showing.read_asked(request, earlier=showing.read_earlier(session, request.id))
    rules.withdraw(asked, standing=standing, digest=digest, now=now)
    words = f"Withdrawn by {standing.person.called}."
    move(session, desk, request, "approval:withdrawn", actor=standing.person.account, words=words, now=now)
    return request


def say_looking(
    session: Session, desk: Desk, *, request_id: str, digest: str, standing: Standing, now: datetime
) -> Request:
    """Tell the others that somebody looks at it, so that they need not; raises a Refusal. Nothing is decided."""
    request = showing.find(session, request_id)
    asked = showing.read_asked(request, earlier=showing.read_earlier(session, request.id))
    admit(standing.person)
    rules.require_digest(asked, digest=digest)
    rules.require_pending(asked, now=now)
    require_role(standing, roles=asked.rule.approvers)
    facts = {"by": standing.person.account, "at": now.isoformat()}
    notices.reply(session, desk.outbox, request, kind="request_looking", facts=facts, now=now)
    note(session, desk, request, "approval:looking", actor=standing.person.account, now=now)
    return request


def record_refusal(
    session: Session, desk: Desk, *, refusal: Refusal, standing: Standing, subject: str, now: datetime
) -> None:
    """Add a refusal to the audit trail, in a transaction of its own: the refused one was rolled back."""
    audit.append(
        session,
        "approval:refused",
        key=desk.audit_key,
        actor=standing.person.account,
        subject=subject,
        facts={"refusal": type(refusal).__name__, "words": str(refusal)},
        now=now,
    )


def live_rule(session: Session, desk: Desk, request: Request, *, now: datetime) -> Rule:
    """Return what the policy says today of this request; raises NothingAllows, LimitReached or Altered."""
    money = showing.read_payload(desk, request).moves
    line = find_rule(desk.policy.rules, action=request.action, money=money)
    # Lifted, then or since: whoever was asked still has to approve, as the rule said when it was asked.
    rule = showing.read_rule(request) if line.lifted else choose((line,), action=request.action, money=money)
    states = limit_states(
        session,
        desk.policy,
        action=request.action,
        money=money,
        requester_id=request.requester_id,
        card_id=request.subject,
        now=now,
        before=request,
    )
    return apply_limits(rule, states)


def _rule_for(
    session: Session, desk: Desk, request: Request, asked: rules.Asked, *, verdict: Verdict, now: datetime
) -> Rule:
    """Return the rule that a decision is judged by beside that of the asking.

    A denial needs nothing that allows it today: else what policy forbids by now could only be left to expire.
    """
    if asked.status is not Status.PENDING:
        return asked.rule
    try:
        return live_rule(session, desk, request, now=now)
    except (NothingAllows, LimitReached):
        if verdict is Verdict.DENY:
            return asked.rule
        raise


def expire_due(session: Session, desk: Desk, *, now: datetime, limit: int = BATCH) -> int:
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
        move(session, desk, request, "approval:expired", actor=CLOCK, words=words, now=now)
    for request in not_done:
        words = "It could not be carried out in time, and nothing was sent."
        move(session, desk, request, "approval:lapsed", actor=CLOCK, words=words, now=now)
    return len(undecided) + len(not_done)


def remind_due(session: Session, desk: Desk, *, now: datetime, limit: int = BATCH) -> int:
    """Remind of what waits at half and at three quarters of its time, and return how many reminders there were."""
    waiting = session.exec(
        select(Request)
        .where(Request.status == Status.PENDING.value, col(Request.remind_at) <= now, col(Request.decide_by) > now)
        .order_by(col(Request.remind_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for request in waiting:
        _remind(session, desk, request, now=now)
    return len(waiting)


def _add_decision(
    session: Session, request: Request, *, verdict: Verdict, standing: Standing, reason: str, now: datetime
) -> None:
    person = standing.person
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
    desk: Desk,
    request: Request,
    *,
    status: Status,
    standing: Standing,
    count: str,
    reason: str,
    now: datetime,
) -> None:
    """Tell of a decision that counts, and make the move that it calls for."""
    person = standing.person
    verdict = Verdict.DENY if status is Status.DENIED else Verdict.APPROVE
    facts = {"by": person.account, "verdict": verdict.value, "reason": reason.strip(), "count": count}
    notices.reply(
        session, desk.outbox, request, kind="request_decided", facts={**facts, "at": now.isoformat()}, now=now
    )
    match status:
        case Status.DENIED:
            words = f"Denied by {person.called}: {reason.strip()}"
            move(
                session, desk, request, "approval:denied", actor=person.account, words=words, now=now, facts=facts
            )
        case Status.APPROVED:
            words = f"Approved ({count}); it will be carried out now."
            move(
                session,
                desk,
                request,
                "approval:approved",
                actor=person.account,
                words=words,
                now=now,
                facts=facts,
                approved_at=now,
                execute_by=now.astimezone(UTC) + showing.read_rule(request).execute_within,
                remind_at=None,
            )
        case _:
            show(session, desk, request, now=now)
            note(session, desk, request, "approval:counted", actor=person.account, now=now, facts=facts)


def _remind(session: Session, desk: Desk, request: Request, *, now: datetime) -> None:
    rule = showing.read_rule(request)
    earlier: list[Earlier] = showing.read_earlier(session, request.id)
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
        "count": f"{rules.count_approvals(earlier)} of {request.quorum}",
        "decide_by": request.decide_by.isoformat(),
    }
    notices.reply(session, desk.outbox, request, kind="request_reminder", facts=facts, now=now)
    note(session, desk, request, "approval:reminded", actor=CLOCK, now=now)
