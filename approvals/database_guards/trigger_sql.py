"""Installs the guards as triggers, on SQLite and on PostgreSQL, and finds those that are missing or altered."""

from collections.abc import Iterator

from sqlalchemy import Connection

from approvals.database_guards.forbidden_changes import GUARDS, KEPT, Guard
from approvals.database_guards.guard import REQUEST

_PREFIX = "cardops_"
# Nothing else: of two functions or operators the one with the fitting types wins, not the first in the path, and a
# schema in which others may create could have it. The tables are named with their schema.
_PATH = "pg_catalog, pg_temp"
_EMPTIED = "this is never emptied"


def install(connection: Connection) -> None:
    """Install all triggers in the transaction at hand; those of an earlier version go."""
    sqlite = connection.dialect.name == "sqlite"
    for statement in _for_sqlite(connection) if sqlite else _for_postgresql(connection):
        connection.exec_driver_sql(statement)


def find_faults(connection: Connection) -> list[str]:
    """Return in words which triggers are missing, switched off, or not as this version installs them."""
    sqlite = connection.dialect.name == "sqlite"
    wanted = _triggers_of_sqlite() if sqlite else _bodies_of_postgresql(read_schema(connection))
    found = _read_sqlite(connection) if sqlite else _read_postgresql(connection)
    faults = [f"{name} on {table} is missing" for name, table in wanted.keys() - found.keys()]
    faults += [
        f"{name} on {table} is switched off or not as it was made"
        for name, table in wanted.keys() & found.keys()
        if found[name, table] != wanted[name, table]
    ]
    faults += [f"{name} on {table} is not ours" for name, table in found.keys() - wanted.keys()]
    return sorted(faults)


def read_schema(connection: Connection) -> str:
    """Return the name of the schema that has our tables, quoted where it has to be (PostgreSQL)."""
    return str(connection.exec_driver_sql("SELECT pg_catalog.quote_ident(current_schema())").scalar_one())


def _for_sqlite(connection: Connection) -> Iterator[str]:
    ours = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND substr(name, 1, 8) = 'cardops_'"
    for name in connection.exec_driver_sql(ours).scalars().all():
        yield f'DROP TRIGGER "{name}"'
    yield from _triggers_of_sqlite().values()


def _triggers_of_sqlite() -> dict[tuple[str, str], str]:
    """Return by name and table the statement that makes each trigger."""
    return {
        (f"{_PREFIX}{guard.name}", guard.table): (
            f"CREATE TRIGGER {_PREFIX}{guard.name} BEFORE {guard.change} ON {guard.table} FOR EACH ROW "
            f"BEGIN SELECT RAISE(ABORT, '{guard.words}') WHERE {_write_for_sqlite(guard.broken)}; END"
        )
        for guard in GUARDS
        if guard.only in ("", "sqlite")
    }


def _write_for_sqlite(broken: str) -> str:
    return broken.format(
        differs="IS NOT", schema="", seconds="86400 * julianday(", json_type="json_type(NEW.facts)"
    )


def _for_postgresql(connection: Connection) -> Iterator[str]:
    schema = read_schema(connection)
    for name, table in _read_postgresql(connection):
        if name.startswith(_PREFIX):
            yield f'DROP TRIGGER "{name}" ON {schema}.{table}'
    for (name, table), body in _bodies_of_postgresql(schema).items():
        change = _CHANGES.get(name, "TRUNCATE")
        each = "STATEMENT" if change == "TRUNCATE" else "ROW"
        yield (
            f"CREATE OR REPLACE FUNCTION {schema}.{name}() RETURNS trigger LANGUAGE plpgsql "
            f"SET search_path = {_PATH} AS $${body}$$"
        )
        yield (
            f"CREATE TRIGGER {name} BEFORE {change} ON {schema}.{table} "
            f"FOR EACH {each} EXECUTE FUNCTION {schema}.{name}()"
        )


_CHANGES = {f"{_PREFIX}{guard.name}": guard.change for guard in GUARDS}


def _bodies_of_postgresql(schema: str) -> dict[tuple[str, str], str]:
    """Return by name and table the body of each trigger's function, which has the trigger's name."""
    bodies = {
        (f"{_PREFIX}{guard.name}", guard.table): _write_body(guard, schema)
        for guard in GUARDS
        if guard.only in ("", "postgresql")
    }
    # TRUNCATE fires no row triggers, so without these it would empty the trail.
    emptied = {(f"{_PREFIX}no_truncate_{table}", table): f" BEGIN {_raise(_EMPTIED)} END " for table in KEPT}
    return bodies | emptied


def _write_body(guard: Guard, schema: str) -> str:
    # A check that reads the request from another table locks it: else two transactions could each be right alone.
    lock = f"PERFORM 1 FROM {schema}.{REQUEST} WHERE id = {guard.locks} FOR UPDATE; " if guard.locks else ""
    # NEW is null in a DELETE trigger, and a trigger that returns null skips the change without an error.
    result = "OLD" if guard.change == "DELETE" else "NEW"
    broken = guard.broken.format(
        differs="IS DISTINCT FROM",
        schema=f"{schema}.",
        seconds="date_part('epoch', ",
        json_type="json_typeof(CAST(NEW.facts AS json))",
    )
    return f" BEGIN {lock}IF ({broken}) THEN {_raise(guard.words)} END IF; RETURN {result}; END "


def _raise(words: str) -> str:
    # This code makes it an IntegrityError, as RAISE(ABORT) does on SQLite.
    return f"RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = '{words}';"


def _read_sqlite(connection: Connection) -> dict[tuple[str, str], str]:
    guarded = ", ".join(f"'{table}'" for table in KEPT)
    rows = connection.exec_driver_sql(
        f"SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ({guarded})"  # noqa: S608
    )
    return {(name, table): statement for name, table, statement in rows}


def _read_postgresql(connection: Connection) -> dict[tuple[str, str], str]:
    """Return by name and table the body of each trigger's function, "" if the trigger does not always fire."""
    guarded = ", ".join(f"'{table}'" for table in KEPT)
    rows = connection.exec_driver_sql(
        "SELECT t.tgname, c.relname, p.prosrc, t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL "  # noqa: S608
        f"AND t.tgattr::text = '' AND p.proconfig = ARRAY['search_path={_PATH}'] "
        "FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid "
        "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal "
        f"AND n.nspname = current_schema() AND c.relname IN ({guarded})"
    )
    return {(name, table): body if fires else "" for name, table, body, fires in rows}
