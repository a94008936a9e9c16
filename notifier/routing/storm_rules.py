"""When so many notices come that they become one digest, and when that ends (pure).

A route has a budget of messages in a window for each channel. The notice beyond it begins a storm: from then on
notices become lines in the thread of one message. A storm ends after a window that kept the budget.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from storage.durations import Duration

LONGEST = timedelta(hours=1)  # then a new digest begins, as the old one has scrolled far up


class StormRule(BaseModel):
    """The section `storms` of cardops.yml: at most `budget` messages of one route to one channel in a window."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    budget: int = Field(default=20, ge=1, le=500)
    window: Duration = timedelta(minutes=1)


class NoticePlacement(StrEnum):
    """What becomes of a notice."""

    ALONE = "alone"  # a message of its own
    BEGINS = "begins"  # a line, and with it a storm begins
    GATHERED = "gathered"  # a line in the thread of the storm that is on


@dataclass(frozen=True, kw_only=True)
class Storm:
    """A storm that is on: `counted` notices came since `window_from`."""

    began_at: datetime
    window_from: datetime
    counted: int = 0


@dataclass(frozen=True, kw_only=True)
class StormState:
    """One route in one channel: the times of its last single messages, and its storm if there is one."""

    recent: tuple[datetime, ...] = ()
    storm: Storm | None = None


def decide(
    state: StormState, *, rule: StormRule, waiting: int, now: datetime
) -> tuple[StormState, NoticePlacement]:
    """Return what becomes of a notice that arrives now, and the state after it.

    `waiting` messages of the route could not be posted yet: as many as the budget are a storm too, however slowly
    they came, as nobody wants them one by one when Slack is back. Call `settle` first.
    """
    if state.storm is not None:
        return replace(
            state, storm=replace(state.storm, counted=state.storm.counted + 1)
        ), NoticePlacement.GATHERED
    recent = tuple(moment for moment in state.recent if moment > now - rule.window)
    if len(recent) >= rule.budget or waiting >= rule.budget:
        return StormState(storm=Storm(began_at=now, window_from=now, counted=1)), NoticePlacement.BEGINS
    return StormState(recent=(*recent, now)), NoticePlacement.ALONE


def count(state: StormState, *, rule: StormRule, now: datetime) -> StormState:
    """Return the state after a message of its own that no budget holds back. Call `settle` first."""
    if state.storm is not None:
        return replace(state, storm=replace(state.storm, counted=state.storm.counted + 1))
    recent = tuple(moment for moment in state.recent if moment > now - rule.window)
    return StormState(recent=(*recent, now)[-rule.budget :])


def settle(state: StormState, *, rule: StormRule, unposted: bool, now: datetime) -> StormState:
    """Return the state by now: without its storm when a whole window has kept the budget.

    While something of the storm is `unposted`, such as in an outage of Slack, it goes on.
    """
    storm = state.storm
    if storm is None:
        return state
    windows = max(0, (now - storm.window_from) // rule.window)
    if windows == 0:
        return state
    # Each notice settles first, so more than one window since means that the last one was empty.
    is_calm = windows > 1 or storm.counted <= rule.budget
    if not unposted and (is_calm or now - storm.began_at >= LONGEST):
        return StormState()
    return replace(state, storm=replace(storm, window_from=storm.window_from + windows * rule.window, counted=0))
