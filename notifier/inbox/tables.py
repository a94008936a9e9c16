"""Rows of the inbox: accepted webhooks, purchases, and the cards and orders watched for missed webhooks."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from storage.numbers import make_number
from storage.utc_datetime import UtcDateTime

_UNTOLD = text("told_at IS NULL")
_KEPT = text("body IS NOT NULL")


class InboxEvent(SQLModel, table=True):
    """A webhook that was accepted, kept so that its content is accepted once, ever.

    Rows with one `business_digest` report on the same thing: the first, and its updates; `seq` and then `id` say
    which came first. `names` are the keyed digests by which a transaction finds the other stages of its purchase
    (JSON), made before ids were masked. `digest` is of the text as signed, `content_digest` of its canonical form
    (empty in the oldest rows). `urgent` ones are told before others. `body` is its content without secrets,
    sealed, and is removed by retention; the row stays. `form` and `verified_by` say which form of it was signed
    and which of Paytend's keys verified it. `told_at` is empty as long as its notices are not in the outbox;
    `failures` counts how often making them failed.
    """

    __tablename__ = "inbox_event"
    __table_args__ = (
        Index("ix_inbox_business", "business_digest", "seq", "id"),  # updates of what is known
        # The dispatcher. Partial: it stays small however many webhooks were ever taken in.
        Index("ix_inbox_untold", "urgent", "seq", "id", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),
        Index("ix_inbox_seq", "seq"),  # the next number
        Index("ix_inbox_kept", "received_at", sqlite_where=_KEPT, postgresql_where=_KEPT),  # retention
    )

    id: str = Field(primary_key=True, max_length=26)
    seq: int = Field(default=None, sa_column=make_number("inbox_event"))
    kind: str = Field(sa_type=Text)
    notify_type: str = Field(sa_type=Text)
    form: str = Field(sa_type=Text)
    verified_by: int
    digest: str = Field(max_length=64, unique=True)
    content_digest: str | None = Field(default=None, max_length=64, unique=True)
    business_digest: str = Field(max_length=64)
    names: str | None = Field(default=None, sa_type=Text)
    urgent: bool = False
    body: bytes | None = Field(default=None, sa_type=LargeBinary)
    received_at: datetime = Field(sa_type=UtcDateTime)
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failures: int = 0


class Purchase(SQLModel, table=True):
    """A purchase as far as it has come; `facts` are sealed, empty only until its first stage is written."""

    __tablename__ = "purchase"
    __table_args__ = (Index("ix_purchase_begun_at", "begun_at"),)

    id: str = Field(primary_key=True, max_length=26)
    begun_at: datetime = Field(sa_type=UtcDateTime)
    facts: bytes | None = Field(default=None, sa_type=LargeBinary)


class PurchaseName(SQLModel, table=True):
    """A transaction id ("trade:…"), or a card and authorisation code ("auth:…"), of a purchase."""

    __tablename__ = "purchase_name"
    __table_args__ = (Index("ix_purchase_name_purchase", "purchase_id"),)

    name: str = Field(primary_key=True, sa_type=Text)
    purchase_id: str = Field(max_length=26)


class WatchedKind(StrEnum):
    """What may change at Paytend without a webhook."""

    CARD = "card"
    ORDER = "order"


class Watched(SQLModel, table=True):
    """A card or an order in use, and when it last had its turn in the search for webhooks that we missed.

    `covered_until` is the begin of the last look that saw everything, `trouble` why the last one did not.
    """

    __tablename__ = "watched"
    __table_args__ = (
        Index("ix_watched_looked_at", "looked_at"),
        Index("ix_watched_coverage", "covered_until", "since", "trouble"),
    )

    kind: str = Field(primary_key=True, sa_type=Text)
    subject: str = Field(primary_key=True, sa_type=Text)
    since: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    looked_at: datetime = Field(sa_type=UtcDateTime)
    covered_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    trouble: str | None = Field(default=None, sa_type=Text)
