"""Rows of routing: the traffic and storm of each route, silences, and acknowledgements."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, Text
from sqlmodel import Field, SQLModel

from storage.utc_datetime import UtcDateTime


class Flow(SQLModel, table=True):
    """How many notices one route sends to one channel, and the storm that is on there, if any.

    `recent` is a JSON list of the times (seconds) of the last messages of their own. The others are set while a
    storm is on: `storm` is its id, `counted` the notices since `window_from`, `pages` and `urgent_pages` the
    replies in its thread so far, `tally` the sealed sums of their notices. `mentioned_at` is when a message
    of this route last mentioned people there.
    """

    __tablename__ = "flow"

    route: str = Field(primary_key=True, sa_type=Text)
    channel: str = Field(primary_key=True, sa_type=Text)
    recent: str = Field(default="[]", sa_type=Text)
    mentioned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    storm: str | None = Field(default=None, sa_type=Text)
    began_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    window_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    counted: int = 0
    pages: int = 0
    urgent_pages: int = 0
    tally: bytes | None = Field(default=None, sa_type=LargeBinary)


class Silence(SQLModel, table=True):
    """Notices held back until an end, with owner and reason; `matcher` is JSON. They wait as deliveries."""

    __tablename__ = "silence"
    # Those that are on, asked for every notice.
    __table_args__ = (Index("ix_silence_ended_at", "ended_at", "ends_at"),)

    id: str = Field(primary_key=True, max_length=26)
    matcher: str = Field(sa_type=Text)
    owner: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = Field(default=None, sa_type=Text)


class Acknowledgement(SQLModel, table=True):
    """An urgent message that somebody should acknowledge, by its key.

    `then` is a JSON list of who is notified next, each `within` seconds after the one before, `step` how many
    were; `due_at` is empty when nobody is left, or somebody is on it.
    """

    __tablename__ = "acknowledgement"
    __table_args__ = (Index("ix_acknowledgement_due_at", "due_at"),)  # escalations that are due

    key: str = Field(primary_key=True, sa_type=Text)
    asked_at: datetime = Field(sa_type=UtcDateTime)
    within: int = 0
    then: str = Field(default="[]", sa_type=Text)
    step: int = 0
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str | None = Field(default=None, sa_type=Text)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
