"""The database: its settings, its shape, and who may use it."""

import multiprocessing
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Inspector, inspect, text
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from bot.database import schema
from bot.database.engine import FRESH, SecondProcess, SqlDatabase, sqlite_module, wal_is_safe
from tests.databases import KINDS, fresh_database, fresh_url

_PID = text("SELECT pg_backend_pid()")


def pragma(database: SqlDatabase, name: str) -> object:
    with database.reading() as session:
        return session.connection().execute(text(f"PRAGMA {name}")).scalar()


def test_sqlite_is_set_up_to_lose_nothing(sqlite_database: SqlDatabase) -> None:
    wal = wal_is_safe(sqlite_module().sqlite_version_info)

    assert pragma(sqlite_database, "journal_mode") == ("wal" if wal else "delete")
    assert pragma(sqlite_database, "synchronous") == (2 if wal else 3)
    assert pragma(sqlite_database, "foreign_keys") == 1
    assert pragma(sqlite_database, "recursive_triggers") == 1
    assert pragma(sqlite_database, "busy_timeout") == 15_000


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 53, 0), True),
        ((3, 51, 3), True),
        ((3, 51, 2), False),
        ((3, 51, 0), False),
        ((3, 50, 7), True),
        ((3, 50, 6), False),
        ((3, 46, 1), False),
        ((3, 44, 6), True),
        ((3, 44, 5), False),
        ((3, 40, 1), False),
    ],
)
def test_a_version_whose_wal_has_the_corrupting_race_gets_a_rollback_journal(
    version: tuple[int, ...], safe: bool
) -> None:
    assert wal_is_safe(version) is safe


def test_the_newer_of_the_two_libraries_is_used() -> None:
    assert sqlite_module().sqlite_version_info >= sqlite3.sqlite_version_info


def test_writers_on_sqlite_wait_for_each_other_from_their_first_statement(sqlite_database: SqlDatabase) -> None:
    inside, order = threading.Event(), []

    def second() -> None:
        inside.wait(10)
        with sqlite_database.writing() as session:
            session.connection().execute(text("SELECT 1"))
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with sqlite_database.writing() as session:
        session.connection().execute(text("SELECT 1"))
        inside.set()
        thread.join(0.2)
        order.append("first")
    thread.join(10)

    assert order == ["first", "second"]


def test_readers_do_not_wait_for_a_writer(sqlite_database: SqlDatabase) -> None:
    if not wal_is_safe(sqlite_module().sqlite_version_info):
        pytest.skip("a rollback journal lets readers wait")
    with sqlite_database.writing() as writer, sqlite_database.reading() as reader:
        writer.connection().execute(text("DELETE FROM seen_delivery"))
        assert reader.connection().execute(text("SELECT count(*) FROM seen_delivery")).scalar() == 0


def test_a_block_that_fails_leaves_nothing_behind(database: SqlDatabase) -> None:
    insert = text("INSERT INTO lane (name, failures) VALUES ('x', 0)")

    def write_twice() -> None:
        with database.writing() as session:
            session.connection().execute(insert)
            session.connection().execute(insert)

    with pytest.raises(IntegrityError):
        write_twice()

    with database.reading() as session:
        assert session.connection().execute(text("SELECT count(*) FROM lane")).scalar() == 0


def claims(url: str) -> str:
    """Claim the file in a process of its own, and say what came of it."""
    program = (
        "import sys; from bot.database.engine import SqlDatabase, SecondProcess\n"
        "try: SqlDatabase(sys.argv[1]).claim_file()\n"
        "except SecondProcess as error: print(error.__doc__)\n"
        "else: print('claimed')\n"
    )
    done = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_second_process_on_the_same_file_is_refused_and_told_of_postgresql(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/one.db"
    first = SqlDatabase(url)
    first.claim_file()

    assert "PostgreSQL" in claims(url)
    with pytest.raises(SecondProcess):
        SqlDatabase(url).claim_file()
    assert claims(f"sqlite:///{tmp_path}/other.db") == "claimed"
    first.close()
    assert claims(url) == "claimed"


@pytest.mark.postgres
def test_any_number_of_processes_may_use_postgresql(tmp_path: Path) -> None:
    with fresh_url("postgresql", tmp_path) as url:
        SqlDatabase(url).claim_file()

        assert claims(url) == "claimed"


def test_migrations_make_the_tables_of_this_version(database: SqlDatabase) -> None:
    with database.reading() as session:
        assert schema.differences(session.connection()) == []
    schema.require_current(database)


def test_a_second_migration_changes_nothing(database: SqlDatabase) -> None:
    with database.writing() as session:
        session.connection().execute(text("INSERT INTO lane (name, failures) VALUES ('x', 3)"))

    assert schema.migrate(database) == schema.newest()

    with database.reading() as session:
        assert schema.differences(session.connection()) == []
        assert session.connection().execute(text("SELECT failures FROM lane")).scalar() == 3


def becomes(database: SqlDatabase, *, revision: str, needs: str = "0022") -> None:
    """Make a database say that it is of another revision."""
    with database.writing() as session:
        session.connection().execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})
        session.connection().execute(text("UPDATE schema_compatibility SET needs = :it"), {"it": needs})


@pytest.fixture
def other_revision(database: SqlDatabase) -> Iterator[SqlDatabase]:
    """A database whose revision is put back, because the next test has the same one."""
    with database.writing() as session:
        session.connection().execute(text("DELETE FROM schema_compatibility"))
        session.connection().execute(text("INSERT INTO schema_compatibility (id, needs) VALUES (1, '0022')"))
    yield database
    becomes(database, revision=schema.newest() or "")


def test_an_older_shape_is_refused(other_revision: SqlDatabase) -> None:
    becomes(other_revision, revision="0000")

    with pytest.raises(schema.NotMigrated):
        schema.require_current(other_revision)


def test_o8_a_newer_shape_that_only_adds_is_fine_also_at_a_start(other_revision: SqlDatabase) -> None:
    becomes(other_revision, revision="9999")

    schema.require_current(other_revision)
    schema.require_usable(other_revision)
    assert schema.migrate(other_revision) == "9999"


def test_o8_a_newer_shape_that_needs_a_newer_program_is_refused_in_words(other_revision: SqlDatabase) -> None:
    becomes(other_revision, revision="9999", needs="9999")

    for use in (schema.require_current, schema.require_usable, schema.migrate):
        with pytest.raises(schema.DatabaseNewer):
            use(other_revision)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("change", "names"),
    [
        ("ALTER TABLE lane DROP COLUMN failures", ["column lane.failures"]),
        ("DROP TABLE draft", ["table draft"]),
        ("DROP TRIGGER cardops_approval_decision_kept", ["trigger cardops_approval_decision_kept"]),
    ],
)
def test_o16_a_database_that_lacks_a_part_is_refused_with_its_name(
    kind: str, tmp_path: Path, change: str, names: list[str]
) -> None:
    with fresh_database(kind, tmp_path) as database:
        with database.writing() as session:
            on = " ON approval_decision" if "TRIGGER" in change and kind == "postgresql" else ""
            session.connection().execute(text(change + on))

        with pytest.raises(schema.SchemaIncomplete) as refused:
            schema.require_current(database)

    assert len(refused.value.missing) == len(names)
    assert all(missing.startswith(name) for missing, name in zip(refused.value.missing, names, strict=True))


def test_f40_a_newer_shape_is_no_trouble_for_the_version_that_runs_already(other_revision: SqlDatabase) -> None:
    for revision, is_usable in (("9999", True), ("0000", False)):
        becomes(other_revision, revision=revision)
        with nullcontext() if is_usable else pytest.raises(schema.NotMigrated):
            schema.require_usable(other_revision)


@pytest.mark.parametrize("kind", KINDS)
def test_f40_a_migration_only_adds_what_the_version_before_can_leave_out(kind: str, tmp_path: Path) -> None:
    with fresh_url(kind, tmp_path) as url:
        database = SqlDatabase(url)
        shapes = []
        for revision in ("0001", "head"):
            with database.writing() as session:
                command.upgrade(schema._config(session.connection()), revision)
            with database.engine.connect() as connection:
                shapes.append(columns_of(inspect(connection)))
        database.close()
    before, after = shapes
    for place, column in before.items():
        assert str(after[place]["type"]) == str(column["type"]), place
        assert after[place]["nullable"] >= column["nullable"], place
    for (table, name), column in after.items():
        if table in {known for known, _ in before} and (table, name) not in before:
            assert column["nullable"] or column["default"] is not None, f"{table}.{name}"


def columns_of(inspector: Inspector) -> dict[tuple[str, str], Any]:
    return {
        (table, column["name"]): column
        for table in inspector.get_table_names()
        for column in inspector.get_columns(table)
    }


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_database_is_refused(kind: str, tmp_path: Path) -> None:
    with fresh_url(kind, tmp_path) as url:
        database = SqlDatabase(url)
        try:
            with pytest.raises(schema.NotMigrated):
                schema.require_current(database)
        finally:
            database.close()


@pytest.mark.postgres
def test_replicas_that_migrate_at_once_wait_for_each_other(tmp_path: Path) -> None:
    with fresh_url("postgresql", tmp_path) as url:
        spawn = multiprocessing.get_context("spawn")
        replicas = [spawn.Process(target=migrate, args=(url,)) for _ in range(2)]
        for replica in replicas:
            replica.start()
        for replica in replicas:
            replica.join(60)

        assert [replica.exitcode for replica in replicas] == [0, 0]


def migrate(url: str) -> None:
    """What each replica does at its start."""
    database = SqlDatabase(url)
    schema.migrate(database)
    database.close()


def test_a_file_that_is_a_folder_is_an_error_of_the_database(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()

    with pytest.raises(OperationalError), SqlDatabase(f"sqlite:///{tmp_path}/folder.db").reading() as session:
        session.connection()


def test_the_values_of_a_failed_statement_are_not_in_its_message(database: SqlDatabase) -> None:
    with pytest.raises(SQLAlchemyError) as failure, database.writing() as session:
        session.connection().execute(text("SELECT no_such_function(:value)"), {"value": "canary"})

    assert "canary" not in str(failure.value)


@pytest.mark.postgres
def test_connections_that_the_server_closed_are_made_anew(tmp_path: Path) -> None:
    with fresh_url("postgresql", tmp_path) as url:
        database, other = SqlDatabase(url), SqlDatabase(url)
        with ExitStack() as stack:  # three at a time, which the pool keeps
            pids = {stack.enter_context(database.writing()).connection().scalar(_PID) for _ in range(3)}
        with other.writing() as session:
            for pid in pids:
                session.connection().execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        time.sleep(FRESH)

        with ExitStack() as stack:
            anew = {stack.enter_context(database.writing()).connection().scalar(_PID) for _ in range(3)}
        database.close()
        other.close()

    assert len(pids) == len(anew) == 3
    assert not pids & anew
