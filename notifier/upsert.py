"""Inserting a row once, on both databases: what a unique column already has is left alone."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import CursorResult
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_once(session: Session, table: type[SQLModel], values: Mapping[str, Any]) -> bool:
    """Insert a row and return whether it was new; any unique column or key that conflicts makes it known.

    A concurrent insert of the same is waited for, so that exactly one of many callers is told True.
    """
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    result = session.connection().execute(make(table).values(**values).on_conflict_do_nothing())
    assert isinstance(result, CursorResult)  # noqa: S101 - for the type checker: an INSERT returns no other
    return result.rowcount == 1
