"""Edits that wait in the lanes of posts move to lanes of their own when a database is brought up to date (N12)."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from bot.database import schema
from bot.database.engine import SqlDatabase
from tests.databases import KINDS, fresh_url

DELIVERY = """
INSERT INTO delivery (id, kind, operation, status, facts, recipient, lane, key, broadcast, urgent, fallback,
created_at, due_at, attempts, repeats)
VALUES (:id, 'words', :operation, :status, :facts, 'C0ALERTS', :lane, :key, :no, :no, :no, :at, :at, 0, 0)
"""


@pytest.mark.parametrize("kind", KINDS)
def test_n12_waiting_edits_get_lanes_of_their_own(kind: str, tmp_path: Path) -> None:
    rows = {
        "post": ("post", "waiting", "C0ALERTS"),
        "edit": ("edit", "waiting", "C0ALERTS"),
        "detour": ("edit", "waiting", "C0SPARE"),
        "done": ("edit", "delivered", "C0ALERTS"),
    }
    with fresh_url(kind, tmp_path) as url:
        database = SqlDatabase(url)
        with database.writing() as session:
            command.upgrade(schema._config(session.connection()), "0014")
            given = {"facts": b"", "no": False, "at": "2026-11-22 10:00:00+00:00"}
            for row, (operation, status, lane) in rows.items():
                facts = {"id": row, "key": row, "operation": operation, "status": status, "lane": lane}
                session.connection().execute(text(DELIVERY), given | facts)
        schema.migrate(database)

        with database.reading() as session:
            found = session.connection().execute(text("SELECT id, lane FROM delivery")).all()
        database.close()

    lanes = {row: lane for row, (_, _, lane) in rows.items()}
    assert dict(map(tuple, found)) == lanes | {"edit": "C0ALERTS:edits"}
