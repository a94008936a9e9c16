"""Which guards there are, and what each database is told: a database that exists knows them by their names."""

import re
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
    "request_deadlines_shorten": ("approval_request", "UPDATE", ""),
    "request_end_written_once": ("approval_request", "UPDATE", ""),
    "request_moves_legally": ("approval_request", "UPDATE", ""),
    "request_version_counts": ("approval_request", "UPDATE", ""),
    "request_needs_quorum": ("approval_request", "UPDATE", ""),
    "request_denied_by_somebody": ("approval_request", "UPDATE", ""),
    "request_executes_with_intent": ("approval_request", "UPDATE", ""),
    "request_end_kept": ("approval_request", "UPDATE", ""),
    "request_follows_its_execution": ("approval_request", "UPDATE", ""),
    "request_settled_by_two": ("approval_request", "UPDATE", ""),
    "decision_of_another_person": ("approval_decision", "INSERT", "NEW.request_id"),
    "decision_on_this_content": ("approval_decision", "INSERT", "NEW.request_id"),
    "decision_says_something": ("approval_decision", "INSERT", ""),
    "decision_has_its_proof": ("approval_decision", "INSERT", ""),
    "decision_once_a_person": ("approval_decision", "INSERT", "NEW.request_id"),
    "settlement_once_a_person": ("approval_settlement", "INSERT", "NEW.request_id"),
    "settlement_says_why": ("approval_settlement", "INSERT", ""),
    "voided_while_approved": ("approval_voided_decision", "INSERT", "NEW.request_id"),
    "execution_of_approved": ("approval_execution", "INSERT", "NEW.request_id"),
    "execution_keeps_its_end": ("approval_execution", "UPDATE", ""),
    "execution_claimed_once": ("approval_execution", "UPDATE", ""),
    "execution_ends_while_it_runs": ("approval_execution", "UPDATE", ""),
    "execution_contradiction_settled": ("approval_execution", "UPDATE", ""),
    "execution_answer_kept": ("approval_execution", "UPDATE", ""),
    "settlement_of_another_person": ("approval_settlement", "INSERT", "NEW.request_id"),
    "settlement_after_the_lookups": ("approval_settlement", "INSERT", ""),
    "audit_follows": ("audit_event", "INSERT", ""),
    "audit_has_its_shape": ("audit_event", "INSERT", ""),
    "rotation_begins_announced": ("key_rotation", "INSERT", ""),
    "rotation_ends_once": ("key_rotation", "UPDATE", ""),
    "retention_announced": ("retention_period", "INSERT", ""),
    "passkey_use_only_counts": ("passkey_use", "UPDATE", ""),
}
ADDED_ONLY = (
    "approval_decision",
    "approval_voided_decision",
    "approval_settlement",
    "cardholder_change",
    "audit_event",
    "books_said",
    "stop",
    "stop_resumption",
    "passkey",
    "passkey_word",
    "retention_period",
)
NEVER_REMOVED = (*ADDED_ONLY, "approval_request", "approval_execution", "key_rotation", "passkey_use")
KNOWN |= {f"{table}_unchanged": (table, "UPDATE", "") for table in ADDED_ONLY}
KNOWN |= {f"{table}_kept": (table, "DELETE", "") for table in NEVER_REMOVED}
KNOWN |= {f"{table}_readable_insert": (table, "INSERT", "") for table in NEVER_REMOVED}
CHANGED = [table for table in NEVER_REMOVED if table not in ADDED_ONLY]
KNOWN |= {f"{table}_readable_update": (table, "UPDATE", "") for table in CHANGED}
FOR_SQLITE = {f"{table}_not_replaced": (table, "INSERT", "") for table in NEVER_REMOVED}
FOR_SQLITE |= {f"{table}_in_its_place": (table, "UPDATE", "") for table in CHANGED}
TRUNCATED = [f"no_truncate_{table}" for table in NEVER_REMOVED]


class Nothing(list[Any]):
    """What a database without triggers answers, in a schema whose name needs no quotes."""

    def scalars(self) -> "Nothing":
        return self

    def all(self) -> "Nothing":
        return self

    def scalar_one(self) -> str:
        return "public"


@dataclass
class Told:
    """A connection that keeps what it is told to change."""

    dialect: Any
    statements: list[str] = field(default_factory=list)

    def exec_driver_sql(self, statement: str) -> Nothing:
        if not statement.startswith("SELECT"):
            self.statements.append(statement)
        return Nothing()


def tell(name: str) -> list[str]:
    connection: Any = Told(dialect=SimpleNamespace(name=name))
    trigger_sql.install(connection)
    return list(connection.statements)


def test_the_guards_are_those_of_the_databases_that_exist() -> None:
    assert {guard.name: (guard.table, guard.change, guard.locks) for guard in GUARDS} == KNOWN | FOR_SQLITE


def test_each_database_is_told_of_its_guards_and_of_no_others() -> None:
    assert len(tell("sqlite")) == len(KNOWN | FOR_SQLITE)
    assert len(tell("postgresql")) == 2 * (len(KNOWN) + len(TRUNCATED))


@pytest.mark.parametrize("name", KNOWN | FOR_SQLITE)
def test_sqlite_is_told_to_make_each_trigger(name: str) -> None:
    table, change, _ = (KNOWN | FOR_SQLITE)[name]
    start = f"CREATE TRIGGER cardops_{name} BEFORE {change} ON {table} FOR EACH ROW BEGIN SELECT RAISE(ABORT, '"
    [made] = [each for each in tell("sqlite") if each.startswith(start)]

    assert "{" not in made.replace("'{'", "")
    assert "IS DISTINCT FROM" not in made


@pytest.mark.parametrize("name", KNOWN)
def test_a3_postgres_is_told_to_make_each_function_look_nowhere_else(name: str) -> None:
    statements = tell("postgresql")
    table, change, locks = KNOWN[name]
    trigger = (
        f"CREATE TRIGGER cardops_{name} BEFORE {change} ON public.{table} "
        f"FOR EACH ROW EXECUTE FUNCTION public.cardops_{name}()"
    )
    function = statements[statements.index(trigger) - 1]

    assert function.startswith(
        f"CREATE OR REPLACE FUNCTION public.cardops_{name}() RETURNS trigger LANGUAGE plpgsql "
        "SET search_path = pg_catalog, pg_temp AS $$ BEGIN "
    )
    assert re.findall(r"(?:FROM|JOIN) (?!public\.|OLD|NEW)[a-z_]+", function) == []
    lock = f"BEGIN PERFORM 1 FROM public.approval_request WHERE id = {locks} FOR UPDATE; IF "
    assert (lock in function) is bool(locks)
    assert ("FOR UPDATE" in function) is bool(locks)
    assert "RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = '" in function
    assert function.endswith(f"RETURN {'OLD' if change == 'DELETE' else 'NEW'}; END $$")
    assert "{" not in function.replace("'{'", "")


@pytest.mark.parametrize("table", NEVER_REMOVED)
def test_postgres_is_told_that_nothing_is_truncated(table: str) -> None:
    name, statements = f"cardops_no_truncate_{table}", tell("postgresql")
    trigger = (
        f"CREATE TRIGGER {name} BEFORE TRUNCATE ON public.{table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION public.{name}()"
    )
    function = statements[statements.index(trigger) - 1]

    assert "SET search_path = pg_catalog, pg_temp" in function
    assert "this is never emptied" in function
