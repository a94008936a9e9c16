"""What is told of a request: the card and its copies, and the replies under it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from approvals.requests.moves import Audience, Move
from approvals.tables import Request
from notifier.outbox.outbox import Outbox


def message_key(request_id: str) -> str:
    """Return the key under which the copies of a request's card are known."""
    return f"request:{request_id}"


def post_request_message(
    session: Session, outbox: Outbox, request: Request, *, facts: Mapping[str, Any], now: datetime
) -> None:
    """Put the card where it is decided, and where the requester follows it."""
    for recipient in request.told.split():
        outbox.enqueue(
            session,
            kind="request_card",
            facts=facts,
            recipient=recipient,
            now=now,
            key=message_key(request.id),
            urgent=True,
        )


def edit_request_message(
    session: Session, outbox: Outbox, request: Request, *, facts: Mapping[str, Any], now: datetime
) -> None:
    """Bring every copy of the card up to date."""
    outbox.edit(session, key=message_key(request.id), kind="request_card", facts=facts, now=now)


def reply(
    session: Session,
    outbox: Outbox,
    request: Request,
    *,
    kind: str,
    facts: Mapping[str, Any],
    now: datetime,
    broadcast: bool = False,
) -> None:
    """Write a reply under every copy of the card; all are urgent, so that they keep their order."""
    for recipient in request.told.split():
        outbox.enqueue(
            session,
            kind=kind,
            facts={"request": request.id, "phrase": request.phrase, **facts},
            recipient=recipient,
            now=now,
            thread_of=message_key(request.id),
            urgent=True,
            broadcast=broadcast,
        )


def reply_outcome(
    session: Session, outbox: Outbox, request: Request, *, move: Move, words: str, now: datetime
) -> None:
    """Write the reply that a move calls for, with the requester mentioned where they must notice."""
    if move.audience is Audience.NOBODY:
        return
    facts = {
        "status": move.to.value,
        "event": move.event,
        "words": words,
        "mention": [request.requester_account] if move.audience is Audience.REQUESTER else [],
        "at": now.isoformat(),
    }
    reply(session, outbox, request, kind="request_outcome", facts=facts, now=now)
