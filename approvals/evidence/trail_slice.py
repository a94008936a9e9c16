"""The slice of the trail that evidence has: from the opening of a request to a head that was posted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, select

from approvals.audit import chain, verification
from approvals.audit.chain import EventRow
from approvals.context import ApprovalContext
from approvals.requests import stored
from approvals.requests.history import RequestRows, find_differences
from approvals.requests.move import subject_of
from approvals.requests.moves import MOVE
from approvals.requests.replay import NotReplayable, replay
from approvals.tables import AuditEvent, Request
from notifier.outbox.sealed_facts import open_facts
from notifier.outbox.tables import Delivery, Message
from storage.vault import Unreadable

HEAD_KIND = "audit_head"  # the notice with which a head of the trail is posted
_MOST_HEADS = 2_000  # posted ones that are looked through: more than five years
_STATE = ("approval:", "execution:")


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is not in the database: the address of the workspace (may be empty), and the zone of Paytend's days."""

    workspace_url: str
    timezone: ZoneInfo


def find_opening(session: Session, request: Request) -> int | None:
    """Return the number of the event with which a request was opened; None if the trail does not have it."""
    query = select(func.min(AuditEvent.seq)).where(
        AuditEvent.subject == subject_of(request.id), AuditEvent.event == "approval:opened"
    )
    return session.exec(query).one()


def read_trail(
    session: Session, context: ApprovalContext, request: Request, *, around: Surroundings
) -> dict[str, Any]:
    """Return the trail from where the request was opened to a head that was posted, or to its end.

    Of events about something else it has the number and the two hashes: they link, and are nobody's business here.
    """
    first, subject = find_opening(session, request), subject_of(request.id)
    if first is None:
        return {
            "follows": {"seq": 0, "hash": chain.START},
            "events": [],
            "told": None,
            "verdict": "the trail does not have this request",
        }
    needed = max(
        row.seq for row in _list_own(session, subject) if row.event.startswith(_STATE) or row.event in MOVE
    )
    told = _find_told(session, context, at_least=needed, around=around)
    last = told["number"] if told else chain.head(session).seq
    events, own = list[dict[str, Any]](), list[EventRow]()

    def keep(rows: Iterator[EventRow]) -> Iterator[EventRow]:
        for row in rows:
            if row.seq > last:
                return
            link = {"seq": row.seq, "previous": row.previous, "hash": row.hash}
            if row.subject == subject:
                own.append(row)
                at = row.happened_at.astimezone(UTC).isoformat(timespec="microseconds")
                link |= {"event": row.event, "actor": row.actor, "facts": row.facts, "at": at}
            events.append(link)
            yield row

    with verification.reading(session, since=first) as rows:
        found = verification.verify_rows(keep(rows), key=context.audit_key, before=None)
    return {
        "follows": {"seq": first - 1, "hash": events[0]["previous"]},
        "events": events,
        "told": told,
        "verdict": found.words if found.breaks else _compare(session, context, request, own),
    }


def _list_own(session: Session, subject: str) -> list[AuditEvent]:
    return list(session.exec(select(AuditEvent).where(AuditEvent.subject == subject)))


def _compare(session: Session, context: ApprovalContext, request: Request, own: list[EventRow]) -> str:
    """Return how the rows differ from the trail; empty where they do not."""
    rows = RequestRows(
        request=request,
        decisions=stored.find_decisions(session, request.id),
        voidings=stored.find_voidings(session, request.id),
        settlements=stored.find_settlements(session, request.id),
    )
    try:
        return "; ".join(find_differences(replay(own), rows, macs=context.macs))
    except NotReplayable as error:
        return str(error)


def _find_told(
    session: Session, context: ApprovalContext, *, at_least: int, around: Surroundings
) -> dict[str, Any] | None:
    """Return the first signed head that was posted at or behind this event."""
    query = (
        select(Delivery, Message)
        .join(
            Message, (col(Message.key) == col(Delivery.key)) & (col(Message.recipient) == col(Delivery.recipient))
        )
        .where(Delivery.kind == HEAD_KIND, func.length(Delivery.facts) > 0)
        .order_by(col(Delivery.seq).desc())
        .limit(_MOST_HEADS)
    )
    first: dict[str, Any] | None = None
    for delivery, message in session.exec(query):
        try:
            facts = open_facts(delivery.facts, vault=context.vault, delivery_id=delivery.id)
        except Unreadable:
            continue
        if facts["number"] < at_least:
            break
        if facts.get("signature"):
            first = {
                "number": facts["number"],
                "hash": facts["hash"],
                "at": facts["signed_at"],
                "signature": facts["signature"],
                "channel": message.channel,
                "ts": message.ts,
                "permalink": make_link(around, message),
            }
    return first


def make_link(around: Surroundings, message: Message) -> str:
    """Return the address of a message in Slack; empty where that of the workspace is not known."""
    if not around.workspace_url:
        return ""
    thread = f"?thread_ts={message.thread_ts}&cid={message.channel}" if message.thread_ts else ""
    return f"{around.workspace_url.rstrip('/')}/archives/{message.channel}/p{message.ts.replace('.', '')}{thread}"


def write_moment(moment: datetime | None) -> str | None:
    """Return a moment as the files of evidence have it."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds")
