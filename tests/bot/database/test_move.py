"""O11: a database outgrows SQLite: all of it is moved to PostgreSQL, and the old file starts no bot again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from approvals.audit import chain
from approvals.audit.verification import verify
from approvals.database_guards import trigger_sql
from approvals.tables import Request
from bot.database import move as moving
from bot.database import schema
from bot.database.engine import SqlDatabase
from tests.approvals.world import ApprovalWorld
from tests.databases import fresh_url

pytestmark = pytest.mark.postgres


@pytest.fixture
def source(tmp_path: Path) -> Iterator[SqlDatabase]:
    database = SqlDatabase(f"sqlite:///{tmp_path}/old.db")
    schema.migrate(database)
    yield database
    database.close()


@pytest.fixture
def target(tmp_path: Path) -> Iterator[SqlDatabase]:
    with fresh_url("postgresql", tmp_path) as url:
        database = SqlDatabase(url)
        yield database
        database.close()


def fill(database: SqlDatabase) -> tuple[ApprovalWorld, Request]:
    """One request that is done, and one that waits."""
    world = ApprovalWorld(database=database)
    world.executes(world.approved())
    return world, world.asks("12.00 EUR", reason="Rūta \N{SNOWMAN} 'quoted' \\")


def moved(source: SqlDatabase, target: SqlDatabase) -> dict[str, int]:
    told: dict[str, int] = {}
    total = moving.move(source, target, report=lambda table, rows: told.update({table: rows}))
    assert total == sum(told.values())
    return told


def test_o11_everything_is_there_with_its_guards_and_the_old_file_starts_no_bot(
    source: SqlDatabase, target: SqlDatabase
) -> None:
    world, waiting = fill(source)
    with source.reading() as session:
        head = chain.head(session)

    told = moved(source, target)

    assert told["approval_request"] == 2
    there = ApprovalWorld(database=target, context=world.context, now=world.now)
    with target.reading() as session:
        assert chain.head(session) == head
        assert verify(session, key=world.context.audit_key).is_intact
        assert trigger_sql.find_faults(session.connection()) == []
    assert there.executes(there.decides(waiting)).status == "executed"  # work goes on there
    for check in (schema.require_current, schema.require_usable):
        with pytest.raises(schema.DatabaseMoved):
            check(source)


def test_o11_an_interrupted_move_goes_on(source: SqlDatabase, target: SqlDatabase) -> None:
    world, waiting = fill(source)

    def stop(table: str, _rows: int) -> None:
        if table == "audit_event":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        moving.move(source, target, report=stop)
    schema.require_current(source)  # it is still the one in use
    world.withdraws(waiting)
    world.executes(world.approved("13.00 EUR"))

    assert moved(source, target)["approval_request"] == 3


def test_o11_rows_of_somebody_else_are_never_touched(source: SqlDatabase, target: SqlDatabase) -> None:
    fill(source)
    schema.migrate(target)
    fill(target)

    with pytest.raises(moving.MoveRefused, match="has rows already"):
        moving.move(source, target, report=lambda _table, _rows: None)

    schema.require_current(source)


def test_o11_only_from_sqlite_to_postgresql(source: SqlDatabase) -> None:
    with pytest.raises(moving.MoveRefused, match="from SQLite"):
        moving.move(source, source, report=lambda _table, _rows: None)


def test_o11_what_changed_on_the_way_is_noticed(source: SqlDatabase, target: SqlDatabase) -> None:
    fill(source)
    schema.migrate(target)
    with target.writing() as session:
        session.connection().execute(text("CREATE RULE spoil AS ON INSERT TO audit_event DO INSTEAD NOTHING"))

    with pytest.raises(moving.MoveRefused, match="audit_event: what arrived differs"):
        moving.move(source, target, report=lambda _table, _rows: None)

    schema.require_current(source)
