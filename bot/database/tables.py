"""The bot's own tables: what Slack delivered, slots of jobs, drafts, secrets, tokens, Home tabs, known cards."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlmodel import Field, SQLModel

from storage.utc_datetime import UtcDateTime


def _moment(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_type=UtcDateTime, nullable=nullable)


class SeenDelivery(SQLModel, table=True):
    """A command, click or submission that was accepted; Slack may deliver it again, and it counts once."""

    __tablename__ = "seen_delivery"

    # As the key, so that the insert decides which replica does it.
    key: str = Field(primary_key=True)
    seen_at: datetime = _moment()


class OpenWork(SQLModel, table=True):
    """A command, click or submission that changes something, acknowledged and not finished yet.

    `what` names it without anything that was typed. The row goes when it is finished; one that stays belonged to a
    process that died.
    """

    __tablename__ = "open_work"

    key: str = Field(primary_key=True)
    account: str
    what: str
    taken_at: datetime = _moment()


class Slot(SQLModel, table=True):
    """One firing of a job, counted in UTC. The replica that inserts the row does the job until its lease ends."""

    __tablename__ = "clock_slot"

    # Both as the key: of all replicas that insert a slot, one has it.
    job: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    lease_until: datetime = _moment()
    done_at: datetime | None = _moment(nullable=True)


class Draft(SQLModel, table=True):
    """What somebody typed into a form that was closed or refused; sealed, and kept for half an hour."""

    __tablename__ = "draft"
    __table_args__ = (Index("ix_draft_expires_at", "expires_at"),)  # the sweep

    id: str = Field(primary_key=True)
    account: str
    form: str
    fields: bytes = Field(sa_type=LargeBinary)
    expires_at: datetime = _moment()


class OneTimeSecret(SQLModel, table=True):
    """A secret that Paytend answered with, until it was shown once or ten minutes are over; `id` is its request's.

    `held_at` is set while Slack is asked to show it.
    """

    __tablename__ = "one_time_secret"

    id: str = Field(primary_key=True)
    value: bytes = Field(sa_type=LargeBinary)
    expires_at: datetime = _moment()
    held_at: datetime | None = _moment(nullable=True)


class PageToken(SQLModel, table=True):
    """A link to one of our pages: for one person, purpose and subject, spent once. `id` is the token's digest.

    `bound` is JSON with what else it is bound to; `mac` proves that the bot wrote the row.
    """

    __tablename__ = "page_token"
    __table_args__ = (Index("ix_page_token_expires_at", "expires_at"),)  # the sweep

    id: str = Field(primary_key=True)
    purpose: str
    account: str
    subject: str
    bound: str
    made_at: datetime = _moment()
    expires_at: datetime = _moment()
    spent_at: datetime | None = _moment(nullable=True)
    mac: str


class HomeTab(SQLModel, table=True):
    """A person's Home tab: their roles when they opened it, and what was published last.

    `seen` is the newest fact that the published view contains; `digest` shows whether a new view differs.
    """

    __tablename__ = "home_tab"
    __table_args__ = (Index("ix_home_tab_opened_at", "opened_at"),)  # the refresh of those that were opened lately

    account: str = Field(primary_key=True)
    person_id: str
    name: str
    roles: str
    opened_at: datetime = _moment()
    published_at: datetime | None = _moment(nullable=True)
    seen: str = ""
    digest: str = ""


class StopPin(SQLModel, table=True):
    """Whether the line of a stop is pinned in the approvals channel; `trouble` is why Slack does not pin it."""

    __tablename__ = "stop_pin"

    stop_id: str = Field(primary_key=True)
    pinned_at: datetime | None = _moment(nullable=True)
    unpinned_at: datetime | None = _moment(nullable=True)
    trouble: str = ""


class KnownCard(SQLModel, table=True):
    """A card that passed here; what was seen of it is sealed, and `id` is the card's at Paytend.

    `seen_at` is when it last passed: retention counts from then.
    """

    __tablename__ = "known_card"
    __table_args__ = (Index("ix_known_card_seen_at", "seen_at"),)  # retention, and the newest first

    id: str = Field(primary_key=True)
    facts: bytes = Field(sa_type=LargeBinary)
    seen_at: datetime = _moment()


class CardToken(SQLModel, table=True):
    """A keyed token of something by which a card is found: the start of a name, the last four digits, an id."""

    __tablename__ = "card_token"
    __table_args__ = (
        Index("ix_card_token_card_id", "card_id"),  # all of a card go together
        {"sqlite_with_rowid": False},  # the key is the whole row
    )

    token: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    card_id: str = Field(primary_key=True)


class CardPin(SQLModel, table=True):
    """A card that somebody has pinned: they are offered it first."""

    __tablename__ = "card_pin"

    account: str = Field(primary_key=True)
    card_id: str = Field(primary_key=True)
    pinned_at: datetime = _moment()


class KeyCheck(SQLModel, table=True):
    """A key that this database needs, by its id; `proof` is a value that only this key makes."""

    __tablename__ = "key_check"

    use: str = Field(primary_key=True)
    key_id: str = Field(primary_key=True)
    proof: str
    noted_at: datetime = _moment()


class SchemaCompatibility(SQLModel, table=True):
    """One row: the revision that a version of the program must know to use this database. Migrations set it."""

    __tablename__ = "schema_compatibility"

    id: int = Field(primary_key=True)
    needs: str
