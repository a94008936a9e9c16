"""What all tables and all users of the database share: UTC times, and where transactions come from."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC on both databases (SQLite has no time zones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times, and hand SQLite the UTC time without its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Return the time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database(Protocol):
    """Where sessions come from. Nothing that talks to the outside may happen inside of one."""

    def writing(self) -> AbstractContextManager[Session]:
        """Open a transaction that writes (on SQLite: BEGIN IMMEDIATE); it commits at the end of the block."""
        ...

    def reading(self) -> AbstractContextManager[Session]:
        """Open a transaction that only reads."""
        ...
