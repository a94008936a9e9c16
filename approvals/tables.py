"""The tables of approvals. `database_guards/forbidden_changes.py` has what the database refuses to write there."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from approvals.statuses import OPEN
from storage.utc_datetime import UtcDateTime

REQUEST_TABLE, ROTATION_TABLE = "approval_request", "key_rotation"
_OPEN = text("status IN ({})".format(", ".join(f"'{status.value}'" for status in OPEN)))


# What retention has yet to purge: the index stays small, however long the history is.
_KEPT = text("length(payload) > 0 AND ended_at IS NOT NULL")

_CONTRADICTED = text("contradicted_at IS NOT NULL")
CONTRADICTED_EVENT = "execution:contradicted"
_SAYS_SO = text(f"event = '{CONTRADICTED_EVENT}'")  # a few of millions: found without reading the others


def _moment(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_type=UtcDateTime, nullable=nullable)


def _sealed() -> Any:
    return Field(sa_type=LargeBinary, nullable=False)


def _mac() -> Any:
    """A MAC (`audit/row_macs.py`); empty in rows that were written before there were MACs."""
    return Field(default="", sa_column_kwargs={"server_default": ""})


class Request(SQLModel, table=True):
    """One person's wish to do one sensitive action with one payload.

    `payload` and `shown` are sealed. `rule` is the rule as it was then, in canonical JSON; `roles` are its
    approver roles between commas, for queries. `told` are the recipients of its message, the channel first.
    An approved request that could not be tried waits until `not_before`; `put_off` counts how often, and `waits`
    says why.
    """

    __tablename__ = REQUEST_TABLE
    __table_args__ = (
        Index("ix_request_status", "status", "created_at", "id"),  # lists by status, and figures
        Index("ix_request_requester", "requester_account", "created_at", "id"),  # `/approvals mine`
        Index("ix_request_history", "created_at", "id"),  # `/approvals history`
        Index("ix_request_subject", "subject", "created_at", "id"),  # others about the same, and repeated ones
        Index("ix_request_requester_sum", "requester_account", "status", "ended_at"),  # limits for a requester
        Index("ix_request_subject_sum", "subject", "status", "ended_at"),  # limits for a card
        Index("ix_request_new_card", "new_card", "status"),  # exclusions by card
        Index("ix_request_cardholder", "cardholder_id", "status"),  # exclusions by cardholder
        Index("ix_request_decide_by", "status", "decide_by"),  # what expires
        Index("ix_request_execute_by", "status", "execute_by"),  # what is to be executed, and lapses
        Index("ix_request_remind_at", "status", "remind_at"),  # reminders
        Index("ix_request_kept", "ended_at", sqlite_where=_KEPT, postgresql_where=_KEPT),  # retention
        # One open request for a card and action, also if two people ask in the same instant.
        Index("ux_request_open", "subject", "action", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: str = Field(primary_key=True)
    action: str
    subject: str
    payload: bytes = _sealed()
    shown: bytes = _sealed()
    digest: str
    # Stored, though it follows from the digest: new words must not change what people have already compared.
    phrase: str
    requester_id: str
    # Besides the id: if the identity map joins two accounts later, a self-approval must still be recognised.
    requester_account: str
    requester_name: str
    asked_in: str
    told: str  # ids between spaces, which no Slack id contains
    rule: str
    rule_name: str
    quorum: int
    roles: str
    currency: str | None = None
    # Limits are summed in SQL, and SQLite sums decimals as floats; 2,148 USDT in smallest units overflow 32 bits.
    amount_minor: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    cardholder_id: str
    new_card: str | None = None  # the new card of a replacement
    # Paytend finds a top-up or an order by it: two requests with one reference could not be told apart.
    reference: str = Field(unique=True)
    status: str
    version: int
    created_at: datetime = _moment()
    decide_by: datetime = _moment()
    remind_at: datetime | None = _moment(nullable=True)
    reminded: int = 0
    approved_at: datetime | None = _moment(nullable=True)
    execute_by: datetime | None = _moment(nullable=True)
    ended_at: datetime | None = _moment(nullable=True)
    reason: str = ""
    mac: str = _mac()
    # Of the approval that is in force: it binds the moment and the deadline, and belongs to one version only.
    approval_mac: str = _mac()
    # The stops that its message names, as ids between spaces: where others stand, it is edited.
    shown_stops: str = Field(default="", sa_column_kwargs={"server_default": ""})
    not_before: datetime | None = _moment(nullable=True)
    put_off: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    waits: str = Field(default="", sa_column_kwargs={"server_default": ""})


class Decision(SQLModel, table=True):
    """One person's verdict; one row for each person, never changed."""

    __tablename__ = "approval_decision"

    # With the person as the key, the database itself refuses a second verdict, however fast somebody clicks.
    request_id: str = Field(primary_key=True, foreign_key=f"{REQUEST_TABLE}.id")
    person_id: str = Field(primary_key=True)
    account: str
    name: str
    verdict: str
    digest: str
    reason: str
    decided_at: datetime = _moment()
    mac: str = _mac()
    step_up: str = Field(default="", sa_column_kwargs={"server_default": ""})  # the proof by a passkey


class VoidedDecision(SQLModel, table=True):
    """A decision that does not count any more: the approver lost the right before the execution."""

    __tablename__ = "approval_voided_decision"

    request_id: str = Field(primary_key=True, foreign_key=f"{REQUEST_TABLE}.id")
    person_id: str = Field(primary_key=True)
    reason: str
    voided_at: datetime = _moment()
    mac: str = _mac()


class Execution(SQLModel, table=True):
    """The one execution of a request; a claim needs this `lease` to record its outcome. `looks` counts lookups.

    `refused_code` and `refused_words` are a signed refusal's, `absent_code` the one with which Paytend says that
    it has no such order, `absent_since` when it first said so after the send. `last_said` is its last clear word
    (a LookupStatus), `asked_at` when it was last asked. An end is watched until `watched_until`; when Paytend says
    the opposite (`contradicted_by`), two people settle it again, and until then `contradicted_at` is set.
    """

    __tablename__ = "approval_execution"
    __table_args__ = (
        Index("ix_execution_next_look", "next_look_at"),  # lookups that are due
        Index("ix_execution_claimed", "claimed_at"),  # the books ask for those of a day
        Index(
            "ix_execution_contradicted",
            "request_id",
            sqlite_where=_CONTRADICTED,
            postgresql_where=_CONTRADICTED,
        ),
    )

    request_id: str = Field(primary_key=True, foreign_key=f"{REQUEST_TABLE}.id")
    lease: str
    lease_until: datetime = _moment()
    claimed_at: datetime = _moment()
    sent_at: datetime | None = _moment(nullable=True)
    finished_at: datetime | None = _moment(nullable=True)
    attempts: int = 1
    outcome: str = ""
    words: str = ""
    provider_reference: str = ""
    answer: str = ""
    unknown_since: datetime | None = _moment(nullable=True)
    next_look_at: datetime | None = _moment(nullable=True)
    looks: int = 0
    gave_up_at: datetime | None = _moment(nullable=True)
    refused_code: str = ""
    refused_words: str = ""
    absent_code: str = ""
    absent_since: datetime | None = _moment(nullable=True)
    last_said: str = ""
    asked_at: datetime | None = _moment(nullable=True)
    alarmed: str = ""
    watched_until: datetime | None = _moment(nullable=True)
    contradicted_at: datetime | None = _moment(nullable=True)
    contradicted_by: str = ""


class Settlement(SQLModel, table=True):
    """One person's word on whether an unknown change happened; their first counts."""

    __tablename__ = "approval_settlement"
    __table_args__ = (Index("ix_settlement_request", "request_id", "id"),)

    id: str = Field(primary_key=True)
    request_id: str = Field(foreign_key=f"{REQUEST_TABLE}.id")
    person_id: str
    account: str
    name: str
    happened: bool
    reason: str
    settled_at: datetime = _moment()
    mac: str = _mac()


class Stop(SQLModel, table=True):
    """From now on nothing of this scope is claimed, until two people resume it. Never changed.

    `cause` is "person", or the condition of cardops.yml for which the bot stopped by itself; `mark` names what
    fulfilled it. The MAC covers everything else in the row.
    """

    __tablename__ = "stop"

    id: str = Field(primary_key=True)
    scope: str
    cause: str
    mark: str = ""
    reason: str
    person_id: str
    account: str
    name: str
    stopped_at: datetime = _moment()
    mac: str


class Resumption(SQLModel, table=True):
    """One person's word that a stop shall end; it ends with those of two. Never changed."""

    __tablename__ = "stop_resumption"
    __table_args__ = (Index("ix_stop_resumption", "stop_id", "id"),)

    id: str = Field(primary_key=True)
    # No foreign key: a stop whose row somebody deleted still stands by its event, and can be resumed.
    stop_id: str
    person_id: str
    account: str
    name: str
    reason: str
    said_at: datetime = _moment()
    mac: str


class CardholderChange(SQLModel, table=True):
    """Who changed which cardholder: for 24 hours that person decides nothing about the cardholder."""

    __tablename__ = "cardholder_change"
    __table_args__ = (Index("ix_cardholder_change", "cardholder_id", "changed_at"),)

    id: str = Field(primary_key=True)
    cardholder_id: str
    person_id: str
    changed_at: datetime = _moment()


class AuditEvent(SQLModel, table=True):
    """One fact for the trail, chained to the one before it by HMAC."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_subject", "subject", "seq"),
        Index("ix_audit_contradicted", "seq", sqlite_where=_SAYS_SO, postgresql_where=_SAYS_SO),
    )

    # Counted by `append`: a sequence leaves gaps after rollbacks, and here a gap means that an event was removed.
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    event: str
    actor: str
    subject: str
    facts: str
    happened_at: datetime = _moment()
    previous: str
    hash: str


# To read events as plain rows: of a million events an object each would take most of the time.
AUDIT_TABLE = SQLModel.metadata.tables[str(AuditEvent.__tablename__)]


class KeyRotation(SQLModel, table=True):
    """One run of re-encryption to the key with the id `to_key`; while it is open, values may be re-encrypted."""

    __tablename__ = ROTATION_TABLE

    id: str = Field(primary_key=True)
    to_key: bytes = Field(sa_type=LargeBinary, nullable=False)
    started_at: datetime = _moment()
    finished_at: datetime | None = _moment(nullable=True)
    resealed: int = 0


class RetentionPeriod(SQLModel, table=True):
    """After how many days contents are removed, from one run of retention on; the newest row counts.

    The triggers read it: contents stay until the request ended so many days ago.
    """

    __tablename__ = "retention_period"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    days: int
    begun_at: datetime = _moment()
