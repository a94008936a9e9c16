"""The sums of recent requests, compared with the limits of the policy."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Session, col, select

from approvals.policy.rules import LimitRule, LimitState, Per, Policy, find_limits
from approvals.statuses import OPEN, Status
from approvals.tables import Request
from paytend.money import Money

_OPEN = [status.value for status in OPEN]
_MOST = 500  # ids in one query


@dataclass(frozen=True, kw_only=True)
class ProvenSpending:
    """What the trail says was claimed for a request, in the smallest unit, and where the request is by now."""

    request_id: str
    action: str
    card_id: str
    account: str
    currency: str
    minor: int
    asked_at: datetime
    status: Status = Status.EXECUTING
    ended_at: datetime | None = None

    def counts(self, limit: LimitRule, *, whose: Collection[str], now: datetime, before: Request | None) -> bool:
        """Whether it counts against a limit, by the same rules as a row."""
        owner = self.account if limit.per is Per.REQUESTER else self.card_id
        if owner not in whose or (self.action, self.currency) != (limit.action, limit.over.currency):
            return False
        if before is not None and (self.asked_at, self.request_id) >= (before.created_at, before.id):
            return False
        return self.status in OPEN or (
            self.status is Status.EXECUTED and self.ended_at is not None and self.ended_at > now - limit.window
        )


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
    proven: Iterable[ProvenSpending] = (),
) -> list[LimitState]:
    """Return each limit for this action with the sum that counts against it, this money included.

    `proven` counts as well, where a row that says the same was changed or is gone.

    `requester` are all accounts of the person who asks: a sum is a person's, whichever account they used.
    `before` is the request itself if it is stored already. Then only earlier requests count: it was in the
    sum when the later ones were checked.
    """
    if money is None:
        return []
    states, sent = [], tuple(proven)
    for limit in find_limits(policy.limits, action=action, money=money):
        if limit.over.currency != money.currency:
            # Not comparable, so it counts as exceeded.
            states.append(LimitState(limit=limit, total=None, currency=money.currency))
            continue
        whose = requester if limit.per is Per.REQUESTER else (card_id,)
        earlier = _sum(session, limit, whose=whose, now=now, before=before)
        mine = [each for each in sent if each.counts(limit, whose=whose, now=now, before=before)]
        earlier += _find_hidden(session, limit, mine, whose=whose, now=now)
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
    mine = _of_owner(limit, whose=whose)
    if before is not None:
        at = col(Request.created_at)
        mine.append(or_(at < before.created_at, and_(at == before.created_at, col(Request.id) < before.id)))
    total: Any = func.coalesce(func.sum(Request.amount_minor), 0)
    # Two queries instead of one with OR: each uses its own part of an index.
    sums: list[int] = [
        int(session.exec(select(total).where(*mine, part)).one()) for part in _that_count(limit, now=now)
    ]
    return sum(sums)


def _of_owner(limit: LimitRule, *, whose: Collection[str]) -> list[ColumnElement[bool]]:
    # The account, which was a fact, and not the stored id, which was right under the identity map of that day.
    owner = col(Request.requester_account) if limit.per is Per.REQUESTER else col(Request.subject)
    return [
        owner.in_(sorted(whose)),
        col(Request.action) == limit.action,
        col(Request.currency) == limit.over.currency,
    ]


def _that_count(limit: LimitRule, *, now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    # Open requests count although nothing has moved yet: else ten small ones could pass a limit together. Unknown
    # is among them: money that may have moved counts.
    executed = and_(col(Request.status) == Status.EXECUTED.value, col(Request.ended_at) > now - limit.window)
    return col(Request.status).in_(_OPEN), executed


def _find_hidden(
    session: Session, limit: LimitRule, sent: Sequence[ProvenSpending], *, whose: Collection[str], now: datetime
) -> int:
    """Return by how much the rows of what was sent say less than the trail."""
    counted: dict[str, int] = {}
    for start in range(0, len(sent), _MOST):
        ids = [each.request_id for each in sent[start : start + _MOST]]
        query = select(Request.id, Request.amount_minor).where(
            col(Request.id).in_(ids), *_of_owner(limit, whose=whose), or_(*_that_count(limit, now=now))
        )
        counted |= {request_id: minor or 0 for request_id, minor in session.exec(query)}
    return sum(max(0, each.minor - counted.get(each.request_id, 0)) for each in sent)
