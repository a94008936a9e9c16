"""Backup and restore: a sound copy of a running database, and nothing is sent that may have been since."""

import os
import shlex
import shutil
import sqlite3
import subprocess

import pytest
from sqlmodel import select

from approvals.tables import Request
from bot.database.engine import SqlDatabase
from notifier.outbox.tables import Delivery, DeliveryStatus
from tests.approvals.world import ApprovalWorld, snapshot
from tests.bot.cli.conftest import Operator

HAS_PROGRAMS = all(shutil.which(program) for program in ("pg_dump", "pg_restore"))


def card(world: ApprovalWorld, number: str) -> None:
    world.card = snapshot(card_id=number)


def open_requests(world: ApprovalWorld) -> dict[str, Request]:
    """Ask for one of each: pending, approved, executing, executed."""
    card(world, "1755901")
    executed = world.executes(world.approved())
    card(world, "1755902")
    executing = world.approved()
    world.claims(executing)
    card(world, "1755903")
    approved = world.approved()
    card(world, "1755904")
    return {"pending": world.asks(), "approved": approved, "executing": executing, "executed": executed}


def test_a_backup_of_a_database_in_use_is_put_back_and_what_was_open_is_doubted(small: Operator) -> None:
    world = small.world()
    asked = open_requests(world)

    status, said, _ = small.types("backup", "copy.db")
    assert (status, "sound" in said) == (0, True)
    assert (small.folder / "copy.db").stat().st_mode & 0o077 == 0
    card(world, "1755903")
    world.executes(asked["approved"])  # after the backup was taken
    for database in small.opened:
        database.close()

    status, said, _ = small.types("restore", "copy.db")

    assert status == 0
    assert "2 approved or executing requests are unknown now" in said
    assert "1 pending ones ended" in said
    world = small.world()
    assert {name: world.read(row).status for name, row in asked.items()} == {
        "pending": "expired",
        "approved": "unknown",
        "executing": "unknown",
        "executed": "executed",
    }
    assert world.candidates() == []
    assert world.execution(asked["approved"]).next_look_at is not None
    assert world.events()[-1] == "database:restored"
    with world.database.reading() as session:
        old = session.exec(select(Delivery).where(Delivery.status == DeliveryStatus.WAITING)).all()
    assert any(row.doubt_since is not None for row in old)
    assert small.types("audit", "verify")[0] == 0
    assert small.types("check")[0] == 0
    assert list(small.folder.glob("test.db.before-*"))


def test_reconciliation_finds_what_was_done_after_the_backup(small: Operator) -> None:
    world = small.world()
    request = world.approved()
    small.types("backup", "copy.db")
    world.executes(request)
    paytend = world.paytend
    for database in small.opened:
        database.close()
    small.types("restore", "copy.db")

    again = small.world()
    again.paytend, again.now = paytend, again.now.replace(year=2030)
    again.looks_up()

    assert again.read(request).status == "executed"
    assert list(paytend.books.values()) == [1]


def test_what_a_stopped_restore_left_is_in_nobodys_way(small: Operator) -> None:
    small.world().asks()
    small.types("backup", "copy.db")
    for suffix in ("", "-wal", "-shm"):
        (small.folder / f"test.db.restoring{suffix}").write_text("half of it")
    for database in small.opened:
        database.close()

    assert small.types("restore", "copy.db")[0] == 0
    assert list(small.folder.glob("test.db.restoring*")) == []
    assert small.types("check")[0] == 0


def test_the_former_database_is_kept_whole(small: Operator) -> None:
    small.types("backup", "copy.db")
    request = small.world().asks()
    for database in small.opened:
        database.close()
    small.types("restore", "copy.db")

    (kept,) = small.folder.glob("test.db.before-*")
    _, said, _ = small.types("requests", "list", "--json", DATABASE_URL=f"sqlite:///{kept}")

    assert request.id in said


def test_it_may_be_restored_where_there_is_no_database_yet(small: Operator) -> None:
    small.world().asks()
    small.types("backup", "copy.db")

    status, _, _ = small.types("restore", "copy.db", DATABASE_URL=f"sqlite:///{small.folder}/new.db")

    assert status == 0
    assert (small.folder / "new.db").exists()


def test_a_running_bot_is_not_restored_over(small: Operator) -> None:
    small.types("backup", "copy.db")
    running = SqlDatabase(small.url)
    running.claim_file()

    status, _, err = small.types("restore", "copy.db")

    running.close()
    assert status == 2
    assert "Another process" in err


@pytest.mark.parametrize("damage", ["missing", "text", "foreign", "torn", "newer"])
def test_what_is_no_sound_backup_changes_nothing(small: Operator, damage: str) -> None:
    small.world().asks()
    small.types("backup", "sound.db")
    file = small.folder / "copy.db"
    if damage == "text":
        file.write_text("this is no database, though it is quite long " * 100)
    if damage == "foreign":
        with sqlite3.connect(file) as raw:
            raw.execute("CREATE TABLE mine (id)")
        raw.close()
    if damage == "newer":
        shutil.copy(small.folder / "sound.db", file)
        with sqlite3.connect(file) as raw:
            raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.close()
    if damage == "torn":
        whole = (small.folder / "sound.db").read_bytes()
        file.write_bytes(whole[:8192] + b"\xff" * 8192 + whole[16384:])

    status, _, err = small.types("restore", "copy.db")

    assert status == 1
    assert "Nothing was changed" in err
    assert small.types("requests", "list", "--json")[1].count("pending") == 1


def test_a_backup_overwrites_nothing_and_needs_a_folder(small: Operator) -> None:
    (small.folder / "taken").write_text("mine")

    for name in ("taken", "nowhere/copy.db"):
        assert small.types("backup", name)[0] == 2
    assert (small.folder / "taken").read_text() == "mine"


def test_restoring_names_a_file_or_says_that_pg_restore_did_it(small: Operator) -> None:
    with pytest.raises(SystemExit) as ended:
        small.types("restore")
    assert ended.value.code == 2
    assert small.types("restore", "--after-pg-restore")[0] == 2


@pytest.mark.postgres
def test_postgresql_is_backed_up_by_its_own_program(on_postgresql: Operator) -> None:
    status, out, err = on_postgresql.types("backup", "copy.dump")
    restored, _, said = on_postgresql.types("restore", "copy.dump")

    assert (status, out, restored) == (2, "", 2)
    assert "pg_dump --format=custom --file=copy.dump --dbname=postgresql://postgres@127.0.0.1:5432/" in err
    assert "pg_restore" in said
    assert "cardops restore --after-pg-restore" in said


@pytest.mark.postgres
def test_after_pg_restore_what_was_open_is_doubted_unless_somebody_is_connected(on_postgresql: Operator) -> None:
    operator = on_postgresql
    asked = open_requests(operator.world())

    status, _, err = operator.types("restore", "--after-pg-restore")
    assert status == 2
    assert "End every bot first" in err
    for database in operator.opened:
        database.close()
    status, said, _ = operator.types("restore", "--after-pg-restore")

    assert status == 0
    assert "2 approved or executing requests are unknown now" in said
    assert operator.world().read(asked["approved"]).status == "unknown"


@pytest.mark.postgres
@pytest.mark.skipif(not HAS_PROGRAMS and os.environ.get("CI") != "true", reason="no pg_dump and pg_restore here")
def test_the_whole_way_with_postgresqls_own_programs(on_postgresql: Operator) -> None:
    operator = on_postgresql
    world = operator.world()
    asked = open_requests(world)
    _runs(operator, operator.types("backup", "a copy.dump")[2], "pg_dump")
    card(world, "1755903")
    world.executes(asked["approved"])  # after the backup was taken
    for database in operator.opened:
        database.close()

    said = operator.types("restore", "a copy.dump")[2]
    _runs(operator, said, "pg_restore")
    ours = [line.split()[1:] for line in _commands(said) if line.startswith("cardops ")]
    assert ours == [["migrate"], ["restore", "--after-pg-restore"]]
    assert [operator.types(*words)[0] for words in ours] == [0, 0]

    world = operator.world()
    assert {name: world.read(row).status for name, row in asked.items()} == {
        "pending": "expired",
        "approved": "unknown",
        "executing": "unknown",
        "executed": "executed",
    }
    assert world.candidates() == [], "what was approved then may have been carried out since"
    assert operator.types("check")[0] == 0
    assert operator.types("audit", "verify")[0] == 0


def _commands(said: str) -> list[str]:
    return [line.strip().removeprefix("- ") for line in said.splitlines()]


def _runs(operator: Operator, said: str, program: str) -> None:
    """Run the one command line of a program that was named."""
    [line] = [line for line in _commands(said) if line.startswith(f"{program} ")]
    done = subprocess.run(
        shlex.split(line), cwd=operator.folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
