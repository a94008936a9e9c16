"""Rows of the outbox: deliveries, the messages they became, the lanes they wait in, and problems that repeat."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.numbers import make_number
from storage.utc_datetime import UtcDateTime

_FINISHED = text("finished_at IS NOT NULL AND length(facts) > 0")
_LEASED = text("lease_until IS NOT NULL")


class SlackOperation(StrEnum):
    """What a delivery does in Slack."""

    POST = "post"
    EDIT = "edit"


class DeliveryStatus(StrEnum):
    """The state of a delivery; waiting ones make up the outbox."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    GATHERING = "gathering"  # is to become a line in the thread of a digest, or of a silence that has ended
    GATHERED = "gathered"  # its line is in a reply there
    SILENCED = "silenced"  # held back by the silence that `part_of` names


class Message(SQLModel, table=True):
    """A posted copy: where it is in Slack, so that it can be edited and answered in its thread.

    One Slack message for each key and recipient; `channel` differs from the recipient for a person (the DM)
    and after a detour to the fallback channel. `thread_ts` is the root when the copy is itself a reply.
    """

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("key", "recipient"),)

    id: str = Field(primary_key=True, max_length=26)
    key: str = Field(sa_type=Text)
    recipient: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    ts: str = Field(sa_type=Text)
    thread_ts: str | None = Field(default=None, sa_type=Text)
    posted_at: datetime = Field(sa_type=UtcDateTime)


class Delivery(SQLModel, table=True):
    """One notification to one recipient. `facts` are sealed; `lane` is the queue it waits in.

    `seq` and then `id` say which came first; the ids alone are made by clocks that may differ.

    `started_at` is set by the claim and cleared when it is certain that nothing was posted: a waiting row that
    has it was in somebody's hands, so its outcome is in doubt. `doubt_since` is the first of these starts.
    `alone_since` is when it stepped aside, so that its lane goes on.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        # Claims: the next of a lane, and the lanes in which something waits.
        Index("ix_delivery_queue", "status", "lane", "urgent", "seq", "id"),
        Index("ix_delivery_due", "status", "lane", "due_at"),  # claims: when there will be something to do
        # Claims: whether a lane is at work. Partial, as few rows are leased at any time.
        Index("ix_delivery_leased", "lane", "lease_until", sqlite_where=_LEASED, postgresql_where=_LEASED),
        Index("ix_delivery_key", "key", "recipient"),  # the copies of a message
        # What a digest gathers, or a silence holds back.
        Index("ix_delivery_parts", "part_of", "status", "urgent", "seq", "id"),
        Index("ix_delivery_seq", "seq"),  # the next number
        # Retention, which must not walk over what it has emptied already.
        Index("ix_delivery_kept", "finished_at", sqlite_where=_FINISHED, postgresql_where=_FINISHED),
    )

    id: str = Field(primary_key=True, max_length=26)
    seq: int = Field(default=None, sa_column=make_number("delivery"))
    kind: str = Field(sa_type=Text)
    operation: str = Field(sa_type=Text, default=SlackOperation.POST)
    status: str = Field(sa_type=Text, default=DeliveryStatus.WAITING)
    facts: bytes = Field(sa_type=LargeBinary)
    recipient: str = Field(sa_type=Text)
    lane: str = Field(sa_type=Text)
    key: str = Field(sa_type=Text)
    thread_of: str | None = Field(default=None, sa_type=Text)
    broadcast: bool = False
    urgent: bool = False
    fallback: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    attempts: int = 0
    first_tried_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    doubt_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    alone_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    repeats: int = 0
    lease_token: str | None = Field(default=None, sa_type=Text)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str | None = Field(default=None, sa_type=Text)
    route: str | None = Field(default=None, sa_type=Text)
    part_of: str | None = Field(default=None, sa_type=Text)


class Lane(SQLModel, table=True):
    """A queue of deliveries: the posts to a channel or a person, or the edits there (`notifier/outbox/turns.py`).

    The lane `*` stands for Slack as a whole, `*:edits` for all edits. A lane waits for `paced_until` (one post a
    second), and for `blocked_until` (Retry-After, pauses). `served_at` is when a delivery was last tried,
    `failing_since` when the first one failed since which none was delivered.
    `channel` is the DM of a person once it was opened; `unreachable_since` is set while notices take a detour.
    """

    __tablename__ = "lane"

    name: str = Field(primary_key=True, sa_type=Text)
    channel: str | None = Field(default=None, sa_type=Text)
    paced_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    blocked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    served_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failures: int = 0
    unreachable_since: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Problem(SQLModel, table=True):
    """Something that may go wrong again and again: one message that is updated, with a count."""

    __tablename__ = "problem"

    name: str = Field(primary_key=True, sa_type=Text)
    times: int
    first_at: datetime = Field(sa_type=UtcDateTime)
    last_at: datetime = Field(sa_type=UtcDateTime)
