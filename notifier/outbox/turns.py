"""Whose turn it is among the lanes, and how fast edits may follow each other (pure).

A lane is one channel's posts, or its edits. Urgent posts go before other posts, and these before edits, which
notify nobody. Among equals the lane goes first that was served longest ago, so that a long queue delays no other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

ALL = "*"  # the lane that stands for Slack as a whole
EDITS = "*:edits"  # the lane that stands for chat.update: Slack limits it for all channels together
_OF_EDITS = ":edits"

# chat.update is in tier 3, "50+ a minute" (docs.slack.dev/apis/web-api/rate-limits): at most 50 in any minute.
EDIT_PACE = timedelta(seconds=1.5)
EDITS_AT_ONCE = 10
PATIENCE = timedelta(seconds=30)

_NEVER = datetime.min.replace(tzinfo=UTC)


class Rank(IntEnum):
    """What goes first."""

    URGENT = 0
    POST = 1
    EDIT = 2


@dataclass(frozen=True, kw_only=True)
class Turn:
    """The first delivery of a lane, and when the lane was served last."""

    lane: str
    delivery: tuple[int, str]  # its `seq` and id
    rank: Rank
    due_at: datetime
    served_at: datetime | None


def lane_of_edits(recipient: str) -> str:
    """Return the lane in which the edits of a recipient's messages wait."""
    return recipient + _OF_EDITS


def lane_of_posts(lane: str) -> str:
    """Return the lane in which the posts wait of the same channel or person."""
    return lane.removesuffix(_OF_EDITS)


def is_of_edits(lane: str) -> bool:
    """Whether only edits wait in a lane."""
    return lane.endswith(_OF_EDITS)


def put_in_order(turns: Iterable[Turn], *, now: datetime) -> list[Turn]:
    """Return the lanes in the order in which they are served."""
    return sorted(turns, key=lambda turn: (_rank(turn, now), turn.served_at or _NEVER, turn.delivery, turn.lane))


def _rank(turn: Turn, now: datetime) -> Rank:
    # Else a flood that keeps the worker busy, urgent or not, would hold what is below it for as long as it lasts.
    waits_since = max(turn.due_at, turn.served_at or _NEVER)
    return Rank.URGENT if now - waits_since >= PATIENCE else turn.rank


def pace_edit(paced_until: datetime | None, *, now: datetime) -> datetime:
    """Return until when the next edit waits, after one is made now: a few may follow at once, others at a pace."""
    # It lags behind the time at which all edits so far would have kept the pace, by what may come at once.
    at_once = EDIT_PACE * (EDITS_AT_ONCE - 1)
    kept = max(now, (paced_until or _NEVER + at_once) + at_once)
    return kept + EDIT_PACE - at_once
