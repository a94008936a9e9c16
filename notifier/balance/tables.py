"""Rows of the balance: its level, its samples, and the pictures that wait to be uploaded."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from storage.utc_datetime import UtcDateTime


class BalanceState(SQLModel, table=True):
    """The level of the partner balance in a currency, and when its last notice was enqueued (`told_at`).

    `subject` is the key of its message, as long as it is low.
    """

    __tablename__ = "balance_state"

    currency: str = Field(primary_key=True, max_length=4)
    level: str = Field(sa_type=Text)
    amount: str = Field(sa_type=Text)
    asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    subject: str | None = Field(default=None, sa_type=Text)


class UnknownBalance(SQLModel, table=True):
    """A currency whose balance Paytend's last answers did not say; gone when it is known again.

    `polls` is how many answers that were; `told_at` and `subject` are the time and the key of the last message.
    """

    __tablename__ = "unknown_balance"

    currency: str = Field(primary_key=True, max_length=4)
    since: datetime = Field(sa_type=UtcDateTime)
    polls: int
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    subject: str | None = Field(default=None, sa_type=Text)


class BalanceSample(SQLModel, table=True):
    """One answer about the partner balance, kept for its trend; `amount` is an exact decimal text."""

    __tablename__ = "balance_sample"

    currency: str = Field(primary_key=True, max_length=4)
    taken_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    # A text: SQLite keeps decimals as floats.
    amount: str = Field(sa_type=Text)


class PictureStatus(StrEnum):
    """The state of a picture; one in doubt may be there, and is not sent again."""

    WAITING = "waiting"
    SHARED = "shared"
    IN_DOUBT = "in doubt"
    GIVEN_UP = "given up"


class BalancePicture(SQLModel, table=True):
    """The trend until a moment as a picture, to be put under the message `key` of a recipient, at most once.

    `sharing_at` is set before the step that makes it visible, and cleared when that was certainly refused: one
    that has it after its lease ended may be there.
    """

    __tablename__ = "balance_picture"
    __table_args__ = (Index("ix_picture_due", "status", "due_at"),)  # those to upload next

    key: str = Field(primary_key=True, sa_type=Text)
    recipient: str = Field(primary_key=True, sa_type=Text)
    until: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    currency: str = Field(max_length=4)
    status: str = Field(sa_type=Text, default=PictureStatus.WAITING)
    due_at: datetime = Field(sa_type=UtcDateTime)
    attempts: int = 0
    lease_token: str | None = Field(default=None, sa_type=Text)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sharing_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str | None = Field(default=None, sa_type=Text)
