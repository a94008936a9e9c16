"""Reads our top-ups for the books: by the day on which they were sent, and by references that Paytend lists."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any

from sqlalchemy import Row, Select, select
from sqlmodel import Session, col

from approvals.actions.payloads import TopUpPayload
from approvals.audit import row_macs
from approvals.books.entries import REFERENCE_LENGTH, OwnTopUp, digest_trade, looks_like_ours
from approvals.context import ApprovalContext
from approvals.policy.people import count_people
from approvals.requests import stored
from approvals.requests.stored import Altered
from approvals.statuses import Status, Verdict
from approvals.tables import Decision, Execution, Request, VoidedDecision
from bot.books.spool import SpooledTopUp
from paytend.money import Money, NotMoney

ACTION = "card.top_up"
_PORTION = 500


def list_sent(session: Session, *, first: date, last: date, timezone: tzinfo) -> Iterator[SpooledTopUp]:
    """Yield the top-ups that were claimed on these days at Paytend, whatever became of them."""
    begin = datetime.combine(first, time(), timezone).astimezone(UTC)
    end = datetime.combine(last + timedelta(days=1), time(), timezone).astimezone(UTC)
    # A claim is sent within seconds, and one that was claimed again shows the last time.
    query = _make_query().where(col(Execution.claimed_at) >= begin, col(Execution.claimed_at) < end)
    for row in session.execute(query.execution_options(yield_per=_PORTION)):
        yield _spool(row, timezone=timezone)


def list_named(session: Session, keys: Sequence[str], *, prefix: str, timezone: tzinfo) -> Iterator[SpooledTopUp]:
    """Yield the top-ups with these folded references, or whose reference begins with one that was cut."""
    for row in session.execute(_make_query().where(col(Request.reference).in_(keys))).all():
        yield _spool(row, timezone=timezone)
    length = REFERENCE_LENGTH + len(prefix)
    for key in keys:
        if len(key) < length and looks_like_ours(key.removeprefix(prefix), prefix=""):
            reference = col(Request.reference)
            begun = _make_query().where(reference > key, reference <= key + "z" * (length - len(key)))
            # A second one is enough to see that the reference was cut too short to tell which of them it is.
            for row in session.execute(begun.limit(2)).all():
                yield _spool(row, timezone=timezone)


def read_own(
    session: Session, context: ApprovalContext, request_ids: Sequence[str], *, timezone: tzinfo
) -> dict[str, OwnTopUp]:
    """Return top-ups by the id of their request, with what is sealed in them."""
    query = (
        select(Request, Execution)
        .join(Execution, col(Execution.request_id) == col(Request.id), isouter=True)
        .where(col(Request.id).in_(request_ids))
    )
    proven = _find_proven(session, context, request_ids)
    return {
        request.id: _open(context, request, execution, is_proven=request.id in proven, timezone=timezone)
        for request, execution in session.execute(query).all()
    }


def _find_proven(session: Session, context: ApprovalContext, request_ids: Sequence[str]) -> set[str]:
    """Return the requests that have their quorum in decisions which the bot wrote."""
    requests = session.execute(select(Request).where(col(Request.id).in_(request_ids))).scalars().all()
    voided = select(col(VoidedDecision.request_id), col(VoidedDecision.person_id))
    rows = session.execute(voided.where(col(VoidedDecision.request_id).in_(request_ids)))
    void = {(request_id, person_id) for request_id, person_id in rows}
    accounts: dict[str, list[str]] = defaultdict(list)
    approvals = select(Decision).where(
        col(Decision.request_id).in_(request_ids), col(Decision.verdict) == Verdict.APPROVE.value
    )
    for row in session.execute(approvals).scalars():
        # Rows from before there were MACs are all that there is of their time.
        is_ours = row.mac == row_macs.NONE or row_macs.fits_decision(row, macs=context.macs)
        if is_ours and (row.request_id, row.person_id) not in void:
            accounts[row.request_id].append(row.account)
    same_person = context.same_person
    return {
        request.id
        for request in requests
        if count_people(accounts[request.id], same_person=same_person) >= request.quorum
        and (request.mac == row_macs.NONE or row_macs.fits_request(request, macs=context.macs))
    }


def portions(groups: Iterable[Any], *, size: int) -> Iterator[list[Any]]:
    """Yield so many at a time."""
    rest = iter(groups)
    while portion := list(islice(rest, size)):
        yield portion


def _make_query() -> Select[Any, Any, Any, Any, Any]:
    return (
        select(
            col(Request.id),
            col(Request.reference),
            col(Execution.provider_reference),
            col(Execution.sent_at),
            col(Execution.claimed_at),
        )
        .select_from(Request)
        .join(Execution, col(Execution.request_id) == col(Request.id), isouter=True)
        .where(col(Request.action) == ACTION)
    )


def _spool(row: Row[Any, Any, Any, Any, Any], *, timezone: tzinfo) -> SpooledTopUp:
    request_id, reference, provider_reference, sent_at, claimed_at = row
    return SpooledTopUp(
        request_id=request_id,
        reference=reference,
        trade=digest_trade(provider_reference),
        day=_day(sent_at or claimed_at, timezone),
    )


def _open(
    context: ApprovalContext,
    request: Request,
    execution: Execution | None,
    *,
    is_proven: bool,
    timezone: tzinfo,
) -> OwnTopUp:
    at = (execution.sent_at or execution.claimed_at) if execution else None
    money, card_id = _read_content(context, request)
    return OwnTopUp(
        request_id=request.id,
        reference=request.reference,
        # Executed without its quorum: what it is about was approved by nobody, so it must not agree with any row.
        money=money if is_proven or request.status != Status.EXECUTED.value else None,
        card_id=card_id,
        status=Status(request.status),
        day=_day(at, timezone),
        at=at,
    )


def _read_content(context: ApprovalContext, request: Request) -> tuple[Money | None, str]:
    """Return money and card as people approved them: from the seal, and not from a column."""
    if not request.payload and request.amount_minor is not None and request.currency:
        # Retention removed the content; the columns are all that is left of it.
        return _read_columns(request), request.subject
    try:
        payload = stored.read_payload(context, request)
    except Altered:
        return None, request.subject
    if not isinstance(payload, TopUpPayload):
        return None, request.subject
    return payload.money, payload.card_id


def _read_columns(request: Request) -> Money | None:
    try:
        return Money.from_minor(request.amount_minor or 0, request.currency or "")
    except NotMoney:
        return None


def _day(at: datetime | None, timezone: tzinfo) -> date | None:
    return at.astimezone(timezone).date() if at else None
