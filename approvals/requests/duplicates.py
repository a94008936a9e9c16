"""Refuses a request that duplicates another, or moves more money while an outcome is unknown."""

from datetime import datetime

from sqlmodel import Session, col, select

from approvals.actions.payloads import Payload
from approvals.actions.table import Action
from approvals.context import ApprovalContext
from approvals.refusals import Refusal, write_moment
from approvals.statuses import OPEN, Status
from approvals.tables import Request


class AlreadyOpen(Refusal):
    """There is an open request for this already: {phrase}, asked by {who} at {when}."""


class MoneyBlocked(Refusal):
    """The outcome of an earlier request on this card is not known yet ({phrase}), so no more money moves on it."""


class AskAgain(Refusal):
    """The same was asked for at {when} by {who}. Do you want it again?"""

    is_recorded = False


def refuse_open(session: Session, action: Action, payload: Payload) -> None:
    """Refuse a second open request for the same subject and action; raises AlreadyOpen or MoneyBlocked."""
    # The unique index `ux_request_open` refuses it too; this names the first request to the person.
    first = session.exec(
        select(Request).where(
            Request.subject == payload.subject,
            Request.action == action.name,
            col(Request.status).in_([status.value for status in OPEN]),
        )
    ).first()
    if first is None:
        return
    # It may already have moved the money, so "open" would be the wrong word.
    if first.status == Status.UNKNOWN and first.amount_minor is not None:
        raise MoneyBlocked(phrase=first.phrase, request=first.id)
    raise AlreadyOpen(
        phrase=first.phrase, who=first.requester_name, when=write_moment(first.created_at), request=first.id
    )


def refuse_blocked(session: Session, *, cards: tuple[str, ...]) -> None:
    """Refuse more money on these cards while the outcome of an earlier request is unknown."""
    if not cards:
        return
    # By card and not by action: an unknown top-up blocks a replacement too, as the balance would move with it.
    unknown = session.exec(
        select(Request).where(
            col(Request.subject).in_(cards),
            Request.status == Status.UNKNOWN.value,
            col(Request.amount_minor).is_not(None),
        )
    ).first()
    if unknown is not None:
        raise MoneyBlocked(phrase=unknown.phrase, request=unknown.id)


def refuse_repeated(
    session: Session, context: ApprovalContext, *, action: Action, payload: Payload, now: datetime
) -> None:
    """Ask whether the same again is meant, if it was asked for within the last minutes; raises AskAgain."""
    money = payload.moved_money
    same = session.exec(
        select(Request)
        .where(
            Request.subject == payload.subject,
            Request.action == action.name,
            Request.amount_minor == (money.minor if money else None),
            Request.currency == (money.currency if money else None),
            col(Request.created_at) > now - context.ask_again_within,
        )
        .order_by(col(Request.created_at).desc())
    ).first()
    if same is not None:
        raise AskAgain(when=write_moment(same.created_at), who=same.requester_name, request=same.id)
