"""Compares all requests with the trail, both ways, a page at a time: rows without events, events without rows."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar, cast

from sqlalchemy import String, exists, func, select
from sqlalchemy.orm import defer
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from approvals.actions.table import ACTIONS
from approvals.audit.chain import EventRow
from approvals.audit.trail_keys import TrailKey
from approvals.database_guards.guard import SKEW
from approvals.refusals import write_moment
from approvals.requests.contradictions import find_contradictions
from approvals.requests.history import RequestRows, find_differences
from approvals.requests.move import subject_of
from approvals.requests.replay import NotReplayable, RequestHistory, replay
from approvals.tables import (
    AUDIT_TABLE,
    CardholderChange,
    Decision,
    Execution,
    Request,
    Settlement,
    VoidedDecision,
)
from storage.macs import MacKeys

_UNTIL_SETTLED = "until two people settle it again: `/approvals show {}`"
_CLOCKS_DIFFER = timedelta(seconds=SKEW)
PAGE = 500  # requests that are in memory at once
_PEOPLE_TO_SETTLE = 2
_Row = TypeVar("_Row", Decision, VoidedDecision, Settlement)


def find_unproven(session: Session, *, macs: MacKeys) -> Iterator[str]:
    """Yield, in words, each request whose rows are not what the trail proves."""
    after = ""
    while requests := _read_page(session, after):
        after = requests[-1].id
        ids = [request.id for request in requests]
        events = _read_events(session, ids)
        decisions = _by_request(session, Decision, ids)
        voidings = _by_request(session, VoidedDecision, ids)
        settlements = _by_request(session, Settlement, ids)
        changes = {
            row.id: row
            for row in session.exec(select_rows(CardholderChange).where(col(CardholderChange.id).in_(ids)))
        }
        for request in requests:
            rows = RequestRows(
                request=request,
                decisions=decisions[request.id],
                voidings=voidings[request.id],
                settlements=settlements[request.id],
            )
            change = changes.get(request.id)
            for difference in _compare(rows, change, events[subject_of(request.id)], macs=macs):
                yield f"request {request.id}: {difference}"
        session.expunge_all()  # else every row that was read stays in memory


def find_made_up_changes(session: Session) -> Iterator[str]:
    """Yield each change of a cardholder that no request has made; it makes somebody rest for a day."""
    mine = exists(select(col(Request.id)).where(col(Request.id) == col(CardholderChange.id)))
    for change_id in session.connection().execute(select(col(CardholderChange.id)).where(~mine)).scalars():
        yield f"change {change_id} of a cardholder: no request has made it"


def find_disputed(session: Session, *, key: TrailKey, now: datetime) -> Iterator[str]:
    """Yield where the column that blocks a card is not what the trail says, or is of a time to come."""
    said = {each.request_id for each in find_contradictions(session, key=key)}
    query = select(col(Execution.request_id), col(Execution.contradicted_at)).where(
        col(Execution.contradicted_at).is_not(None)
    )
    stored = {each: at for each, at in session.connection().execute(query) if at is not None}
    for request_id in sorted(stored.keys() - said):
        yield (
            f"request {request_id} is marked as contradicted, and Paytend has contradicted nothing. It blocks the "
            f"card {_UNTIL_SETTLED.format(request_id)}"
        )
    for request_id in sorted(each for each in stored.keys() & said if stored[each] > now + _CLOCKS_DIFFER):
        moment = write_moment(stored[request_id])
        yield (
            f"request {request_id} is contradicted since {moment}, which is to come: a clock was ahead, or "
            f"somebody wrote that. It blocks the card {_UNTIL_SETTLED.format(request_id)}"
        )
    for request_id in sorted(said - stored.keys()):
        yield f"request {request_id}: that Paytend contradicts it was cleared. The card stays blocked by the trail"


def find_orphans(session: Session) -> Iterator[str]:
    """Yield each request that the trail has and the database has not."""
    table = AUDIT_TABLE
    prefix = subject_of("")
    request_id = func.substr(table.c.subject, len(prefix) + 1, type_=String)
    query = (
        select(table.c.subject)
        .where(
            # Not a range from "request:" on: which sign follows ":" depends on the locale of the database.
            func.substr(table.c.subject, 1, len(prefix), type_=String) == prefix,
            table.c.event == "approval:opened",
            ~exists(select(col(Request.id)).where(col(Request.id) == request_id)),
        )
        .distinct()
    )
    for subject in session.connection().execute(query).scalars():
        yield f"{subject.replace(':', ' ')}: it is in the trail and has no row"


def _read_page(session: Session, after: str) -> Sequence[Request]:
    # Without the sealed contents, which are most of a row; the digest is in the MAC.
    # SQLModel's `col` is typed as a column, which `defer` takes as well as an attribute.
    unread = defer(col(Request.payload)), defer(col(Request.shown))  # type: ignore[arg-type]  # see above
    query = select_rows(Request).options(*unread)
    return session.exec(query.where(col(Request.id) > after).order_by(col(Request.id)).limit(PAGE)).all()


def _read_events(session: Session, ids: Sequence[str]) -> dict[str, list[EventRow]]:
    table = AUDIT_TABLE
    query = select(table).where(table.c.subject.in_([subject_of(each) for each in ids])).order_by(table.c.seq)
    found: dict[str, list[EventRow]] = defaultdict(list)
    for row in session.connection().execute(query):
        found[row.subject].append(cast("EventRow", row))
    return found


def _by_request(session: Session, model: type[_Row], ids: Sequence[str]) -> dict[str, list[_Row]]:
    found: dict[str, list[_Row]] = defaultdict(list)
    for row in session.exec(select_rows(model).where(col(model.request_id).in_(ids))):
        found[row.request_id].append(row)
    return found


def _compare(
    rows: RequestRows, change: CardholderChange | None, events: Sequence[EventRow], *, macs: MacKeys
) -> Iterator[str]:
    try:
        history = replay(events)
    except NotReplayable as error:
        yield str(error)
        return
    yield from find_differences(history, rows, macs=macs)
    yield from _find_too_few(history, rows)
    yield from _find_rest(history, rows.request, change)


def _find_too_few(history: RequestHistory, rows: RequestRows) -> Iterator[str]:
    """Yield a request that went on by the word of fewer people than it needs."""
    # Of approvals another invariant counts the quorum (`invariants.py`).
    if history.settled is not None:
        same = {row.person_id for row in rows.settlements if row.happened is history.settled}
        if len(same) < _PEOPLE_TO_SETTLE:
            yield "it was settled by fewer than two people"


def _find_rest(history: RequestHistory, request: Request, change: CardholderChange | None) -> Iterator[str]:
    """Yield where the row that makes a requester rest is not what the trail says, by which the rest is counted."""
    action = ACTIONS.get(request.action)
    if action is None or not action.changes_cardholder or history.sent_at is None:
        if change is not None:
            yield "a change of a cardholder stands under its name, and it has made none"
        return
    if change is None:
        yield "the row of the change that it made of a cardholder is gone"
        return
    stored = change.cardholder_id, change.person_id, change.changed_at
    if stored != (request.subject, request.requester_id, history.sent_at):
        yield "the row of the change that it made of a cardholder is not what the trail says"
