"""Ends what two people settled: the first time, and again after Paytend contradicted an end."""

from datetime import datetime

from sqlmodel import Session

from approvals.actions.outcomes import LookupResult, LookupStatus
from approvals.context import ApprovalContext
from approvals.execution.records import finish
from approvals.requests.move import note, update_message
from approvals.statuses import Status
from approvals.tables import Execution, Request, Settlement


def end_settled(
    session: Session,
    context: ApprovalContext,
    request: Request,
    execution: Execution,
    *,
    settlement: Settlement,
    now: datetime,
) -> None:
    """End a request as two people say; `settlement` is the word that decided it."""
    was_unknown = request.status == Status.UNKNOWN
    status = Status.EXECUTED if settlement.happened else Status.FAILED
    if request.status == status:  # it stays as it was, in spite of Paytend
        facts = {"happened": settlement.happened, "reason": settlement.reason}
        proofs = {"settlement": settlement.mac}
        actor = settlement.account
        note(session, context, request, "execution:resettled", actor=actor, now=now, facts=facts, proofs=proofs)
    else:
        event = (
            f"execution:{'settled' if was_unknown else 'resettled'}_{'happened' if settlement.happened else 'not'}"
        )
        _finish(session, context, request, execution, event=event, settlement=settlement, now=now)
    if was_unknown:
        return
    # After the move: the database allows it only while this is set.
    execution.contradicted_at = None
    execution.alarmed = ""
    session.flush()
    update_message(session, context, request, now=now)


def _finish(
    session: Session,
    context: ApprovalContext,
    request: Request,
    execution: Execution,
    *,
    event: str,
    settlement: Settlement,
    now: datetime,
) -> None:
    said = "it happened" if settlement.happened else "it did not happen"
    words = f"Two people settled that {said}: {settlement.reason}"
    result = LookupResult(
        status=LookupStatus.EXECUTED if settlement.happened else LookupStatus.FAILED,
        words=words,
        why=words,
        confirm=True,  # people can be wrong too
    )
    finish(
        session,
        context,
        request,
        execution,
        event=event,
        outcome=result,
        actor=settlement.account,
        now=now,
        proofs={"settlement": settlement.mac},
    )
