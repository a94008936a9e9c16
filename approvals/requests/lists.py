"""Lists of requests, a page at a time: each page starts after the last row of the one before (keyset)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, or_
from sqlmodel import Session, col, select

from approvals.policy.people import Member
from approvals.statuses import Status
from approvals.tables import Decision, Request

PAGE = 10  # rows


@dataclass(frozen=True, kw_only=True)
class PageStart:
    """The last row of a page."""

    created_at: datetime
    id: str

    @classmethod
    def of(cls, request: Request) -> "PageStart":
        """Return the start of the page after this request."""
        return cls(created_at=request.created_at, id=request.id)


@dataclass(frozen=True, kw_only=True)
class RequestPage:
    """Some requests, and where the next page starts; None if this is the last."""

    requests: tuple[Request, ...]
    after: PageStart | None


def waiting(
    session: Session, *, member: Member, now: datetime, after: PageStart | None = None, size: int = PAGE
) -> RequestPage:
    """Return what this person could decide now, the oldest first.

    A quick form of `policy/eligibility.py` as SQL, for lists only: the click asks the full rules.
    """
    person = member.person
    # `autoescape`, because "_" in a role's name would match any character.
    in_role = [col(Request.roles).contains(f",{role},", autoescape=True) for role in sorted(member.roles)]
    if not in_role:
        return RequestPage(requests=(), after=None)
    ids = sorted(person.known_ids)
    decided = exists().where(
        col(Decision.request_id) == col(Request.id),
        or_(col(Decision.account).in_(ids), col(Decision.person_id).in_(ids)),
    )
    # `roles` is stored as ",manager,admin," so that one role cannot match a part of another's name.
    conditions = [
        Request.status == Status.PENDING.value,
        col(Request.decide_by) > now,
        col(Request.requester_account).not_in(ids),
        col(Request.requester_id).not_in(ids),
        or_(*in_role),
        ~decided,
    ]
    return _page(session, conditions, after=after, size=size, newest_first=False)


def mine(session: Session, *, member: Member, after: PageStart | None = None, size: int = PAGE) -> RequestPage:
    """Return what this person asked for, the newest first."""
    conditions = [col(Request.requester_account).in_(sorted(member.person.known_ids))]
    return _page(session, conditions, after=after, size=size, newest_first=True)


def history(session: Session, *, after: PageStart | None = None, size: int = PAGE) -> RequestPage:
    """Return all requests, the newest first."""
    return _page(session, [], after=after, size=size, newest_first=True)


def with_status(
    session: Session, *, status: Status, after: PageStart | None = None, size: int = PAGE
) -> RequestPage:
    """Return the requests of one status, the oldest first."""
    return _page(session, [Request.status == status.value], after=after, size=size, newest_first=False)


def riskiest_first(requests: tuple[Request, ...]) -> tuple[Request, ...]:
    """Return requests sorted by quorum and money, the largest first, then by the least time left."""
    return tuple(sorted(requests, key=lambda row: (-row.quorum, -(row.amount_minor or 0), row.decide_by)))


def _page(
    session: Session, conditions: list[Any], *, after: PageStart | None, size: int, newest_first: bool
) -> RequestPage:
    at, row_id = col(Request.created_at), col(Request.id)
    if after is not None:
        # Spelled out so that both databases use the index: a bound on the first column, then the tie.
        earlier_or_later = at <= after.created_at if newest_first else at >= after.created_at
        beyond = at < after.created_at if newest_first else at > after.created_at
        tie = row_id < after.id if newest_first else row_id > after.id
        conditions = [*conditions, earlier_or_later, or_(beyond, and_(at == after.created_at, tie))]
    order = (at.desc(), row_id.desc()) if newest_first else (at.asc(), row_id.asc())
    # One row more than shown says whether there is a next page; counting a million rows took 624 times as long.
    rows = session.exec(select(Request).where(*conditions).order_by(*order).limit(size + 1)).all()
    requests = tuple(rows[:size])
    return RequestPage(requests=requests, after=PageStart.of(requests[-1]) if len(rows) > size else None)
