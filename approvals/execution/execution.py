"""Executes what was approved, at most once: claim, do, record.

The intent is committed before the call (claim), the call holds no transaction (do), and the result is written
only by whoever still holds the lease (record). What was perhaps sent is never sent again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import Session, col, select

from approvals.actions.outcomes import Outcome, Result
from approvals.actions.payloads import Payload
from approvals.actions.snapshot import Snapshot
from approvals.actions.table import find_action
from approvals.context import ApprovalContext
from approvals.execution.preflight import CardChanged, preflight
from approvals.execution.records import finish, mark_unknown, postpone
from approvals.execution.rights import RightsUnreadable, find_approvals, require_requester, void_lost
from approvals.policy.people import Member
from approvals.policy.rules import Rule
from approvals.refusals import Refusal
from approvals.requests import decision_rules, stored
from approvals.requests.deadlines import reminder_time
from approvals.requests.decisions import find_live_rule
from approvals.requests.move import CLOCK, Overtaken, move
from approvals.requests.opening import refuse_blocked
from approvals.statuses import Status
from approvals.tables import Execution, Request
from paytend import Sender
from paytend.errors import OutcomeUnknown, ProtocolError, Refused, Unreachable
from paytend.operations.encoding import NotSendable


class NotLiftedNow(Refusal):
    """The policy asks for a second person by now. Please ask again."""


class ExecutionLeaseLost(Refusal):
    """This result comes from a claim that is not in force any more."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An approved request to be claimed: what is to be looked at, and the accounts whose rights are read.

    Those are its approvers, and the requester where the rule needs nobody else.
    """

    request_id: str
    action: str
    subject: str
    approvers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ClaimedExecution:
    """A claim: what to send, until when it may be sent, and the lease to record it with."""

    request_id: str
    lease: str
    action: str
    payload: Payload = field(repr=False)
    reference: str
    send_before: datetime


@dataclass(frozen=True, kw_only=True)
class NotClaimed:
    """The request went another way instead: where to, and why."""

    request_id: str
    status: Status
    words: str


def find_claimable(session: Session, *, now: datetime, limit: int = 10) -> list[Candidate]:
    """Return approved requests that may be tried now, those with the least time left first."""
    requests = session.exec(
        select(Request)
        .join(Execution, col(Execution.request_id) == col(Request.id), isouter=True)
        .where(
            Request.status == Status.APPROVED.value,
            col(Request.execute_by) > now,
            or_(col(Execution.next_look_at).is_(None), col(Execution.next_look_at) <= now),
        )
        .order_by(col(Request.execute_by))
        .limit(limit)
    ).all()
    return [find_candidate(session, request) for request in requests]


def find_candidate(session: Session, request: Request) -> Candidate:
    """Return what has to be known of an approved request before it is claimed."""
    accounts = [row.account for row in find_approvals(session, request.id)]
    if stored.read_rule(request).lifted:
        accounts.append(request.requester_account)
    return Candidate(
        request_id=request.id, action=request.action, subject=request.subject, approvers=tuple(accounts)
    )


def claim(
    session: Session,
    context: ApprovalContext,
    *,
    request_id: str,
    members_by_account: Mapping[str, Member],
    card_now: Snapshot,
    now: datetime,
) -> ClaimedExecution | NotClaimed:
    """Check everything again and write down the intent; commit before `do`.

    `standings` (by account) and `card_now` were read just before. Raises Overtaken when somebody else has it,
    and MoneyBlocked or RightsUnreadable when it has to wait.
    """
    request = session.exec(
        select(Request)
        .where(Request.id == request_id, Request.status == Status.APPROVED.value)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).first()
    if request is None:
        raise Overtaken
    if decision_rules.is_expired(request.execute_by, now=now):
        return _end(session, context, request, "approval:lapsed", "It was not carried out in time.", now=now)
    try:
        payload = stored.read_payload(context, request)
        live = find_live_rule(session, context, request, now=now)
        _refuse_alone(request, live=live, members_by_account=members_by_account)
        preflight(find_action(request.action), stored.read_shown(context, request)[1], card_now)
    except RightsUnreadable:
        raise
    except Refusal as refusal:
        words = str(refusal)
        words = words if isinstance(refusal, CardChanged) else f"Refused before sending: {words}"
        return _end(session, context, request, "execution:refused", words, now=now)
    lost = void_lost(session, request, live=live, members_by_account=members_by_account, now=now)
    earlier = stored.read_earlier(session, request.id)
    if decision_rules.count_approvals(earlier) < decision_rules.count_needed(stored.read_rule(request), live):
        return _return(session, context, request, lost=lost, now=now)
    refuse_blocked(session, cards=payload.affected_cards)
    lease = _write_intent(session, context, request, now=now)
    words = "Being carried out at Paytend."
    move(session, context, request, "execution:claimed", actor=CLOCK, words=words, now=now, facts={"lease": lease})
    return ClaimedExecution(
        request_id=request.id,
        lease=lease,
        action=request.action,
        payload=payload,
        reference=request.reference,
        send_before=now + context.send_within,
    )


def do(work: ClaimedExecution, client: Sender, *, now: datetime) -> Outcome:
    """Send what was claimed, once, and return what may be believed; `now` is the moment of sending."""
    if now >= work.send_before:
        return Outcome(result=Result.NEVER_SENT, words="The claim was too old to be sent.")
    action = find_action(work.action)
    try:
        answer = client.send(action.call(work.payload, work.reference))
    except Unreachable as error:
        return Outcome(result=Result.NEVER_SENT, words=str(error))
    except NotSendable as error:
        return Outcome(result=Result.FAILED, words=f"Nothing was sent: {error}")
    except Refused as error:
        # An unsigned refusal may come from anybody on the way, so it proves nothing.
        result = Result.FAILED if error.verified else Result.UNKNOWN
        return Outcome(result=result, words=str(error), answer={"code": error.code})
    except (OutcomeUnknown, ProtocolError) as error:
        return Outcome(result=Result.UNKNOWN, words=str(error) or ProtocolError.__doc__ or "")
    return action.read_answer(answer, work.payload, work.reference)


def record(
    session: Session, context: ApprovalContext, *, work: ClaimedExecution, outcome: Outcome, now: datetime
) -> Request:
    """Record what became of a claim and return the request; raises ExecutionLeaseLost."""
    request = stored.find(session, work.request_id, to_change=True)
    execution = session.get(Execution, work.request_id, populate_existing=True)
    if execution is None or execution.lease != work.lease or request.status != Status.EXECUTING:
        raise ExecutionLeaseLost
    match outcome.result:
        case Result.EXECUTED | Result.FAILED:
            event = f"execution:{outcome.result}"
            finish(session, context, request, execution, event=event, outcome=outcome, actor=CLOCK, now=now)
        case Result.UNKNOWN:
            mark_unknown(session, context, request, execution, outcome=outcome, now=now)
        case Result.NEVER_SENT:
            postpone(session, context, request, execution, outcome=outcome, now=now)
    return request


def mark_stranded(
    session: Session, context: ApprovalContext, *, now: datetime, at_start: bool = False, limit: int = 50
) -> int:
    """Turn what is executing past its lease into unknown, and return how many; it is never called a second time.

    `at_start`: this is the only process, so whatever is executing was left by one that died.
    """
    stranded = session.exec(
        select(Request)
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(
            Request.status == Status.EXECUTING.value, *([] if at_start else [col(Execution.lease_until) <= now])
        )
        .order_by(col(Request.created_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for request in stranded:
        execution = session.get_one(Execution, request.id)
        outcome = Outcome(
            result=Result.UNKNOWN, words="The execution was interrupted; it may or may not have happened."
        )
        mark_unknown(session, context, request, execution, outcome=outcome, now=now)
    return len(stranded)


def _refuse_alone(request: Request, *, live: Rule, members_by_account: Mapping[str, Member]) -> None:
    """Refuse what its rule let one person do alone, when that is not so any more."""
    if not stored.read_rule(request).lifted:
        return
    if not live.lifted:
        raise NotLiftedNow
    require_requester(request, members_by_account=members_by_account)


def _return(
    session: Session, context: ApprovalContext, request: Request, *, lost: list[str], now: datetime
) -> NotClaimed:
    """Ask for more approvals when there is time left, else end it."""
    why = f"No longer counts: {'; '.join(lost)}." if lost else "The policy asks for more approvals now."
    if decision_rules.is_expired(request.decide_by, now=now):
        return _end(session, context, request, "approval:lapsed", f"{why} There is no time left.", now=now)
    words = f"{why} It waits for approval again; nothing was sent."
    remind_at = reminder_time(request, reminded=request.reminded)
    move(
        session,
        context,
        request,
        "approval:returned",
        actor=CLOCK,
        words=words,
        now=now,
        facts={"voided": lost},
        approved_at=None,
        execute_by=None,
        remind_at=remind_at,
    )
    return NotClaimed(request_id=request.id, status=Status(request.status), words=words)


def _end(
    session: Session, context: ApprovalContext, request: Request, event: str, words: str, *, now: datetime
) -> NotClaimed:
    move(session, context, request, event, actor=CLOCK, words=words, now=now)
    return NotClaimed(request_id=request.id, status=Status(request.status), words=words)


def _write_intent(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> str:
    """Write the execution down, or take up one that was never sent, and return the new lease."""
    lease = context.make_id()
    execution = session.get(Execution, request.id, populate_existing=True)
    if execution is None:
        session.add(Execution(request_id=request.id, lease=lease, lease_until=now + context.lease, claimed_at=now))
    else:
        execution.lease = lease
        execution.lease_until = now + context.lease
        execution.claimed_at = now
        execution.attempts += 1
        execution.outcome = ""
        execution.next_look_at = None
    session.flush()
    return lease
