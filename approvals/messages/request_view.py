"""What the request message is made from."""

from dataclasses import dataclass

from approvals.actions.payloads import Payload
from approvals.actions.snapshot import Snapshot
from approvals.actions.table import Action
from approvals.policy.cardholder_changes import RecentChanges
from approvals.policy.rules import LimitState, Rule
from approvals.stops.evidence import StandingStop
from approvals.tables import Decision, Execution, Request, Settlement
from paytend.money import Money


@dataclass(frozen=True, kw_only=True)
class RequestView:
    """What the request message is made from; `void` are the people whose decisions do not count."""

    request: Request
    action: Action
    summary: str
    payload: Payload | None
    rule: Rule
    snapshot: Snapshot
    decisions: tuple[Decision, ...]
    void: frozenset[str]
    execution: Execution | None
    settlements: tuple[Settlement, ...]
    others: tuple[Request, ...]
    limits: tuple[LimitState, ...]
    day: Money | None
    changes: RecentChanges
    stops: tuple[StandingStop, ...] = ()
