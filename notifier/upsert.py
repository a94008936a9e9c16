"""Inserting a row once, on both databases: what a unique column already has is left alone."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_once(session: Session, table: type[SQLModel], values: Mapping[str, Any]) -> bool:
    """Insert a row and return whether it was new; any unique column or key that conflicts makes it known.

    A concurrent insert of the same is waited for, so that exactly one of many callers is told True.
    """
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    insert = make(table).values(**values).on_conflict_do_nothing()
    # Not the row count, which drivers do not all keep for an INSERT.
    return session.connection().execute(insert.returning(literal(1))).first() is not None
