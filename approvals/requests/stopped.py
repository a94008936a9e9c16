"""What stops do to requests: what they cover is not claimed, and its message says why."""

from datetime import datetime

from sqlmodel import Session, col, select

from approvals.actions.payloads import Payload
from approvals.context import ApprovalContext
from approvals.requests import stored
from approvals.requests.move import update_message
from approvals.requests.view import find_stops
from approvals.statuses import Status
from approvals.stops.standing import find_standing, refuse_stopped
from approvals.tables import Request

WAITING = (Status.PENDING.value, Status.APPROVED.value)


def read_unstopped(session: Session, context: ApprovalContext, request: Request) -> Payload:
    """Return the payload for a claim; raises Altered, and Stopped while somebody keeps it from being sent."""
    payload = stored.read_payload(context, request)
    refuse_stopped(session, context, action=request.action, cards=payload.cards)
    return payload


def find_outdated(session: Session, context: ApprovalContext, *, limit: int = 200) -> list[str]:
    """Return the ids of waiting requests whose messages do not name the stops that they wait for."""
    query = select(Request).where(col(Request.status).in_(WAITING))
    # Nothing is stopped: only a message that still names a stop can be out of date.
    if not find_standing(session, context):
        query = query.where(Request.shown_stops != "")
    requests = session.exec(query.order_by(col(Request.created_at), col(Request.id))).all()
    outdated = [
        request.id for request in requests if _name_stops(session, context, request) != request.shown_stops
    ]
    return outdated[:limit]


def update_stops(session: Session, context: ApprovalContext, request_id: str, *, now: datetime) -> bool:
    """Let the message of a request name the stops that it waits for; return whether it named others."""
    request = stored.find(session, request_id, to_change=True)
    names = _name_stops(session, context, request)
    if request.status not in WAITING or names == request.shown_stops:
        return False
    request.shown_stops = names
    session.flush()
    update_message(session, context, request, now=now)
    return True


def _name_stops(session: Session, context: ApprovalContext, request: Request) -> str:
    return " ".join(stop.id for stop in find_stops(session, context, request))
