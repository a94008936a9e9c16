"""The sums of recent requests, compared with the limits of the policy."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_
from sqlmodel import Session, col, select

from approvals.policy.rules import LimitRule, LimitState, Per, Policy, find_limits
from approvals.statuses import OPEN, Status
from approvals.tables import Request
from paytend.money import Money

_OPEN = [status.value for status in OPEN]


def read_limit_states(
    session: Session,
    policy: Policy,
    *,
    action: str,
    money: Money | None,
    requester: Collection[str],
    card_id: str,
    now: datetime,
    before: Request | None = None,
) -> list[LimitState]:
    """Return each limit for this action with the sum that counts against it, this money included.

    `requester` are all accounts of the person who asks: a sum is a person's, whichever account they used.
    `before` is the request itself if it is stored already. Then only earlier requests count: it was in the
    sum when the later ones were checked.
    """
    if money is None:
        return []
    states = []
    for limit in find_limits(policy.limits, action=action, money=money):
        if limit.over.currency != money.currency:
            states.append(LimitState(limit=limit, total=None))  # not comparable, so it counts as exceeded
            continue
        whose = requester if limit.per is Per.REQUESTER else (card_id,)
        earlier = _sum(session, limit, whose=whose, now=now, before=before)
        states.append(LimitState(limit=limit, total=Money.from_minor(earlier, money.currency) + money))
    return states


def sum_day(session: Session, *, action: str, currency: str, card_id: str, now: datetime) -> Money:
    """Return the sum for a card within 24 hours, open requests included."""
    day = LimitRule(
        action=action,
        per=Per.CARD,
        window=timedelta(hours=24),
        over=Money.from_minor(0, currency),
        then="refuse",
    )
    return Money.from_minor(_sum(session, day, whose=(card_id,), now=now, before=None), currency)


def _sum(
    session: Session, limit: LimitRule, *, whose: Collection[str], now: datetime, before: Request | None
) -> int:
    """Return the sum, in the smallest unit, of requests that are open or were executed within the window."""
    # The account, which was a fact, and not the stored id, which was right under the identity map of that day.
    owner = col(Request.requester_account) if limit.per is Per.REQUESTER else col(Request.subject)
    # Open requests count although nothing has moved yet: else ten small ones could pass a limit together.
    mine: list[Any] = [
        owner.in_(sorted(whose)),
        col(Request.action) == limit.action,
        col(Request.currency) == limit.over.currency,
    ]
    if before is not None:
        at = col(Request.created_at)
        mine.append(or_(at < before.created_at, and_(at == before.created_at, col(Request.id) < before.id)))
    executed = and_(col(Request.status) == Status.EXECUTED.value, col(Request.ended_at) > now - limit.window)
    total: Any = func.coalesce(func.sum(Request.amount_minor), 0)
    # Two queries instead of one with OR: each uses its own part of an index.
    # Unknown is among the open ones: money that may have moved counts.
    parts = (col(Request.status).in_(_OPEN), executed)
    sums: list[int] = [int(session.exec(select(total).where(*mine, part)).one()) for part in parts]
    return sum(sums)
