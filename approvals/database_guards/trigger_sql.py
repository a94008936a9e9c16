"""Installs the guards in the database as triggers, on SQLite and on PostgreSQL."""

from sqlalchemy import Connection

from approvals.database_guards.forbidden_changes import GUARDS, KEPT, Guard
from approvals.database_guards.row_conditions import REQUEST

_PREFIX = "cardops_"


def install(connection: Connection) -> None:
    """Install all triggers in the transaction at hand, and replace those of an earlier version."""
    sqlite = connection.dialect.name == "sqlite"
    for guard in GUARDS:
        for statement in _for_sqlite(guard) if sqlite else _for_postgresql(guard):
            connection.exec_driver_sql(statement)
    if not sqlite:
        for statement in _against_truncate():
            connection.exec_driver_sql(statement)


def _for_sqlite(guard: Guard) -> list[str]:
    name = _PREFIX + guard.name
    broken = guard.broken.format(differs="IS NOT")
    return [
        f"DROP TRIGGER IF EXISTS {name}",
        (
            # INSERT OR REPLACE fires the DELETE triggers only if a connection has `recursive_triggers`; ours do.
            f"CREATE TRIGGER {name} BEFORE {guard.change} ON {guard.table} FOR EACH ROW "
            f"BEGIN SELECT RAISE(ABORT, '{guard.words}') WHERE {broken}; END"
        ),
    ]


def _for_postgresql(guard: Guard) -> list[str]:
    name = _PREFIX + guard.name
    broken = guard.broken.format(differs="IS DISTINCT FROM")
    # A check that reads the request from another table locks it: else two transactions could each be right alone.
    lock = f"PERFORM 1 FROM {REQUEST} WHERE id = {guard.locks} FOR UPDATE; " if guard.locks else ""
    # NEW is null in a DELETE trigger, and a trigger that returns null skips the change without an error.
    result = "OLD" if guard.change == "DELETE" else "NEW"
    return [
        (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {lock}"
            f"IF {broken} THEN {_raise(guard.words)} END IF; RETURN {result}; END $$"
        ),
        f"DROP TRIGGER IF EXISTS {name} ON {guard.table}",
        f"CREATE TRIGGER {name} BEFORE {guard.change} ON {guard.table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def _against_truncate() -> list[str]:
    # TRUNCATE fires no row triggers, so without these it would empty the trail.
    name = f"{_PREFIX}no_truncate"
    statements = [
        (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"{_raise('this is never emptied')} END $$"
        )
    ]
    for table in KEPT:
        statements.append(f"DROP TRIGGER IF EXISTS {name}_{table} ON {table}")
        statements.append(
            f"CREATE TRIGGER {name}_{table} BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )
    return statements


def _raise(words: str) -> str:
    # This code makes it an IntegrityError, as RAISE(ABORT) does on SQLite.
    return f"RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = '{words}';"
