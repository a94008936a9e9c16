"""The column type of every time in the database."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

# What a time reads as that is none, such as the 30th of February or infinity, which somebody wrote past the bot: a
# row that raised would keep everybody from all others. Long ago, so that whatever it is a deadline of is over.
UNREADABLE = datetime(1970, 1, 1, tzinfo=UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC on both databases (SQLite has no time zones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times, and hand SQLite the UTC time without its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            # Read back as UTC, it would be off by the hours of its zone, and a deadline with it.
            raise ValueError("a time without a zone")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Return the time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Return what reads a value; on SQLite a text or number that is not a time reads as UNREADABLE.

        On PostgreSQL the driver reads times (`bot/database/postgresql.py`).
        """
        read = super().result_processor(dialect, coltype)
        if dialect.name != "sqlite" or read is None:
            return read

        def process(value: Any) -> datetime | None:
            try:
                return read(value)
            except (ValueError, TypeError):
                return UNREADABLE

        return process
