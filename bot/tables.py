"""The shell's own tables: what Slack delivered already, and which slots of the clock were taken."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from notifier.storage import UtcDateTime


def _moment(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_type=UtcDateTime, nullable=nullable)


class SeenDelivery(SQLModel, table=True):
    """A command, click or submission that was taken in: Slack may deliver it again."""

    __tablename__ = "seen_delivery"

    key: str = Field(primary_key=True)
    seen_at: datetime = _moment()


class Slot(SQLModel, table=True):
    """One firing of a clock job, counted in UTC; whoever inserts it does it, and is replaced if it dies."""

    __tablename__ = "clock_slot"

    job: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    lease_until: datetime = _moment()
    done_at: datetime | None = _moment(nullable=True)
