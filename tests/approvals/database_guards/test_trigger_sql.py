"""Which guards there are, and what each database is told: a database that exists knows them by their names."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from approvals.database_guards import trigger_sql
from approvals.database_guards.forbidden_changes import GUARDS

# By name: the table, the change that is looked at, and the request that is locked meanwhile (PostgreSQL).
KNOWN = {
    "request_starts_pending": ("approval_request", "INSERT", ""),
    "request_lifted_rarely": ("approval_request", "INSERT", ""),
    "request_content_frozen": ("approval_request", "UPDATE", ""),
    "request_payload_frozen": ("approval_request", "UPDATE", ""),
    "request_moves_legally": ("approval_request", "UPDATE", ""),
    "request_version_counts": ("approval_request", "UPDATE", ""),
    "request_needs_quorum": ("approval_request", "UPDATE", ""),
    "request_denied_by_somebody": ("approval_request", "UPDATE", ""),
    "request_executes_with_intent": ("approval_request", "UPDATE", ""),
    "request_end_kept": ("approval_request", "UPDATE", ""),
    "decision_of_another_person": ("approval_decision", "INSERT", "NEW.request_id"),
    "decision_on_this_content": ("approval_decision", "INSERT", "NEW.request_id"),
    "decision_says_something": ("approval_decision", "INSERT", ""),
    "decision_once_a_person": ("approval_decision", "INSERT", "NEW.request_id"),
    "settlement_once_a_person": ("approval_settlement", "INSERT", "NEW.request_id"),
    "settlement_says_why": ("approval_settlement", "INSERT", ""),
    "voided_while_approved": ("approval_voided_decision", "INSERT", "NEW.request_id"),
    "execution_of_approved": ("approval_execution", "INSERT", "NEW.request_id"),
    "execution_keeps_its_end": ("approval_execution", "UPDATE", ""),
    "settlement_of_another_person": ("approval_settlement", "INSERT", "NEW.request_id"),
    "audit_follows": ("audit_event", "INSERT", ""),
}
ADDED_ONLY = (
    "approval_decision",
    "approval_voided_decision",
    "approval_settlement",
    "cardholder_change",
    "audit_event",
    "books_said",
)
NEVER_REMOVED = (*ADDED_ONLY, "approval_request", "approval_execution")
KNOWN |= {f"{table}_unchanged": (table, "UPDATE", "") for table in ADDED_ONLY}
KNOWN |= {f"{table}_kept": (table, "DELETE", "") for table in NEVER_REMOVED}


@dataclass
class Told:
    """A connection that keeps what it is told."""

    dialect: Any
    statements: list[str] = field(default_factory=list)

    def exec_driver_sql(self, statement: str) -> None:
        self.statements.append(statement)


def tell(name: str) -> list[str]:
    connection: Any = Told(dialect=SimpleNamespace(name=name))
    trigger_sql.install(connection)
    return list(connection.statements)


def test_the_guards_are_those_of_the_databases_that_exist() -> None:
    assert {guard.name: (guard.table, guard.change, guard.locks) for guard in GUARDS} == KNOWN


@pytest.mark.parametrize("name", KNOWN)
def test_sqlite_is_told_to_replace_each_trigger(name: str) -> None:
    statements = tell("sqlite")
    table, change, _ = KNOWN[name]
    place = statements.index(f"DROP TRIGGER IF EXISTS cardops_{name}")

    made = statements[place + 1]
    assert made.startswith(f"CREATE TRIGGER cardops_{name} BEFORE {change} ON {table} FOR EACH ROW BEGIN SELECT")
    assert "RAISE(ABORT, '" in made
    assert "{" not in made
    assert "IS DISTINCT FROM" not in made
    assert len(statements) == 2 * len(KNOWN)


@pytest.mark.parametrize("name", KNOWN)
def test_postgres_is_told_to_replace_each_function_and_trigger(name: str) -> None:
    statements = tell("postgresql")
    table, change, locks = KNOWN[name]
    dropped = f"DROP TRIGGER IF EXISTS cardops_{name} ON {table}"
    place = statements.index(dropped)

    function, _, trigger = statements[place - 1 : place + 2]
    assert function.startswith(
        f"CREATE OR REPLACE FUNCTION cardops_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    )
    lock = f"BEGIN PERFORM 1 FROM approval_request WHERE id = {locks} FOR UPDATE; IF "
    assert (lock in function) is bool(locks)
    assert ("FOR UPDATE" in function) is bool(locks)
    assert "RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = '" in function
    assert function.endswith(f"RETURN {'OLD' if change == 'DELETE' else 'NEW'}; END $$")
    assert "{" not in function
    assert trigger == (
        f"CREATE TRIGGER cardops_{name} BEFORE {change} ON {table} FOR EACH ROW EXECUTE FUNCTION cardops_{name}()"
    )


def test_postgres_is_told_that_nothing_is_truncated() -> None:
    statements = tell("postgresql")
    [place] = [number for number, text in enumerate(statements) if "FUNCTION cardops_no_truncate()" in text][:1]

    assert place == 3 * len(KNOWN)
    assert "this is never emptied" in statements[place]
    rest = statements[place + 1 :]
    assert len(rest) == 2 * len(NEVER_REMOVED)
    for table in NEVER_REMOVED:
        name = f"cardops_no_truncate_{table}"
        assert f"DROP TRIGGER IF EXISTS {name} ON {table}" in rest
        assert (
            f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION cardops_no_truncate()"
        ) in rest
