"""The bot as a PostgreSQL role that owns nothing, with the grants of docs/deploying.md."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.doctor.guards import check_guards
from tests.approvals.world import ApprovalWorld
from tests.attacks.clients import make_role
from tests.bot.cli.conftest import Operator


@pytest.fixture
def role(on_postgresql: Operator) -> Iterator[str]:
    """A role as the document makes it, under another name."""
    with make_role(on_postgresql.database()) as name:
        yield name


@pytest.mark.postgres
def test_it_works_as_that_role_and_cannot_drop_what_guards(on_postgresql: Operator, role: str) -> None:
    owner = on_postgresql.world()
    database = SqlDatabase(make_url(on_postgresql.url).set(username=role).render_as_string(hide_password=False))
    world = ApprovalWorld(database=database, context=owner.context)

    schema.require_current(database)
    request = world.executes(world.approved())

    assert request.status == "executed"
    for statement in (
        "DROP TRIGGER cardops_audit_event_unchanged ON audit_event",
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "TRUNCATE audit_event",
        "SET session_replication_role = replica",
    ):
        with pytest.raises(DBAPIError), database.writing() as session:
            session.connection().execute(text(statement))
    database.close()


def guards(operator: Operator, url: str) -> tuple[str, str, str]:
    """What the doctor says of the guards of the database at this address."""
    database = SqlDatabase(url)
    operator.opened.append(database)
    made: object = SimpleNamespace(database=database)
    found = check_guards(made)  # type: ignore[arg-type]  # the check looks at nothing else
    return found.state, found.says, found.next


@pytest.mark.postgres
def test_a3_the_doctor_names_what_the_role_may_do_and_should_not(on_postgresql: Operator, role: str) -> None:
    url = make_url(on_postgresql.url).set(username=role).render_as_string(hide_password=False)
    name = make_url(url).database
    owner = on_postgresql.database()

    assert guards(on_postgresql, url) == (
        "ok",
        "Every guard stands, and the bot's role cannot remove them.",
        "",
    )
    with owner.writing() as session:
        session.connection().exec_driver_sql(f"GRANT TEMPORARY ON DATABASE {name} TO {role}")
    state, says, todo = guards(on_postgresql, url)
    assert (state, "may create temporary tables" in says) == ("warn", True)
    with owner.writing() as session:
        for statement in todo.split(";"):
            if statement.strip():
                session.connection().exec_driver_sql(statement)
    assert guards(on_postgresql, url)[0] == "ok"
    assert guards(on_postgresql, on_postgresql.url)[:2] == (
        "wrong",
        "Every guard stands, but postgres is a superuser.",
    )


def test_a3_the_doctor_names_a_guard_that_is_missing_or_altered(operator: Operator) -> None:
    database = operator.database()
    name, table = "cardops_audit_follows", "audit_event"
    with database.writing() as session:
        if database.is_sqlite:
            session.connection().exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            session.connection().exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER {name}")

    state, says, todo = guards(operator, operator.url)
    assert state == "wrong"
    assert f"{name} on {table}" in says
    assert "cardops migrate" in todo

    schema.migrate(database)
    assert guards(operator, operator.url)[1].startswith("Every guard stands")
