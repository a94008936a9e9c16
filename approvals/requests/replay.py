"""What the trail says about a request: its moves, played again through MOVES, and what they proved. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from approvals.audit.chain import EventRow
from approvals.requests.moves import MOVE
from approvals.statuses import Status


class NotReplayable(Exception):
    """The events of a request are no story that MOVES can tell; the message says where it ends."""


@dataclass(frozen=True, kw_only=True)
class ReplayedDecision:
    """A decision as the trail has it; `mac` is empty in events from before there were MACs."""

    account: str
    verdict: str
    mac: str


@dataclass(kw_only=True)
class RequestHistory:
    """Where the trail says that a request is, and what led there.

    `settled` is what two people said, if they did. `decisions`, `voidings` and `settlements` are in their order,
    the latter two as MACs. `sent_at` is when it was done, or may have been, for the first time. `lease` is that of
    a claim that has no outcome yet. `request_mac` is empty if it was opened before there were MACs.
    """

    status: Status | None = None
    version: int = 0
    digest: str = ""
    opened_at: datetime | None = None
    approved_at: datetime | None = None
    approved_version: int = 0
    ended_at: datetime | None = None
    sent_at: datetime | None = None
    settled: bool | None = None
    request_mac: str = ""
    lease: str = ""
    decisions: list[ReplayedDecision] = field(default_factory=list)
    voidings: list[str] = field(default_factory=list)
    settlements: list[str] = field(default_factory=list)

    @property
    def has_macs(self) -> bool:
        """Whether it was opened since there are MACs."""
        return bool(self.request_mac)


def replay(events: Iterable[EventRow]) -> RequestHistory:
    """Play the events of one request again, in their order; raises NotReplayable."""
    history = RequestHistory()
    for row in events:
        facts = _read(row)
        if row.event in MOVE:
            _move(history, row, facts)
        elif row.event in _SAYING and history.status is None:
            raise NotReplayable(f"event {row.seq} comes before it was opened")
        _note(history, row, facts)
    if history.status is None:
        raise NotReplayable("the trail does not have it")
    return history


# Events that are no moves, and carry what somebody said.
_SAYING = ("approval:counted", "execution:word_given", "execution:resettled")
# Events with the word of somebody on what became of it: the one that settles it, and those before.
_WORDS = ("word_given", "settled_happened", "settled_not", "resettled", "resettled_happened", "resettled_not")


def _move(history: RequestHistory, row: EventRow, facts: Mapping[str, Any]) -> None:
    step = MOVE[row.event]
    if step.source is not history.status:
        before = history.status.value if history.status else "not there"
        raise NotReplayable(f"event {row.seq} ({row.event}) does not start from {before}")
    if facts.get("version") != history.version + 1:
        raise NotReplayable(f"event {row.seq} ({row.event}) has not the version after {history.version}")
    if history.digest and facts.get("digest") != history.digest:
        raise NotReplayable(f"event {row.seq} ({row.event}) is about other content")
    if row.event == "execution:claimed":
        history.lease = str(facts.get("lease", ""))
    # Events of older versions name no lease.
    elif row.event == "execution:not_sent" and facts.get("lease", history.lease) != history.lease:
        raise NotReplayable(f"event {row.seq} gives back another claim than the one before it")
    history.status, history.version = step.to, history.version + 1


def _note(history: RequestHistory, row: EventRow, facts: Mapping[str, Any]) -> None:
    match row.event:
        case "approval:opened":
            history.digest, history.opened_at = str(facts.get("digest", "")), row.happened_at
            history.request_mac = str(facts.get("request", ""))
        case "approval:counted" | "approval:approved" | "approval:denied":
            history.decisions.append(
                ReplayedDecision(
                    account=str(facts.get("by", row.actor)),
                    verdict=str(facts.get("verdict", "")),
                    mac=str(facts.get("decision", "")),
                )
            )
        case "approval:returned":
            history.voidings += [str(mac) for mac in facts.get("voidings", [])]
        case event if event.removeprefix("execution:") in _WORDS:
            history.settlements.append(str(facts.get("settlement", "")))
            if row.event in MOVE:
                # Settled again counts too: else `check` looks for people who said the opposite.
                history.settled = row.event in ("execution:settled_happened", "execution:resettled_happened")
    if row.event in MOVE:
        _keep_moments(history, row)


def _keep_moments(history: RequestHistory, row: EventRow) -> None:
    if history.status in (Status.UNKNOWN, Status.EXECUTED):
        history.sent_at = history.sent_at or row.happened_at
    match history.status:
        case Status.APPROVED if row.event in ("approval:approved", "approval:lifted"):
            history.approved_at, history.approved_version = row.happened_at, history.version
        case Status.PENDING:
            history.approved_at, history.approved_version = None, 0
        case Status.APPROVED | Status.EXECUTING | Status.UNKNOWN:
            pass
        case _:
            history.ended_at = row.happened_at


def _read(row: EventRow) -> Mapping[str, Any]:
    facts = json.loads(row.facts)
    if not isinstance(facts, dict):
        raise NotReplayable(f"event {row.seq} has no facts")
    return facts
