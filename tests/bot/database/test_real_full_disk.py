"""A disk that is really full: a small tmpfs, where we may mount one."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from approvals.audit import verification
from bot.database import schema
from bot.database.engine import SqlDatabase
from tests.approvals.world import ApprovalWorld, snapshot
from tests.bot.database.test_probe import Watch

pytestmark = pytest.mark.soak


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


def test_o5_a_disk_that_fills_up_loses_nothing_and_is_known_until_there_is_space(small_disk: Path) -> None:
    database = SqlDatabase(f"sqlite:///{small_disk}/cardops.db")
    schema.migrate(database)
    world, watch = ApprovalWorld(database=database), Watch()
    probe = watch.probe(database)
    asked = world.approved()
    assert watch.passes(probe) == "ok"

    fill(small_disk / "filler")
    refused = 0
    other = snapshot(subject="1755903").model_copy(update={"card_id": "1755903"})
    payload = {"card_id": "1755903", "money": "10.00 EUR", "reason": "x" * 400}
    for _ in range(50):  # until the pages that were free are used up
        try:
            world.withdraws(world.asks(snapshot=other, payload=payload))
        except OperationalError:
            refused += 1
    assert refused
    assert watch.passes(probe) == "the disk is full"

    (small_disk / "filler").unlink()
    assert watch.passes(probe) == "ok"
    assert world.executes(asked).status == "executed"
    with database.reading() as session:
        assert session.connection().execute(text("PRAGMA integrity_check")).scalar() == "ok"
        assert verification.verify(session, key=world.context.audit_key).is_intact
    database.close()
