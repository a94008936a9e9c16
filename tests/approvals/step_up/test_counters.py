"""The counter of a passkey finds out its copy: nobody sets it back, takes it away or puts another in its place."""

import contextlib

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from approvals.step_up.assertions import ProofRefused
from approvals.step_up.tables import PasskeyUse
from tests.approvals.step_up.test_step_up import Desk
from tests.approvals.world import MARA, ApprovalWorld

ROW = "(passkey_id, count, used_at) SELECT passkey_id, 0, used_at FROM passkey_use"
REFUSED = {
    "set back": "UPDATE passkey_use SET count = 0",
    "below": "UPDATE passkey_use SET count = -1",
    "another's": "UPDATE passkey_use SET passkey_id = 'another'",
    "deleted": "DELETE FROM passkey_use",
    "added": f"INSERT INTO passkey_use {ROW}",
    "replaced": f"REPLACE INTO passkey_use {ROW}",
    "or replaced": f"INSERT OR REPLACE INTO passkey_use {ROW}",
    "update or replace": "UPDATE OR REPLACE passkey_use SET count = 0",
    "moved": "UPDATE passkey_use SET rowid = rowid + 100",
    "upsert": f"INSERT INTO passkey_use {ROW} WHERE true ON CONFLICT (passkey_id) DO UPDATE SET count = 0",
    "do nothing and delete": "DELETE FROM passkey_use WHERE count > 0",
    "emptied": "TRUNCATE passkey_use",
    "a text": "UPDATE passkey_use SET count = 'many'",
    "no moment": "UPDATE passkey_use SET used_at = '0001-01-01 00:00:00.000000'",
}


def counts(world: ApprovalWorld) -> int:
    with world.database.reading() as session:
        return int(session.connection().execute(text("SELECT count FROM passkey_use")).scalar_one())


@pytest.mark.parametrize("name", REFUSED)
def test_a4_the_counter_of_a_passkey_stands_against_sql(world: ApprovalWorld, name: str) -> None:
    desk = Desk(world)
    desk.has_key(MARA)
    request = world.asks()
    desk.decides(request, desk.proves(request))
    before = counts(world)
    assert before > 0

    # What one of the two databases cannot read is refused there as well.
    with pytest.raises(DBAPIError), world.database.writing() as session:
        session.connection().execute(text(REFUSED[name]))

    assert counts(world) == before


def test_a4_a_passkey_without_its_counter_proves_nothing(desk_without_guards: Desk) -> None:
    desk = desk_without_guards
    request = desk.world.asks()

    with pytest.raises(ProofRefused, match="how often it was used is not known"):
        desk.decides(request, desk.proves(request))
    assert desk.world.decisions(request) == 0


@pytest.fixture
def desk_without_guards(small: ApprovalWorld) -> Desk:
    """Somebody who owns the database has dropped the guards, and deleted the counters."""
    desk = Desk(small)
    desk.has_key(MARA)
    with small.database.writing() as session:
        with contextlib.suppress(DBAPIError):
            session.connection().execute(text("DROP TRIGGER cardops_passkey_use_kept"))
        session.connection().execute(text("DELETE FROM passkey_use"))
        assert session.get(PasskeyUse, "any") is None
    return desk
