"""Rows and trail are compared however the database sorts texts."""

from datetime import UTC, datetime

from sqlalchemy import text
from sqlmodel import Session

from approvals.tables import AuditEvent
from bot.database.agreement import find_orphans
from bot.database.engine import SqlDatabase


def test_a17_a_request_without_a_row_is_found_where_the_database_sorts_signs_by_language(
    postgresql: SqlDatabase,
) -> None:
    with Session(postgresql.engine) as session:
        connection = session.connection()
        # As in a database of another locale: there “;” is not the next sign after “:”.
        connection.execute(text('ALTER TABLE audit_event ALTER subject TYPE varchar COLLATE "en-x-icu"'))
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        event = {"event": "approval:opened", "actor": "U0SAM", "facts": "{}", "previous": "", "hash": ""}
        session.add(AuditEvent(seq=1, subject="request:01kgone", happened_at=datetime.now(UTC), **event))
        session.flush()

        assert list(find_orphans(session)) == ["request 01kgone: it is in the trail and has no row"]

        session.rollback()
