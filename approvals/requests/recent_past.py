"""What the trail proves of the last hours or days: who changed a cardholder, and what was sent.

The rests and limits that keep money safe count this besides the rows, which somebody could change or delete.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from approvals.audit.chain import EventRow
from approvals.audit.followed_trail import FollowedTrail
from approvals.context import ApprovalContext
from approvals.policy import cardholder_changes, limits
from approvals.policy.cardholder_changes import CARDHOLDER_REST, ProvenChange, RecentChanges
from approvals.policy.limits import ProvenSpending
from approvals.policy.people import accounts_of
from approvals.policy.rules import LimitState
from approvals.requests.moves import MOVE
from approvals.statuses import OPEN
from approvals.tables import Request
from paytend.money import Money
from storage.database import recollection

CHANGED, SPENDS = "changed_cardholder", "spends"  # the facts that carry it
_KEPT = "recent past"  # in what this process remembers of the database
_MOST = 5_000  # requests that are remembered before the old ones are forgotten


@dataclass(kw_only=True)
class RecentPast:
    """What was read of the trail, by the subjects of its events."""

    changes: dict[str, ProvenChange] = field(default_factory=dict)
    spendings: dict[str, ProvenSpending] = field(default_factory=dict)

    def take(self, row: EventRow) -> None:
        """Take note of one event that is whole."""
        if row.event not in MOVE or not (row.event.startswith("execution:") or row.subject in self.spendings):
            return
        facts = json.loads(row.facts)
        if changed := facts.get(CHANGED):
            change = ProvenChange(**{**changed, "ids": tuple(changed["ids"])}, changed_at=row.happened_at)
            self.changes.setdefault(row.subject, change)
        if spends := facts.get(SPENDS):
            asked_at = datetime.fromisoformat(spends["asked_at"])
            self.spendings[row.subject] = ProvenSpending(**{**spends, "asked_at": asked_at})
        if row.subject in self.spendings:
            status = MOVE[row.event].to
            ended = None if status in OPEN else row.happened_at
            self.spendings[row.subject] = replace(self.spendings[row.subject], status=status, ended_at=ended)

    def forget(self, *, before: datetime) -> None:
        """Forget what no rest and no limit counts any more."""
        self.changes = {name: each for name, each in self.changes.items() if each.changed_at > before}
        self.spendings = {
            name: each
            for name, each in self.spendings.items()
            if each.status in OPEN or each.ended_at is None or each.ended_at > before
        }


@dataclass(kw_only=True)
class _Memory:
    """What this process remembers, and how it goes on reading."""

    past: RecentPast
    trail: FollowedTrail


def describe_change(request: Request) -> Mapping[str, Any]:
    """Return the fact of the event with which a cardholder was, or may have been, changed."""
    ids = sorted({request.requester_id, request.requester_account})
    return {CHANGED: {"cardholder_id": request.subject, "ids": ids}}


def describe_spending(request: Request) -> Mapping[str, Any]:
    """Return the fact of the claim of a request; nothing if it moves no money."""
    if request.amount_minor is None:
        return {}
    spends = {
        "request_id": request.id,
        "action": request.action,
        "card_id": request.subject,
        "account": request.requester_account,
        "currency": request.currency,
        "minor": request.amount_minor,
        "asked_at": request.created_at.isoformat(),
    }
    return {SPENDS: spends}


def follow(session: Session, context: ApprovalContext, *, now: datetime) -> RecentPast:
    """Return what the trail proves, and has proved since this process reads it, as long as a limit looks back."""
    return _remember(session, context, now=now).past


def find_lost(session: Session, context: ApprovalContext, *, now: datetime) -> str:
    """Return in words which events are lost that a rest or a limit might have counted; empty if none is."""
    return _remember(session, context, now=now).trail.find_break(since=now - _longest(context))


def count_breaks(session: Session, context: ApprovalContext, *, now: datetime) -> int:
    """Return how many ranges of the events that this process has read do not fit, are gone, or were cut off."""
    return _remember(session, context, now=now).trail.count_breaks(session)


def find_recent_changes(
    session: Session, context: ApprovalContext, *, action: str, cardholder_id: str, now: datetime
) -> RecentChanges:
    """Return who changed the cardholder lately, as it matters to this action."""
    return cardholder_changes.find_recent_changes(
        session,
        action=action,
        cardholder_id=cardholder_id,
        now=now,
        proven=tuple(follow(session, context, now=now).changes.values()),
    )


def read_limit_states(
    session: Session,
    context: ApprovalContext,
    request: Request,
    *,
    money: Money | None,
    now: datetime,
) -> list[LimitState]:
    """Return the limits that count for a stored request, each with its sum."""
    return limits.read_limit_states(
        session,
        context.policy,
        action=request.action,
        money=money,
        requester=accounts_of(request.requester_account, same_person=context.same_person),
        card_id=request.subject,
        now=now,
        before=request,
        proven=tuple(follow(session, context, now=now).spendings.values()),
    )


def _longest(context: ApprovalContext) -> timedelta:
    return max([CARDHOLDER_REST, *(limit.window for limit in context.policy.limits)])


def _remember(session: Session, context: ApprovalContext, *, now: datetime) -> _Memory:
    since, kept = now - _longest(context), recollection(session)
    memory: _Memory | None = kept.get(_KEPT)
    if memory is None or since < memory.trail.since:
        # What is remembered stays, also if it is in the trail no more.
        past = memory.past if memory else RecentPast()
        memory = _Memory(past=past, trail=FollowedTrail(key=context.audit_key, since=since, take=past.take))
        kept[_KEPT] = memory
    memory.trail.follow(session)
    if len(memory.past.spendings) + len(memory.past.changes) > _MOST:
        memory.past.forget(before=since)
    return memory
