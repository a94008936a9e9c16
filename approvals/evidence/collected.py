"""Collects the evidence of one request: what was asked, who decided, what became of it, its part of the trail."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from approvals.actions.table import find_action
from approvals.audit import chain, row_macs
from approvals.books.days import find_days, read_result
from approvals.books.tables import BooksDifference
from approvals.books.tally import say_result
from approvals.canonical_json import read_object
from approvals.context import ApprovalContext
from approvals.evidence.trail_slice import Surroundings, find_opening, make_link, read_trail, write_moment
from approvals.messages.notices import message_key
from approvals.requests import stored
from approvals.step_up.assertions import Assertion, write_pem
from approvals.step_up.tables import Passkey
from approvals.tables import REQUEST_TABLE, Decision, Execution, Request
from notifier.outbox.tables import Message
from paytend.redaction import mask_text

MADE = "evidence:made"
_FITS, _UNFIT = "fits", "does not fit"
_BEFORE_MACS = "was made before there were MACs"
_TEXTS = ("name", "reason", "words", "refused_words")


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
        "trail.json": read_trail(session, context, request, around=around),
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
        "policy_version": _find_policy_version(session, context, request),
        "status": request.status,
        "version": request.version,
        "created_at": write_moment(request.created_at),
        "decide_by": write_moment(request.decide_by),
        "approved_at": write_moment(request.approved_at),
        "execute_by": write_moment(request.execute_by),
        "ended_at": write_moment(request.ended_at),
        "ended_because": _mask(request.reason),
        "mac": request.mac,
        "mac_verdict": _UNFIT if is_unfit else _FITS if request.mac else _BEFORE_MACS,
    }


def _open(context: ApprovalContext, request: Request, column: str) -> bytes:
    sealed: bytes = getattr(request, column)
    return context.vault.open(sealed, table=REQUEST_TABLE, row=request.id, column=column)


def _find_policy_version(session: Session, context: ApprovalContext, request: Request) -> dict[str, Any] | None:
    """Return by which configuration the request was opened, as the trail has it."""
    opened = find_opening(session, request)
    subject, event, key = chain.CONFIGURATION, chain.CONFIGURED, context.audit_key
    ours = chain.list_genuine(session, subject=subject, event=event, key=key, newest_first=True)
    row = next((each for each in ours if each.seq < (opened or 0)), None)
    if row is None:
        return None
    return {
        "seq": row.seq,
        "digest": read_object(row.facts).get("digest", ""),
        "at": write_moment(row.happened_at),
    }


def _read_decisions(session: Session, context: ApprovalContext, request: Request) -> dict[str, Any]:
    voided = {row.person_id: row.reason for row in stored.find_voidings(session, request.id)}
    macs = context.macs
    decisions = [
        {
            **_show(row, row_macs.DECISION_COLUMNS),
            "step_up": _read_proof(session, row),
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


def _read_proof(session: Session, row: Decision) -> dict[str, Any] | None:
    """Return the proof by a passkey with the key that checks it; None where there is none."""
    if not row.step_up:
        return None
    assertion = Assertion.read(row.step_up)
    key = session.get(Passkey, assertion.credential)
    return {
        **asdict(assertion),
        "public_key": write_pem(key.public_key) if key is not None else "",
        "fingerprint": key.fingerprint if key is not None else "",
        "label": _mask(key.label) if key is not None else "",
    }


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
            "compared_at": write_moment(row.compared_at),
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
            "permalink": make_link(around, row),
            "posted_at": write_moment(row.posted_at),
        }
        for what, row in found
    ]


def _show(row: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: _plain(name, getattr(row, name)) for name in names}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return write_moment(value)
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
