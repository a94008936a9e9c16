"""The bot as a PostgreSQL role that owns nothing, with the grants of docs/deploying.md."""

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from bot.database import schema
from bot.database.engine import SqlDatabase
from tests.approvals.world import ApprovalWorld
from tests.bot.cli.conftest import Operator

DEPLOYING = Path(__file__).parents[3] / "docs" / "deploying.md"


@pytest.fixture
def role(on_postgresql: Operator) -> Iterator[str]:
    """A role as the document makes it, under another name."""
    name = f"cardops_test_{secrets.token_hex(4)}"
    found = re.search(r"^```sql\n(.*?)^```", DEPLOYING.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    database = on_postgresql.database()
    with database.writing() as session:
        for statement in found[1].replace("cardops_bot", name).split(";"):
            if statement.strip():
                session.connection().execute(text(statement))
    yield name
    with database.writing() as session:
        session.connection().execute(text(f"DROP OWNED BY {name}"))
        session.connection().execute(text(f"DROP ROLE {name}"))


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
