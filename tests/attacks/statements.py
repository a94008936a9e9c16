"""Attacks that are generated: each column of each guarded table, each way to remove or replace a row."""

# ruff: noqa: S608 - these statements are the subject, and easier to read on one line

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Boolean, Integer, LargeBinary, Table

from approvals.database_guards.guard import KEPT
from approvals.tables import Request
from storage.utc_datetime import UtcDateTime
from tests.attacks.clients import Attack
from tests.attacks.desk import Desk

# Columns that the bot writes again and again, and that prove nothing: when to look or to remind next, and words.
WRITTEN_OFTEN = {
    "approval_execution": {
        *("next_look_at", "looks", "words", "answer", "provider_reference", "sent_at", "alarmed", "watched_until"),
        *("refused_code", "absent_code", "absent_since", "last_said", "asked_at", "contradicted_by"),
    },
    "passkey_use": {"count", "used_at"},  # a counter that is set back has its own test
    "approval_request": {"remind_at", "reminded", "reason", "shown_stops", "not_before", "put_off", "waits"},
}


def columns_of(table: str) -> list[str]:
    """The names of the columns of a table."""
    return [column.name for column in Request.metadata.tables[table].columns]


@dataclass(frozen=True)
class Written:
    """How each database writes moments, bytes and truth."""

    is_sqlite: bool

    def moment(self, text: str) -> str:
        return f"'{text}.000000'" if self.is_sqlite else f"'{text}+00'"

    def blob(self, hexadecimal: str) -> str:
        return f"x'{hexadecimal}'" if self.is_sqlite else f"'\\x{hexadecimal}'"

    def truth(self, value: bool) -> str:
        return str(int(value)) if self.is_sqlite else str(value).lower()

    def and_differs(self, column: str, value: str) -> str:
        return f"AND {column} IS {'NOT' if self.is_sqlite else 'DISTINCT FROM'} {value}"

    def hostile(self, column: object) -> list[str]:
        """Values that somebody might put into a column."""
        match getattr(column, "type", None):
            case UtcDateTime():
                return [self.moment("2099-01-01 00:00:00"), self.moment("2001-01-01 00:00:00")]
            case Boolean():
                return [self.truth(True), self.truth(False)]
            case Integer():
                return ["0", "-5", "2000000000"]
            case LargeBinary():
                return [self.blob(""), self.blob("01414141410000")]
            case _:
                return ["''", "'approved'", "'U0EVE'"]


def _rows(table: str, desk: Desk) -> list[str]:
    match table:
        case "approval_request":
            return [f"id = '{request.id}'" for request in desk.requests.values()]
        case "approval_execution":
            return [f"request_id = '{request.id}'" for request in desk.requests.values()]
        case _:
            return ["1 = 1"]


def generated(desk: Desk, written: Written) -> dict[str, Attack]:
    """Change every column of every guarded table; delete, empty, replace and copy its rows."""
    return dict(_generate(desk, written))


def _generate(desk: Desk, written: Written) -> Iterator[tuple[str, Attack]]:
    for name in KEPT:
        table = Request.metadata.tables[name]
        free = WRITTEN_OFTEN.get(name, set())
        for column in table.columns:
            for value in written.hostile(column) if column.name not in free else ():
                changed = f"{column.name} = {value}"
                # Row by row: else one that refuses would speak for all of them.
                for where in _rows(name, desk):
                    attack = f"UPDATE {name} SET {changed} WHERE {where} {written.and_differs(column.name, value)}"
                    yield f"{name} ({where}): {changed}", [attack]
        yield f"delete from {name}", [f"DELETE FROM {name}"]
        yield f"copies into {name}", [_copy(table)]
        yield from _replaced(table) if written.is_sqlite else _emptied(table)


def _copy(table: Table, verb: str = "INSERT", **changes: str) -> str:
    names = [column.name for column in table.columns]
    values = ", ".join(changes.get(each, each) for each in names)
    return f"{verb} INTO {table.name} ({', '.join(names)}) SELECT {values} FROM {table.name}"


def _replaced(table: Table) -> Iterator[tuple[str, Attack]]:
    name = table.name
    keys = [column.name for column in table.primary_key]
    yield f"replaces rows of {name}", [_copy(table, "INSERT OR REPLACE")]
    yield f"REPLACE INTO {name}", [_copy(table, "REPLACE")]
    yield f"replaces {name} by hidden number", [_by_number(table)]
    yield f"moves hidden numbers of {name}", [f"UPDATE OR REPLACE {name} SET rowid = rowid + 1"]
    yield (
        f"replaces keys of {name}",
        [f"UPDATE OR REPLACE {name} SET {keys[0]} = (SELECT max({keys[0]}) FROM {name})"],
    )
    same = ", ".join(f"{column.name} = excluded.{column.name}" for column in table.columns)
    yield f"upserts {name}", [f"{_copy(table)} WHERE true ON CONFLICT DO UPDATE SET {same}"]
    yield (
        f"replaces {name} with recursive triggers off",
        # A pragma inside a transaction is ignored or not, as the library likes; off is what a client has anyway.
        ["PRAGMA recursive_triggers = OFF", "PRAGMA foreign_keys = OFF", _copy(table, "INSERT OR REPLACE")],
    )
    yield (
        f"shadows {name} and deletes",
        [f"CREATE TEMP TABLE {name} AS SELECT * FROM main.{name}", f"DELETE FROM main.{name}"],
    )


def _by_number(table: Table) -> str:
    names = ", ".join(column.name for column in table.columns)
    values = ", ".join(
        f"{column.name} || 'x'" if column.unique or column.primary_key else column.name for column in table.columns
    )
    return f"INSERT OR REPLACE INTO {table.name} (rowid, {names}) SELECT rowid, {values} FROM {table.name}"


def _emptied(table: Table) -> Iterator[tuple[str, Attack]]:
    name = table.name
    keys = ", ".join(column.name for column in table.primary_key)
    same = ", ".join(f"{column.name} = excluded.{column.name}" for column in table.columns)
    yield f"truncates {name}", [f"TRUNCATE {name} CASCADE"]
    yield f"upserts {name}", [f"{_copy(table)} ON CONFLICT ({keys}) DO UPDATE SET {same}"]
    yield f"takes triggers from {name}", [f"ALTER TABLE {name} DISABLE TRIGGER ALL"]
    yield f"drops a trigger of {name}", [f"DROP TRIGGER cardops_{name}_kept ON {name}"]
    yield f"adds a rule to {name}", [f"CREATE RULE evil AS ON DELETE TO {name} DO INSTEAD NOTHING"]
    yield (
        f"shadows {name} and deletes",
        [f"CREATE TEMP TABLE {name} AS SELECT * FROM public.{name}", f"DELETE FROM public.{name}"],
    )
    yield (
        f"shadows {name} by a schema and deletes",
        ["CREATE SCHEMA evil", "SET search_path = evil, public", f"DELETE FROM public.{name}"],
    )
