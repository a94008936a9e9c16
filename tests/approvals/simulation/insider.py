"""Somebody who writes to the database with a client of their own: forges, moves, deletes and replays rows."""

import random
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from bot.database.engine import sqlite_module

_FORGED = (
    "INSERT INTO approval_decision "
    "(request_id, person_id, account, name, verdict, digest, reason, decided_at, mac) "
    "SELECT id, 'U0MILO', 'U0MILO', 'Milo', 'approve', digest, '', created_at, '' FROM approval_request "
)
_APPROVED = (
    "UPDATE approval_request SET status = 'approved', version = version + 1, approved_at = created_at, "
    "execute_by = decide_by WHERE status = 'pending'"
)
STATEMENTS = (
    _FORGED,
    _APPROVED,
    "UPDATE approval_request SET status = 'approved', version = version + 1 WHERE status = 'executing'",
    "UPDATE approval_request SET status = 'executing', version = version + 1 WHERE status = 'approved'",
    "UPDATE approval_request SET status = 'failed', version = version + 1 WHERE status = 'unknown'",
    "UPDATE approval_request SET status = 'approved', version = version + 1 WHERE status = 'unknown'",
    "UPDATE approval_request SET amount_minor = 999999, subject = '666'",
    "UPDATE approval_request SET execute_by = '2099-01-01 00:00:00.000000'",
    "UPDATE approval_request SET decide_by = '2099-01-01 00:00:00.000000'",
    "UPDATE approval_request SET reference = 'X' || substr(reference, 2)",
    "UPDATE approval_request SET requester_id = 'U0NOBODY', requester_account = 'U0NOBODY'",
    "UPDATE approval_request SET quorum = 0, rule = replace(rule, '\"quorum\":1', '\"quorum\":0')",
    "UPDATE approval_execution SET lease = 'mine', lease_until = '2099-01-01 00:00:00.000000'",
    "UPDATE approval_execution SET outcome = 'never_sent', next_look_at = NULL",
    "UPDATE approval_execution SET outcome = '', attempts = attempts + 1",
    "DELETE FROM approval_execution",
    "DELETE FROM approval_decision",
    "DELETE FROM audit_event WHERE seq = (SELECT max(seq) FROM audit_event)",
    "DELETE FROM approval_request WHERE status IN ('executed', 'failed')",
    "DROP TRIGGER cardops_request_moves_legally",
    "DROP TRIGGER cardops_request_needs_quorum",
    "DROP TRIGGER cardops_request_content_frozen",
    "DROP TRIGGER cardops_execution_keeps_its_end",
    "DROP TRIGGER cardops_approval_execution_kept",
    "DROP TRIGGER cardops_decision_on_this_content",
)
KEPT = ("approval_request", "approval_execution", "approval_decision")


class Insider:
    """Writes as any SQLite client can, also what they copied from the same database earlier."""

    def __init__(self, file: Path, *, chance: random.Random) -> None:
        self._file = file
        self._chance = chance
        self._copies: dict[str, list[tuple[object, ...]]] = {}

    def copies(self) -> None:
        """Copy the rows as they are."""
        with closing(sqlite_module().connect(self._file)) as connection:
            for table in KEPT:
                self._copies[table] = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - ours

    def writes(self) -> None:
        """Do some of it; what the guards refuse stays undone."""
        with closing(sqlite_module().connect(self._file, isolation_level=None)) as connection:
            for _ in range(self._chance.randint(1, 4)):
                with suppress(sqlite_module().Error):
                    draw = self._chance.random()
                    if self._copies and draw < 0.3:
                        self._replay(connection)
                    elif draw < 0.6:
                        connection.execute(_FORGED)
                        connection.execute(_APPROVED)
                    else:
                        connection.execute(self._chance.choice(STATEMENTS))

    def _replay(self, connection: Any) -> None:
        for table in self._chance.sample(KEPT, self._chance.randint(1, len(KEPT))):
            for row in self._copies[table]:
                holes = ", ".join("?" * len(row))
                with suppress(sqlite_module().Error):
                    connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({holes})", row)  # noqa: S608 - ours
