"""What Paytend said goes from requests that an older version emptied, when a database is brought up to date."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from bot.database import schema
from bot.database.engine import SqlDatabase
from tests.bot.database.test_before_macs import EXECUTION, OPENED
from tests.databases import KINDS, fresh_url

ENDED = "UPDATE approval_request SET status = :status, ended_at = :now, reason = 'words' WHERE id = :id"
SAID = "UPDATE approval_execution SET words = 'words', alarmed = 'words'"
WORDS = """
SELECT r.id, r.reason, e.words, e.alarmed FROM approval_request r JOIN approval_execution e ON e.request_id = r.id
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a22_what_was_emptied_before_loses_the_words_as_well(kind: str, tmp_path: Path) -> None:
    # Each with what retention has left of its content.
    rows = {"executed": b"", "denied": b"", "failed": b"kept"}
    with fresh_url(kind, tmp_path) as url:
        database = SqlDatabase(url)
        with database.writing() as session:
            connection = session.connection()
            command.upgrade(schema._config(connection), "0021")
            for status, payload in rows.items():
                given = {
                    "id": status,
                    "status": status,
                    "card": status,
                    "payload": payload,
                    "shown": payload,
                    "digest": "d" * 64,
                    "rule": "{}",
                    "reference": status,
                    "now": "2026-01-01 10:00:00.000000",
                    "until": "2026-01-02 10:00:00.000000",
                }
                for statement in (OPENED, ENDED, EXECUTION):
                    connection.execute(text(statement), given)
            connection.execute(text(SAID))
        schema.migrate(database)

        with database.reading() as session:
            found = {row[0]: tuple(row[1:]) for row in session.connection().execute(text(WORDS))}
        database.close()

    assert found == {"executed": ("", "", ""), "denied": ("words", "", ""), "failed": ("words",) * 3}
