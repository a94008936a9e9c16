"""Finds the approved requests that may be tried now."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import Session, col, select

from approvals.context import ApprovalContext
from approvals.execution import postponements, records
from approvals.execution.due import is_due
from approvals.requests import stored
from approvals.statuses import Status
from approvals.stops.standing import exclude_stopped
from approvals.tables import Execution, Request


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An approved request that may be claimed, and what has to be read before: its card, and people's rights.

    `accounts` are those of its approvers, and of the requester if the rule needs no second person.
    """

    request_id: str
    action: str
    subject: str
    accounts: tuple[str, ...]


def find_claimable(
    session: Session,
    context: ApprovalContext,
    *,
    now: datetime,
    without: Collection[str] = (),
    limit: int = 100,
) -> list[Candidate]:
    """Return approved requests that may be tried now, but those `without`: the one with the least time left first.

    What was put off comes last, so that requests that cannot be looked at take no turn from the others. What is
    stopped is left out, so that nobody is asked about it; the claim, which alone decides, looks again.
    """
    # Without a lock: the card and rights are read over the network next, and the claim checks everything again.
    requests = session.exec(
        select(Request)
        .join(Execution, col(Execution.request_id) == col(Request.id), isouter=True)
        .where(
            Request.status == Status.APPROVED.value,
            col(Request.execute_by) > now,
            # Set after a try that was never sent: its pause has to end first.
            or_(
                col(Execution.next_look_at).is_(None),
                is_due(Execution.next_look_at, now=now, longest=records.PAUSES[-1]),
            ),
            *exclude_stopped(session, context),
            or_(
                col(Request.not_before).is_(None),
                is_due(Request.not_before, now=now, longest=postponements.PAUSES[-1]),
            ),
            *([col(Request.id).not_in(without)] if without else []),
        )
        .order_by(col(Request.put_off), col(Request.execute_by), col(Request.id))
        .limit(limit)
    ).all()
    return [find_candidate(session, context, request) for request in requests]


def find_candidate(session: Session, context: ApprovalContext, request: Request) -> Candidate:
    """Return what has to be read before an approved request is claimed."""
    accounts = [row.account for row in stored.find_approvals(session, request, macs=context.macs)]
    if _is_lifted(request):
        accounts.append(request.requester_account)
    return Candidate(
        request_id=request.id, action=request.action, subject=request.subject, accounts=tuple(accounts)
    )


def _is_lifted(request: Request) -> bool:
    """Whether one person may do it alone; a rule that cannot be read lifts nothing, and the claim refuses it."""
    try:
        return stored.read_rule(request).lifted
    except stored.Altered:
        return False
