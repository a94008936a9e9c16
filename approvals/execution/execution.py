"""Executes what was approved, at most once: claim and do; `records.py` has the third step, record.

The claim commits the intent before anything is sent, `do` sends without a transaction, and `record` writes the
result only if the lease of the claim is still valid. So what was perhaps sent is never sent again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlmodel import Session, select

from approvals.actions.answer_evidence import Asked, judge_change
from approvals.actions.known_codes import NO_CODES, KnownCodes
from approvals.actions.outcomes import Outcome
from approvals.actions.payloads import Payload
from approvals.actions.refusal_readers import RefusalContext, read_failure
from approvals.actions.snapshot import Snapshot
from approvals.actions.table import find_action
from approvals.audit import row_macs
from approvals.context import ApprovalContext
from approvals.execution import unproven
from approvals.execution.preflight import CardChanged, preflight
from approvals.execution.rights_recheck import (
    LostDecision,
    RightsUnreadable,
    refuse_changed_by_requester,
    require_requester,
    void_lost,
)
from approvals.policy.people import Member
from approvals.policy.rules import Rule
from approvals.refusals import Refusal
from approvals.requests import decision_validity, stored
from approvals.requests.deadlines import reminder_time
from approvals.requests.decisions import find_live_rule
from approvals.requests.duplicates import wait_for_others
from approvals.requests.history import Unproven, require_proven, require_whole_past
from approvals.requests.move import CLOCK, Overtaken, move
from approvals.requests.recent_past import describe_spending
from approvals.requests.stopped import read_unstopped
from approvals.statuses import Status
from approvals.stops.standing import Stopped
from approvals.tables import Execution, Request
from paytend import Sender
from paytend.errors import PaytendError, TooLate
from paytend.operations.encoding import NotSendable


class Late(Refusal):
    """The time to carry this out is over."""


# Found at a claim: the clock ends such requests too, but may be late.
LATE = "Approved, but its time ran out."
BEGUN = "Sending to Paytend."


class NotLiftedNow(Refusal):
    """The policy needs a second person now. Request it again."""


@dataclass(frozen=True, kw_only=True)
class ClaimedExecution:
    """A claim: what to send, until when it may be sent, and the lease with which to record the result.

    `send_before` is in seconds of this process's monotonic clock: a process that slept has no other way to know.
    `absent_code` is the code with which Paytend said, just before the send, that it has no such order.
    """

    request_id: str
    lease: str
    action: str
    payload: Payload = field(repr=False)
    reference: str
    send_before: float
    codes: KnownCodes = NO_CODES
    absent_code: str = ""


@dataclass(frozen=True, kw_only=True)
class NotClaimed:
    """The request was moved to another status instead of being claimed, and why."""

    request_id: str
    status: Status
    words: str


def claim(
    session: Session,
    context: ApprovalContext,
    *,
    request_id: str,
    members_by_account: Mapping[str, Member],
    current: Snapshot,
    now: datetime,
    started: float,
) -> ClaimedExecution | NotClaimed:
    """Check everything again and write down the intent; commit before `do`.

    `members_by_account` and `current` (the snapshot) were read just before. `now` is the database's time,
    `started` the monotonic one, read before it. Raises Overtaken if another process has the request, and
    Stopped, MoneyBlocked, AlreadyOpen, Excluded or RightsUnreadable if it has to wait.
    """
    request = lock_approved(session, request_id)
    if decision_validity.is_expired(request.execute_by, now=now):
        return _lapse(session, context, request, now=now)
    if doubted := _doubt(session, context, request, now=now):
        return doubted
    try:
        payload = read_unstopped(session, context, request)
        live = find_live_rule(session, context, request, now=now)
        _refuse_alone(request, live=live, members_by_account=members_by_account)
        refuse_changed_by_requester(session, context, request, now=now)
        preflight(find_action(request.action), stored.read_shown(context, request)[1], current)
    except (RightsUnreadable, Stopped):
        raise  # Slack will answer again, people will resume; the request stays approved
    except Refusal as refusal:
        words = str(refusal) if isinstance(refusal, CardChanged) else f"Stopped before sending: {refusal}"
        # The trail has the refusal's name: what has changed of card and cardholder are Paytend's words.
        return _end(session, context, request, "execution:refused", words, why=type(refusal).__name__, now=now)
    lost = void_lost(session, context, request, live=live, members_by_account=members_by_account, now=now)
    # Counted again, because approvals were just voided and the policy may ask for more than it did.
    earlier = stored.read_earlier(session, request, macs=context.macs)
    counted = decision_validity.count_approvals(earlier, same_person=context.same_person)
    if counted < decision_validity.count_needed(stored.read_rule(request), live):
        return _return(session, context, request, lost=lost, now=now)
    wait_for_others(session, context, request, payload, cardholder_id=current.holder_id)
    lease = _write_intent(session, context, request, now=now)
    return ClaimedExecution(
        request_id=request.id,
        lease=lease,
        action=request.action,
        payload=payload,
        reference=request.reference,
        send_before=started + context.send_within.total_seconds(),
        codes=context.codes,
    )


def do(
    work: ClaimedExecution,
    client: Sender,
    *,
    monotonic: Callable[[], float],
    holds: Callable[[ClaimedExecution], bool] = lambda _work: True,
) -> Outcome:
    """Send what was claimed, once, and return what may be believed.

    `holds` says whether the claim is still in force (`records.is_held`): a machine that was paused as a whole does
    not learn it from its own clock.
    """

    def require_in_time() -> None:
        # The own clock last: reading the row takes time too.
        if not holds(work) or monotonic() >= work.send_before:
            raise TooLate

    action = find_action(work.action)
    try:
        require_in_time()
        # Again when it is connected: a replica that took over meanwhile relies on it.
        answer = client.send(replace(action.call(work.payload, work.reference), before_sending=require_in_time))
    except (PaytendError, NotSendable) as error:
        reading = read_failure(error, context=RefusalContext(asked=Asked.CHANGE, codes=work.codes))
    else:
        # If a reader fails on an odd answer, the lease ends without a record: the outcome is unknown, not failed.
        reading = action.read_answer(answer, work.payload, work.reference)
    return replace(judge_change(reading, question=action.question), absent_code=work.absent_code)


def lock_approved(session: Session, request_id: str) -> Request:
    """Return the request, locked; raises Overtaken if it is not approved any more or another process has it."""
    # `skip_locked`: if another replica is claiming it, leave it alone instead of waiting.
    request = session.exec(
        select(Request)
        .where(Request.id == request_id, Request.status == Status.APPROVED.value)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).first()
    if request is None:
        raise Overtaken
    return request


def _lapse(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> NotClaimed:
    """End what is claimed too late; raises Late where Paytend has to be asked first (execution.lapses)."""
    if find_action(request.action).by_reference:
        raise Late
    return _end(session, context, request, "approval:lapsed", LATE, why=LATE, now=now)


def _doubt(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> NotClaimed | None:
    """Report a request whose rows are not what the trail proves; its status stays, and nothing is sent."""
    try:
        require_proven(session, context, request, status=Status.APPROVED)
        require_whole_past(session, context, request, now=now)
    except Unproven as refusal:
        unproven.report(session, context, request, refusal=refusal, now=now)
        # To end it would be one more thing that rests on rows which do not fit; it lapses in time.
        return NotClaimed(request_id=request.id, status=Status.APPROVED, words=str(refusal))
    return None


def _refuse_alone(request: Request, *, live: Rule, members_by_account: Mapping[str, Member]) -> None:
    """Refuse a lifted request if the policy asks for a second person now, or the requester lost the right."""
    if not stored.read_rule(request).lifted:
        return
    if not live.lifted:
        raise NotLiftedNow
    require_requester(request, members_by_account=members_by_account)


def _return(
    session: Session, context: ApprovalContext, request: Request, *, lost: Sequence[LostDecision], now: datetime
) -> NotClaimed:
    """Ask for more approvals if there is time left, else end the request."""
    why = (
        f"No longer counts: {'; '.join(row.words for row in lost)}."
        if lost
        else "The policy asks for more approvals now."
    )
    if decision_validity.is_expired(request.decide_by, now=now):
        words = f"{why} There is no time left."
        return _end(session, context, request, "approval:lapsed", words, why=words, now=now)
    words = f"{why} It waits for approval again; nothing was sent."
    remind_at = reminder_time(request, reminded=request.reminded)
    move(
        session,
        context,
        request,
        "approval:returned",
        actor=CLOCK,
        words=words,
        why=words,
        now=now,
        facts={"voided": [row.words for row in lost]},
        proofs={"voidings": [row.mac for row in lost]},
        approved_at=None,
        execute_by=None,
        approval_mac=row_macs.NONE,
        remind_at=remind_at,
    )
    return NotClaimed(request_id=request.id, status=Status(request.status), words=words)


def _end(
    session: Session,
    context: ApprovalContext,
    request: Request,
    event: str,
    words: str,
    *,
    why: str,
    now: datetime,
) -> NotClaimed:
    move(session, context, request, event, actor=CLOCK, words=words, why=why, now=now)
    return NotClaimed(request_id=request.id, status=Status(request.status), words=words)


def _write_intent(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> str:
    """Write the execution down, or renew one that was never sent; move the request and return the new lease."""
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
    move(
        session,
        context,
        request,
        "execution:claimed",
        actor=CLOCK,
        words=BEGUN,
        why=BEGUN,
        now=now,
        facts={"lease": lease},
        proofs=describe_spending(request),
    )
    return lease
