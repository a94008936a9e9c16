"""Refuses a request that duplicates another, or that another one excludes (`actions/exclusions.py`)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, select

from approvals.actions.exclusions import Shared, find_blockers
from approvals.actions.payloads import Payload
from approvals.actions.table import Action, find_action
from approvals.audit import chain
from approvals.audit.trail_keys import TrailKey
from approvals.context import ApprovalContext
from approvals.refusals import Refusal, write_moment
from approvals.requests.contradictions import find_contradictions
from approvals.statuses import SAID, Status
from approvals.tables import Execution, Request


class AlreadyOpen(Refusal):
    """There is already an open request: {title} by {who}, {when} ({status}). Code: {phrase}."""


class MoneyBlocked(Refusal):
    """Top-ups on this card are paused until request {phrase} is resolved."""


class Excluded(Refusal):
    """Another request has to end first: {title} by {who}, {when} ({status}). Code: {phrase}."""


class AskAgain(Refusal):
    """{who} requested the same at {when} ({status}). Request it again?"""

    is_recorded = False


@dataclass(frozen=True, kw_only=True)
class Matter:
    """What a request is about, as far as others may exclude it; what it has nothing of is empty."""

    action: str
    subject: str
    cards: Collection[str]
    cardholder_id: str

    @classmethod
    def of(cls, action: Action, payload: Payload, *, cardholder_id: str) -> "Matter":
        """Return what a request with this payload is about."""
        return cls(action=action.name, subject=payload.subject, cards=payload.cards, cardholder_id=cardholder_id)


def refuse_excluded(session: Session, matter: Matter, *, key: TrailKey, claiming: str = "") -> None:
    """Refuse what another request excludes; raises AlreadyOpen, MoneyBlocked or Excluded.

    `claiming` is the id of the request that is about to be carried out; without one, it is about to be asked for.
    The caller holds the lock of the trail: two requests that exclude each other must not pass at the same moment.
    """
    contradicted = [each.request_id for each in find_contradictions(session, key=key)]
    first = session.exec(
        select(Request)
        .where(or_(*_find_terms(matter, contradicted, claiming=bool(claiming))), Request.id != claiming)
        .order_by(col(Request.created_at), col(Request.id))
        .limit(1)
        .execution_options(populate_existing=True)
    ).first()
    if first is None:
        return
    facts = {"phrase": first.phrase, "request": first.id}
    # It may already have moved the money, so "open" would be the wrong word.
    if first.status not in _WAITING and _moves_balance(first.action) and _moves_balance(matter.action):
        raise MoneyBlocked(**facts)
    facts |= {"title": find_action(first.action).title.lower(), "status": SAID[Status(first.status)]}
    facts |= {"who": first.requester_name, "when": write_moment(first.created_at)}
    if first.action == matter.action:
        raise AlreadyOpen(**facts)
    raise Excluded(**facts)


def wait_for_others(
    session: Session, context: ApprovalContext, request: Request, payload: Payload, *, cardholder_id: str
) -> None:
    """Put a claim off while others exclude the request: it stays approved, and is tried again when they ended.

    Raises what `refuse_excluded` raises, which does not end the request.
    """
    # Two that exclude each other must not be claimed at the same moment, so the claims of all replicas queue here.
    chain.lock(session)
    matter = Matter.of(find_action(request.action), payload, cardholder_id=cardholder_id)
    refuse_excluded(session, matter, key=context.audit_key, claiming=request.id)


_CONTRADICTED = select(Execution.request_id).where(col(Execution.contradicted_at).is_not(None))
_WAITING = (Status.PENDING, Status.APPROVED)


def _find_terms(matter: Matter, contradicted: Collection[str], *, claiming: bool) -> Iterator[ColumnElement[bool]]:
    """Yield a condition for each line of the table, one column at a time, so that each uses its own index."""
    for blocker in find_blockers(matter.action, claiming=claiming):
        statuses = sorted(status.value for status in blocker.statuses)
        for shared in _find_shared(matter, blocker.shared):
            yield and_(shared, col(Request.status).in_(statuses), col(Request.action) == blocker.action)
            if Status.UNKNOWN in blocker.statuses:  # an end that Paytend contradicts is as uncertain
                # By its row or by the trail: a doubt blocks, and clearing the row unblocks nothing.
                yield and_(shared, col(Request.id).in_(_CONTRADICTED), col(Request.action) == blocker.action)
                if contradicted:
                    yield and_(shared, col(Request.id).in_(contradicted), col(Request.action) == blocker.action)


def _find_shared(matter: Matter, shared: Shared) -> Iterator[ColumnElement[bool]]:
    """Yield how a request may share something; what is empty is shared with nobody."""
    match shared:
        case Shared.SUBJECT:
            yield col(Request.subject) == matter.subject
        case Shared.CARD:
            yield col(Request.subject).in_(matter.cards)
            yield col(Request.new_card).in_(matter.cards)
        case Shared.CARDHOLDER if matter.cardholder_id:
            yield col(Request.cardholder_id) == matter.cardholder_id


def _moves_balance(action: str) -> bool:
    return find_action(action).moves_balance


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
            # Its requester has taken it back, so nothing is asked for twice.
            Request.status != Status.WITHDRAWN,
        )
        .order_by(col(Request.created_at).desc())
    ).first()
    if same is not None:
        facts = {"who": same.requester_name, "when": write_moment(same.created_at)}
        raise AskAgain(**facts, status=SAID[Status(same.status)], request=same.id)
