"""The tables of passkeys: what was enrolled, what people said of it, and how often it was used."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from storage.utc_datetime import UtcDateTime

PASSKEY_TABLE, PASSKEY_WORD_TABLE = "passkey", "passkey_word"


def _moment() -> Any:
    return Field(default=None, sa_type=UtcDateTime, nullable=False)


class Passkey(SQLModel, table=True):
    """One key of one person, as it was enrolled; `id` and `public_key` are in Base64. Never changed.

    `is_synced`: its maker may copy it to other devices of the person. `label` are the person's words.
    """

    __tablename__ = PASSKEY_TABLE

    id: str = Field(primary_key=True)
    fingerprint: str = Field(unique=True)
    person_id: str
    account: str
    name: str
    public_key: str
    maker: str
    is_synced: bool
    label: str
    enrolled_at: datetime = _moment()
    mac: str


class PasskeyWord(SQLModel, table=True):
    """What somebody said of a key: that it counts (`approved`), or that it counts no more (`removed`)."""

    __tablename__ = PASSKEY_WORD_TABLE

    passkey_id: str = Field(primary_key=True)
    word: str = Field(primary_key=True)
    person_id: str
    account: str
    name: str
    reason: str
    said_at: datetime = _moment()
    mac: str


class PasskeyUse(SQLModel, table=True):
    """The counter of a key when it was last used; many keys have none, and it stays 0."""

    __tablename__ = "passkey_use"

    passkey_id: str = Field(primary_key=True)
    count: int
    used_at: datetime = _moment()
