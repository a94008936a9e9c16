"""Inserting a row once, on both databases: what a unique column already has is left alone."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import Session, SQLModel


def insert_once(session: Session, table: type[SQLModel], values: Mapping[str, Any]) -> bool:
    """Insert a row and return whether it was new; any unique column or key that conflicts makes it known.

    A concurrent insert of the same is waited for, so that exactly one of many callers gets True.
    """
    insert = _make_insert(table, session.get_bind().dialect.name)
    # Not the row count, which drivers do not all keep for an INSERT.
    return session.connection().execute(insert, dict(values)).first() is not None


@cache
def _make_insert(table: type[SQLModel], dialect: str) -> ReturningInsert[Any]:
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return make(table).on_conflict_do_nothing().returning(literal(1))
