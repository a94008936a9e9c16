"""Compares a request's rows with what the trail proves about it; only what fits is carried out or settled."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, func, select

from approvals.actions.table import find_action
from approvals.audit import row_macs, verification
from approvals.audit.chain import EventRow
from approvals.context import ApprovalContext
from approvals.refusals import Refusal
from approvals.requests import recent_past, stored
from approvals.requests.move import subject_of
from approvals.requests.replay import NotReplayable, RequestHistory, replay
from approvals.statuses import Status
from approvals.tables import AuditEvent, Decision, Request, Settlement, VoidedDecision
from storage.macs import MacKeys


class Unproven(Refusal):
    """The database doesn’t match the audit trail for this request: {what}. Nothing was sent."""


@dataclass(frozen=True, kw_only=True)
class RequestRows:
    """A request with every row that somebody's word is in."""

    request: Request
    decisions: Sequence[Decision]
    voidings: Sequence[VoidedDecision]
    settlements: Sequence[Settlement]


def require_proven(
    session: Session, context: ApprovalContext, request: Request, *, status: Status, across_anchors: bool = False
) -> RequestHistory:
    """Return what the trail proves of a request, if its rows say the same and it has this status; raises Unproven.

    The trail is verified from where the request was opened to its end: an event that was taken out, such as that
    of a claim, leaves a gap there. `across_anchors` accepts breaks that two admins have re-anchored since.
    """
    history = _read_history(session, context, request, across_anchors=across_anchors)
    rows = RequestRows(
        request=request,
        decisions=stored.find_decisions(session, request.id),
        voidings=stored.find_voidings(session, request.id),
        settlements=stored.find_settlements(session, request.id),
    )
    for difference in find_differences(history, rows, macs=context.macs):
        raise Unproven(what=difference)
    if history.status is not status:
        raise Unproven(what=f"it is {history.status} there")
    return history


def require_whole_past(session: Session, context: ApprovalContext, request: Request, *, now: datetime) -> None:
    """Refuse money and secrets while events are lost that a rest or a limit may need; raises Unproven.

    Among them may be that somebody changed the cardholder today, or what the card was topped up with.
    """
    if find_action(request.action).is_delicate and (lost := recent_past.find_lost(session, context, now=now)):
        raise Unproven(what=f"the trail is broken, and what rests and limits count may be lost. {lost}")


def find_differences(history: RequestHistory, rows: RequestRows, *, macs: MacKeys) -> Iterator[str]:
    """Yield what the rows of a request say otherwise than the trail, and what was not written by the bot."""
    request = rows.request
    if request.status != history.status:
        yield f"it is {history.status} in the trail and {request.status} in its row"
    if request.version != history.version:
        yield f"it has made {history.version} moves in the trail and {request.version} in its row"
    if history.has_macs or request.mac:
        yield from _find_unsigned(history, rows, macs=macs)
    else:
        yield from _find_unsaid(history, rows)


def _find_unsigned(history: RequestHistory, rows: RequestRows, *, macs: MacKeys) -> Iterator[str]:
    """Yield each row that was not written by the bot, or that the trail does not have, and the reverse."""
    request = rows.request
    if request.digest != history.digest or request.mac != history.request_mac:
        yield "it has other content in the trail"
    yield from _find_unfit(rows, macs=macs)
    if history.approved_version and not (
        request.approved_at == history.approved_at
        and row_macs.fits_approval(request, version=history.approved_version, macs=macs)
    ):
        yield "its approval does not fit its MAC"
    yield from _compare("decisions", [row.mac for row in rows.decisions], [each.mac for each in history.decisions])
    yield from _compare("voidings", [row.mac for row in rows.voidings], history.voidings)
    yield from _compare("words of settlers", [row.mac for row in rows.settlements], history.settlements)


def _find_unfit(rows: RequestRows, *, macs: MacKeys) -> Iterator[str]:
    """Yield each row that does not fit its MAC."""
    request = rows.request
    if not row_macs.fits_request(request, macs=macs):
        yield "what was asked for does not fit its MAC"
    for decision in rows.decisions:
        if not row_macs.fits_decision(decision, macs=macs):
            yield f"the decision of {decision.name} does not fit its MAC"
        elif decision.digest != request.digest or decision.decided_at >= request.decide_by:
            yield f"the decision of {decision.name} is on other content, or too late"
    for voiding in rows.voidings:
        if not row_macs.fits_voiding(voiding, macs=macs):
            yield "a voiding does not fit its MAC"
    for settlement in rows.settlements:
        if not row_macs.fits_settlement(settlement, digest=request.digest, macs=macs):
            yield f"the word of {settlement.name} does not fit its MAC"


def _find_unsaid(history: RequestHistory, rows: RequestRows) -> Iterator[str]:
    """Yield what differs in a request from before there were MACs."""
    stored_words = [f"{row.account} {row.verdict}" for row in rows.decisions]
    yield from _compare(
        "decisions", stored_words, [f"{each.account} {each.verdict}" for each in history.decisions]
    )


def _compare(what: str, in_rows: Iterable[str], in_trail: Iterable[str]) -> Iterator[str]:
    # Whatever their order: two of one instant come in any.
    if sorted(in_rows) != sorted(in_trail):
        yield f"its {what} are not those of the trail"


def _read_history(
    session: Session, context: ApprovalContext, request: Request, *, across_anchors: bool
) -> RequestHistory:
    subject, own = subject_of(request.id), list[EventRow]()
    first = session.exec(
        select(func.min(AuditEvent.seq)).where(
            AuditEvent.subject == subject, AuditEvent.event == "approval:opened"
        )
    ).one()
    if first is None:
        raise Unproven(what="the trail does not have it")
    # One statement, so that nobody can change what is walked over between two of them.
    with verification.reading(session, since=first) as rows:
        found = verification.verify_rows(_noting(rows, subject, own), key=context.audit_key, before=None)
    if found.breaks and not (across_anchors and found.is_intact):
        raise Unproven(what=f"the trail is broken at event {found.breaks[0].first}, since it was opened")
    whole = [row for row in own if not any(each.first <= row.seq <= each.last for each in found.breaks)]
    try:
        return replay(whole)
    except NotReplayable as error:
        raise Unproven(what=str(error)) from error


def _noting(rows: Iterable[EventRow], subject: str, own: list[EventRow]) -> Iterator[EventRow]:
    """Yield all events, and keep those about the subject."""
    for row in rows:
        if row.subject == subject:
            own.append(row)
        yield row
