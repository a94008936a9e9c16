"""What every guarded table refuses, made from its columns: a second row under a known key, and unreadable values.

SQLite lets any client replace a row (`INSERT OR REPLACE`, `UPDATE OR REPLACE`) without firing a DELETE trigger,
address a row by a hidden number, and store a value of any type in any column. PostgreSQL has moments that Python
cannot read.
"""

# ruff: noqa: S608 - every name in these conditions is a name of our tables

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Boolean, Integer, LargeBinary, Table, UniqueConstraint

from approvals.books.tables import BooksSaid
from approvals.database_guards.guard import APPEND_ONLY, KEPT, Guard, any_differs
from approvals.step_up.tables import Passkey
from approvals.tables import Request
from storage.utc_datetime import UtcDateTime

_MOMENT = f"'[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9].{'[0-9]' * 6}'"
_UNSET = -1  # what SQLite calls the hidden number of a row before it has one


def make_shape_guards() -> tuple[Guard, ...]:
    """Return these guards for all guarded tables."""
    tables = {**Request.metadata.tables, **BooksSaid.metadata.tables, **Passkey.metadata.tables}
    return tuple(guard for name in KEPT for guard in _of_table(tables[name]))


def _of_table(table: Table) -> Iterator[Guard]:
    name = table.name
    yield Guard(name=f"{name}_kept", table=name, change="DELETE", broken="1 = 1", words="this is never deleted")
    yield Guard(
        name=f"{name}_not_replaced",
        table=name,
        change="INSERT",
        broken=" OR ".join(f"EXISTS (SELECT 1 FROM {name} t WHERE {key})" for key in _keys(table)),
        words="this is there already, and never replaced",
        only="sqlite",
    )
    yield from _readable(table, "INSERT")
    if name in APPEND_ONLY:
        yield Guard(
            name=f"{name}_unchanged", table=name, change="UPDATE", broken="1 = 1", words="this is never changed"
        )
        return
    yield from _readable(table, "UPDATE")
    yield Guard(
        name=f"{name}_in_its_place",
        table=name,
        change="UPDATE",
        broken=any_differs("rowid", *(column.name for column in table.primary_key)),
        words="a row keeps its key",
        only="sqlite",
    )


def _readable(table: Table, change: str) -> Iterator[Guard]:
    for dialect, broken in (("sqlite", _no_value_for_sqlite(table)), ("postgresql", _no_moment(table))):
        yield Guard(
            name=f"{table.name}_readable_{change.lower()}",
            table=table.name,
            change=change,
            broken=broken,
            words="a value has the type of its column",
            only=dialect,
        )


def _keys(table: Table) -> Iterator[str]:
    """Yield for each unique key that the row `t` has the same as the new one."""
    yield f"t.rowid = NEW.rowid AND NEW.rowid <> {_UNSET}"
    yield _same([column.name for column in table.primary_key])
    for constraint in sorted(table.constraints, key=lambda each: str(each.name)):
        if isinstance(constraint, UniqueConstraint):
            yield _same([column.name for column in constraint.columns])
    for index in sorted(table.indexes, key=lambda each: str(each.name)):
        if index.unique:
            where = index.dialect_options["sqlite"]["where"]
            same = _same([column.name for column in index.columns])
            yield same if where is None else f"{same} AND t.{where}"


def _same(columns: list[str]) -> str:
    return " AND ".join(f"t.{column} = NEW.{column}" for column in columns)


def _no_value_for_sqlite(table: Table) -> str:
    return " OR ".join(f"NOT ({_fits_sqlite(column)})" for column in table.columns)


def _fits_sqlite(column: Any) -> str:
    value = f"NEW.{column.name}"
    match column.type:
        case UtcDateTime():
            # Not `julianday` alone, which takes the 30th of February and the hour 24; and both end at a NUL.
            fits = (
                f"typeof({value}) = 'text' AND {value} GLOB {_MOMENT} AND length(CAST({value} AS BLOB)) = 26 "
                f"AND date(substr({value}, 1, 10), '+0 days') IS substr({value}, 1, 10) "
                f"AND substr({value}, 12, 2) < '24'"
            )
        case Boolean():
            fits = f"typeof({value}) = 'integer' AND {value} IN (0, 1)"
        case Integer():
            fits = f"typeof({value}) = 'integer'"
        case LargeBinary():
            fits = f"typeof({value}) = 'blob' OR {value} = ''"
        case _:
            fits = f"typeof({value}) = 'text'"
    return f"{value} IS NULL OR ({fits})" if column.nullable else fits


def _no_moment(table: Table) -> str:
    moments = [column.name for column in table.columns if isinstance(column.type, UtcDateTime)]
    return " OR ".join(f"NEW.{name} NOT BETWEEN '1990-01-01' AND '9990-01-01'" for name in moments)
