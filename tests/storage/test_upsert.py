"""A row is inserted once, whoever tries again and on whichever database."""

from sqlmodel import Session, select

from bot.database.engine import SqlDatabase
from notifier.outbox.tables import Lane
from storage.upsert import insert_once


def insert(session: Session, name: str, failures: int) -> bool:
    return insert_once(session, Lane, {"name": name, "failures": failures})


def test_the_first_one_is_new_and_the_second_changes_nothing(database: SqlDatabase) -> None:
    with database.writing() as session:
        assert insert(session, "C0ALERTS", 1)
        assert insert(session, "C0OPS", 2)
        assert not insert(session, "C0ALERTS", 3)

    with database.reading() as session:
        found = {lane.name: lane.failures for lane in session.exec(select(Lane))}
    assert found == {"C0ALERTS": 1, "C0OPS": 2}
