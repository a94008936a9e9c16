"""Moves a SQLite database to PostgreSQL: every row as it is, compared afterwards on both sides.

Interrupted, it goes on with the first table that differs. The triggers of the target are off only inside the
transaction that fills their table, which takes its owner. The old file is marked, and no bot starts on it again.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, func, insert, select, text

from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.database.schema import MOVED

_PORTION = 1000  # rows
_SPACE = 2**256
# Tables with rows as soon as a bot has done anything; migrations fill some others.
_OWN = ("approval_request", "audit_event", "delivery", "inbox_event")


class MoveRefused(Exception):
    """The database cannot be moved there; the message says why."""


def move(source: SqlDatabase, target: SqlDatabase, *, report: Callable[[str, int], None]) -> int:
    """Copy all rows of a SQLite database, which nobody else may use, to PostgreSQL, and return how many.

    `report` is called for each table with its name and its rows. Raises MoveRefused, and the errors of the schema.
    """
    if not source.is_sqlite or target.is_sqlite:
        raise MoveRefused("a move is from SQLite (DATABASE_URL) to PostgreSQL (--to)")
    schema.require_current(source)
    schema.migrate(target)
    total = 0
    # One transaction that writes: no command of ours can change a row before all of them are compared.
    with source.writing() as session:
        origin = session.connection()
        with target.writing() as arriving:
            _claim(arriving.connection(), of=_identify(origin))
        for table in schema.metadata().sorted_tables:
            wanted = _digest(origin, table)
            with target.writing() as arriving:
                connection = arriving.connection()
                if _digest(connection, table) != wanted:
                    _copy(origin, connection, table)
                    if _digest(connection, table) != wanted:
                        raise MoveRefused(f"{table.name}: what arrived differs from what was sent")
            report(table.name, wanted[0])
            total += wanted[0]
        with target.writing() as arriving:
            arriving.connection().exec_driver_sql("COMMENT ON TABLE alembic_version IS NULL")
        origin.exec_driver_sql(f"PRAGMA user_version = {MOVED}")
    return total


def _identify(origin: Connection) -> str:
    """Return what only this database has: the first event of its trail."""
    first = origin.execute(text("SELECT hash FROM audit_event ORDER BY seq LIMIT 1")).scalar()
    return f"cardops: being moved here, from the trail that begins with {first or 'nothing'}"


def _claim(connection: Connection, *, of: str) -> None:
    """Refuse a database with rows of its own, unless an earlier try of this very move left them."""
    known = connection.execute(text("SELECT obj_description('alembic_version'::regclass)")).scalar()
    own = [name for name in _OWN if _count(connection, name)]
    if known != of and own:
        raise MoveRefused(f"the database there has rows already ({', '.join(own)}); a new one is needed")
    connection.execute(text(f"COMMENT ON TABLE alembic_version IS '{of}'"))


def _count(connection: Connection, table: str) -> int:
    return int(connection.execute(select(func.count()).select_from(schema.metadata().tables[table])).scalar_one())


def _copy(origin: Connection, connection: Connection, table: Table) -> None:
    connection.exec_driver_sql(f'ALTER TABLE "{table.name}" DISABLE TRIGGER USER')
    connection.execute(table.delete())
    for portion in _portions(origin, table):
        connection.execute(insert(table), [row._asdict() for row in portion])
    connection.exec_driver_sql(f'ALTER TABLE "{table.name}" ENABLE TRIGGER USER')


def _digest(connection: Connection, table: Table) -> tuple[int, int]:
    """Return how many rows there are, and a digest of all of them in any order: collations sort differently."""
    count = total = 0
    for portion in _portions(connection, table):
        for row in portion:
            written = json.dumps([_plain(value) for value in row]).encode()
            total = (total + int.from_bytes(hashlib.sha256(written).digest(), "big")) % _SPACE
        count += len(portion)
    return count, total


def _portions(connection: Connection, table: Table) -> Iterator[Sequence[Row[Any]]]:
    query = select(table).execution_options(yield_per=_PORTION)
    yield from connection.execute(query).partitions(_PORTION)


def _plain(value: Any) -> Any:
    match value:
        case bytes() | memoryview():
            return f"bytes {bytes(value).hex()}"
        case datetime() | date():
            return f"time {value.isoformat()}"
        case _:
            return value
