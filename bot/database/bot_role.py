"""What the bot's role in PostgreSQL may do besides its work: each is a way around the triggers."""

from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from approvals.database_guards.guard import KEPT
from approvals.database_guards.trigger_sql import read_schema


@dataclass(frozen=True, kw_only=True)
class Excess:
    """One privilege too many, in words, and the SQL that takes it away."""

    says: str
    next: str
    is_above: bool = False  # the guards do not hold against this role at all


_FACTS = text(
    """
    SELECT current_user AS role,
           quote_ident(current_database()) AS database,
           (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS is_superuser,
           EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname = current_schema() AND c.relname = ANY (:tables)
                   AND pg_has_role(c.relowner, 'MEMBER')) AS is_owner,
           EXISTS (SELECT 1 FROM unnest(CAST(:tables AS text[])) AS name
                   WHERE has_table_privilege(quote_ident(current_schema()) || '.' || name, 'TRIGGER'))
               AS may_trigger,
           has_database_privilege(current_database(), 'TEMPORARY') AS may_shadow,
           has_schema_privilege(current_schema(), 'CREATE') AS may_create
    """
)


def find_excess(connection: Connection) -> list[Excess]:
    """Return what the role of this connection may do and should not; nothing on SQLite, which knows no roles."""
    if connection.dialect.name == "sqlite":
        return []
    facts = connection.execute(_FACTS, {"tables": list(KEPT)}).mappings().one()
    role, schema = facts["role"], read_schema(connection)
    # Only this is reported then: a superuser or an owner can give itself back whatever is revoked.
    if facts["is_superuser"]:
        return [Excess(says=f"{role} is a superuser", next=_OTHER_ROLE, is_above=True)]
    if facts["is_owner"]:
        return [Excess(says=f"{role} owns the tables", next=_OTHER_ROLE, is_above=True)]
    tables = ", ".join(f"{schema}.{table}" for table in KEPT)
    found = {
        "may_trigger": Excess(
            says=f"{role} may add triggers", next=f"REVOKE TRIGGER ON {tables} FROM PUBLIC, {role};"
        ),
        "may_shadow": Excess(
            says=f"{role} may create temporary tables",
            next=f"REVOKE TEMPORARY ON DATABASE {facts['database']} FROM PUBLIC, {role};",
        ),
        "may_create": Excess(
            says=f"{role} may create in schema {schema}",
            next=f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {role};",
        ),
    }
    return [excess for name, excess in found.items() if facts[name]]


_OTHER_ROLE = "Run the bot as a role that owns nothing: `cardops database roles` prints the SQL."


def revoke_from_public(connection: Connection) -> None:
    """Take from PUBLIC what lets any role shadow our tables, if the role of this connection may; PostgreSQL only.

    The triggers hold without this. It is one way less to try.
    """
    database, schema = connection.execute(
        text("SELECT quote_ident(current_database()), quote_ident(current_schema())")
    ).one()
    for statement in (
        f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC",
        f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
    ):
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(statement)
        except DBAPIError:
            # The database belongs to somebody else; the doctor says what its owner is to run.
            continue
