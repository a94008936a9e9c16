"""Statements that are compiled once in a process, whatever number of engines its tests make.

SQLAlchemy keeps them for each engine, because another engine may speak another dialect. Those of the tests differ
in nothing but the database; compiling anew took a quarter of the time of tests that open one.
"""

from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.util import LRUCache

from bot.database import engine as opened

_SHARED: dict[str, LRUCache[Any, Any]] = {}


def _create_sharing_engine(*words: Any, **options: Any) -> Engine:
    engine: Engine = create_engine(*words, **options)
    engine._compiled_cache = _SHARED.setdefault(engine.dialect.name, LRUCache(2000))
    return engine


def share_compiled_statements() -> None:
    """Let all engines of this process use one cache for each kind of database, whose key holds the dialect."""
    for dialect in (SQLiteDialect, PGDialect):
        dialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]
        dialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
    vars(opened)["create_engine"] = _create_sharing_engine
