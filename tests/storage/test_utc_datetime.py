"""Times that are none: somebody wrote them past the bot, and whoever reads their row goes on (A2)."""

from sqlalchemy import text
from sqlmodel import select

from bot.database.engine import SqlDatabase
from bot.database.tables import Slot
from storage.utc_datetime import UNREADABLE

NONE: dict[bool, list[object]] = {
    True: [
        "2026-02-30 10:00:00.000000",
        "2026-11-29 24:00:00.000000",
        "",
        "x",
        7,
        b"\xff",
    ],
    False: ["infinity", "-infinity", "0044-03-15 BC", "20260-01-01"],
}


def test_a2_a_time_that_is_none_reads_as_one_that_is_over(database: SqlDatabase) -> None:
    values = NONE[database.is_sqlite]
    with database.writing() as session:
        for number, value in enumerate(values):
            statement = text("INSERT INTO clock_slot (job, number, lease_until) VALUES ('x', :number, :value)")
            session.connection().execute(statement, {"number": number, "value": value})
    with database.reading() as session:
        slots = session.exec(select(Slot)).all()

    assert [(slot.lease_until, slot.done_at) for slot in slots] == [(UNREADABLE, None)] * len(values)


def test_a2_a_text_that_is_none_reads_as_one_with_its_bytes_replaced(sqlite: SqlDatabase) -> None:
    with sqlite.writing() as session:
        # SQLite calls any bytes a text.
        session.connection().execute(
            text(
                "INSERT INTO clock_slot (job, number, lease_until) VALUES (CAST(x'41ff' AS TEXT), 1, '2026-11-29')"
            )
        )
    with sqlite.reading() as session:
        assert session.exec(select(Slot.job)).all() == ["A\N{REPLACEMENT CHARACTER}"]
