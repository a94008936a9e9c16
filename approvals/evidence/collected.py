"""Collects the evidence of one request: what was asked, who decided, what became of it, its part of the trail."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, select

from approvals.actions.table import find_action
from approvals.audit import chain, row_macs, verification
from approvals.audit.chain import EventRow
from approvals.books.days import find_days, read_result
from approvals.books.tables import BooksDifference
from approvals.books.tally import say_result
from approvals.context import ApprovalContext
from approvals.messages.notices import message_key
from approvals.requests import stored
from approvals.requests.history import RequestRows, find_differences
from approvals.requests.move import subject_of
from approvals.requests.moves import MOVE
from approvals.requests.replay import NotReplayable, replay
from approvals.tables import REQUEST_TABLE, AuditEvent, Execution, Request
from notifier.outbox.sealed_facts import open_facts
from notifier.outbox.tables import Delivery, Message
from paytend.redaction import mask_text
from storage.vault import Unreadable

MADE = "evidence:made"
HEAD_KIND = "audit_head"  # the notice with which a head of the trail is posted
_FITS, _UNFIT = "fits", "does not fit"
_BEFORE_MACS = "was made before there were MACs"
_MOST_HEADS = 2_000  # posted ones that are looked through: more than five years
_TEXTS = ("name", "reason", "words", "refused_words")
_STATE = ("approval:", "execution:")


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is not in the database: the address of the workspace (may be empty), and the zone of Paytend's days."""

    workspace_url: str
    timezone: ZoneInfo


def collect(
    session: Session, context: ApprovalContext, request: Request, *, around: Surroundings
) -> dict[str, Any]:
    """Return the contents of the files of evidence by their names, in JSON values."""
    return {
        "request.json": _read_request(session, context, request),
        "decisions.json": _read_decisions(session, context, request),
        "execution.json": _read_execution(session, request),
        "books.json": _read_books(session, request, timezone=around.timezone),
        "messages.json": _read_messages(session, request, around=around),
        "trail.json": _read_trail(session, context, request, around=around),
    }


def _read_request(session: Session, context: ApprovalContext, request: Request) -> dict[str, Any]:
    payload: Any = None
    if request.payload:
        stored.read_payload(context, request)  # raises Altered where it does not fit the digest
        payload = json.loads(_open(context, request, "payload"))
    shown: Any = None
    if request.shown:
        stored.read_shown(context, request)
        shown = json.loads(_open(context, request, "shown"))
    is_unfit = request.mac != row_macs.NONE and not row_macs.fits_request(request, macs=context.macs)
    return {
        "id": request.id,
        "action": request.action,
        "title": find_action(request.action).title,
        "subject": request.subject,
        "reference": request.reference,
        # Whole or not at all: masked, it would have another digest.
        "payload": payload if _mask(payload) == payload else None,
        "payload_is": "purged" if not request.payload else "kept" if _mask(payload) == payload else "withheld",
        "shown": _mask(shown),
        "digest": request.digest,
        "digest_has_reference": bool(request.mac),
        "phrase": request.phrase,
        "requester_id": request.requester_id,
        "requester_account": request.requester_account,
        "requester_name": _mask(request.requester_name),
        "rule": json.loads(request.rule),
        "quorum": request.quorum,
        "policy_version": _find_policy_version(session, request),
        "status": request.status,
        "version": request.version,
        "created_at": _iso(request.created_at),
        "decide_by": _iso(request.decide_by),
        "approved_at": _iso(request.approved_at),
        "execute_by": _iso(request.execute_by),
        "ended_at": _iso(request.ended_at),
        "ended_because": _mask(request.reason),
        "mac": request.mac,
        "mac_verdict": _UNFIT if is_unfit else _FITS if request.mac else _BEFORE_MACS,
    }


def _open(context: ApprovalContext, request: Request, column: str) -> bytes:
    sealed: bytes = getattr(request, column)
    return context.vault.open(sealed, table=REQUEST_TABLE, row=request.id, column=column)


def _find_policy_version(session: Session, request: Request) -> dict[str, Any] | None:
    """Return by which configuration the request was opened, as the trail has it."""
    opened = _first_event(session, request)
    row = session.exec(
        select(AuditEvent)
        .where(
            AuditEvent.subject == chain.CONFIGURATION,
            AuditEvent.event == chain.CONFIGURED,
            AuditEvent.seq < (opened or 0),
        )
        .order_by(col(AuditEvent.seq).desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    return {"seq": row.seq, "digest": json.loads(row.facts).get("digest", ""), "at": _iso(row.happened_at)}


def _first_event(session: Session, request: Request) -> int | None:
    query = select(func.min(AuditEvent.seq)).where(
        AuditEvent.subject == subject_of(request.id), AuditEvent.event == "approval:opened"
    )
    return session.exec(query).one()


def _read_decisions(session: Session, context: ApprovalContext, request: Request) -> dict[str, Any]:
    voided = {row.person_id: row.reason for row in stored.find_voidings(session, request.id)}
    macs = context.macs
    decisions = [
        {
            **_show(row, row_macs.DECISION_COLUMNS),
            "void": _mask(voided.get(row.person_id, "")),
            "mac": row.mac,
            "mac_verdict": _judge(row.mac, fits=row_macs.fits_decision(row, macs=macs)),
        }
        for row in stored.find_decisions(session, request.id)
    ]
    settlements = [
        {
            **_show(row, row_macs.SETTLEMENT_COLUMNS),
            "mac": row.mac,
            "mac_verdict": _judge(row.mac, fits=row_macs.fits_settlement(row, digest=request.digest, macs=macs)),
        }
        for row in stored.find_settlements(session, request.id)
    ]
    return {"decisions": decisions, "settlements": settlements}


def _judge(mac: str, *, fits: bool) -> str:
    return _FITS if fits else _BEFORE_MACS if mac == row_macs.NONE else _UNFIT


def _read_execution(session: Session, request: Request) -> dict[str, Any] | None:
    row = session.get(Execution, request.id)
    if row is None:
        return None
    names = (
        "claimed_at sent_at finished_at attempts outcome words provider_reference unknown_since refused_code "
        "refused_words absent_code absent_since last_said asked_at contradicted_at contradicted_by"
    )
    return _show(row, names.split())


def _read_books(session: Session, request: Request, *, timezone: ZoneInfo) -> dict[str, Any]:
    execution = session.get(Execution, request.id)
    if request.amount_minor is None:
        return {"says": "The books hold top-ups only.", "days": [], "differences": []}
    if execution is None:
        return {"says": "Nothing was sent, so the books have nothing of it.", "days": [], "differences": []}
    day: date = execution.claimed_at.astimezone(timezone).date()
    days = [
        {
            "day": row.day.isoformat(),
            "compared_at": _iso(row.compared_at),
            "is_whole": row.is_whole,
            "says": say_result(read_result(row)),
        }
        for row in find_days(session, day, day + timedelta(days=1))
    ]
    query = select(BooksDifference).where(BooksDifference.request_id == request.id)
    differences = [
        {
            **_show(row, ("kind", "book_class", "words", "trade_id", "money", "booked", "first_seen_at")),
            "state": "gone" if row.gone_at else "known" if row.known_at else "open",
        }
        for row in session.exec(query.order_by(col(BooksDifference.id)))
    ]
    if differences:
        says = f"The books differ from it in {len(differences)} ways."
    elif any(row["is_whole"] for row in days):
        says = "Its day was compared with Paytend's whole list, and nothing about it differs."
    else:
        says = "Its day was not compared with Paytend's whole list yet."
    return {"says": says, "days": days, "differences": differences}


def _read_messages(session: Session, request: Request, *, around: Surroundings) -> list[dict[str, Any]]:
    """Return the copies of the request message, and the replies in their threads."""
    copies = session.exec(
        select(Message).where(Message.key == message_key(request.id)).order_by(col(Message.posted_at))
    ).all()
    found = [("request message", row) for row in copies]
    for copy in copies:
        replies = select(Message).where(Message.channel == copy.channel, Message.thread_ts == copy.ts)
        found += [("reply", row) for row in session.exec(replies.order_by(col(Message.ts)).limit(200))]
    return [
        {
            "what": what,
            "channel": row.channel,
            "ts": row.ts,
            "permalink": _link(around, row),
            "posted_at": _iso(row.posted_at),
        }
        for what, row in found
    ]


def _link(around: Surroundings, message: Message) -> str:
    if not around.workspace_url:
        return ""
    thread = f"?thread_ts={message.thread_ts}&cid={message.channel}" if message.thread_ts else ""
    return f"{around.workspace_url.rstrip('/')}/archives/{message.channel}/p{message.ts.replace('.', '')}{thread}"


def _read_trail(
    session: Session, context: ApprovalContext, request: Request, *, around: Surroundings
) -> dict[str, Any]:
    """Return the trail from where the request was opened to a head that was posted, or to its end.

    Of events about something else it has the number and the two hashes: they link, and are nobody's business here.
    """
    first, subject = _first_event(session, request), subject_of(request.id)
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
                "permalink": _link(around, message),
            }
    return first


def _show(row: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: _plain(name, getattr(row, name)) for name in names}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return _iso(value)
    # Digests and numbers of Paytend have enough digits in a row to look like a card number now and then.
    return _mask(value) if name in _TEXTS else value


def _mask(value: Any) -> Any:
    """Return a JSON value with card numbers masked: an older version may have stored one."""
    match value:
        case dict():
            return {name: _mask(inner) for name, inner in value.items()}
        case list():
            return [_mask(inner) for inner in value]
        case str():
            return mask_text(value)
        case _:
            return value


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds")
