"""The trail: every fact, in one order, and what shows tampering."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from approvals.audit import chain, verification
from approvals.audit.trail_keys import make_key
from bot.database.engine import SqlDatabase
from tests.approvals.world import SECRET, START, ApprovalWorld

KEY = make_key(SECRET)


def _fill(database: SqlDatabase, count: int = 5, **facts: Any) -> chain.Head:
    with database.writing() as session:
        for number in range(count):
            chain.append(
                session,
                "card:read",
                key=KEY,
                actor="U0SAM",
                subject=f"card:{number}",
                facts={"number": number, **facts},
                now=START + timedelta(microseconds=number),
            )
        return chain.head(session)


def _tamper(database: SqlDatabase, *statements: str) -> None:
    """Do what only the owner of the tables can: take the triggers away first."""
    with database.writing() as session:
        connection = session.connection()
        for trigger in ("audit_event_unchanged", "audit_event_kept", "audit_follows"):
            connection.execute(text(f"DROP TRIGGER cardops_{trigger}"))
        for statement in statements:
            connection.execute(text(statement))


def _verified(database: SqlDatabase, older: chain.Head | None = None) -> verification.Verification:
    with database.reading() as session:
        return verification.verify(session, key=KEY, older=older)


def test_an_untouched_trail_is_intact(database: SqlDatabase) -> None:
    head = _fill(database)
    verified = _verified(database, head)
    assert (verified.is_intact, verified.head, head.seq) == (True, head, 5)


def test_an_empty_trail_is_intact(database: SqlDatabase) -> None:
    assert _verified(database) == verification.Verification(head=chain.Head(seq=0, hash=chain.START))


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit_event SET actor = 'U0EVE' WHERE seq = 3", 3),
        ("UPDATE audit_event SET facts = '{}' WHERE seq = 1", 1),
        ("UPDATE audit_event SET facts = 'no json' WHERE seq = 2", 2),
        ("UPDATE audit_event SET subject = 'card:9' WHERE seq = 5", 5),
        ("UPDATE audit_event SET event = 'x' WHERE seq = 4", 4),
        ("DELETE FROM audit_event WHERE seq = 2", 2),
        ("DELETE FROM audit_event WHERE seq = 1", 1),
        ("UPDATE audit_event SET previous = 'zz' WHERE seq = 4", 4),
        ("UPDATE audit_event SET seq = 9 WHERE seq = 3", 3),
    ],
)
def test_a30_tampering_is_found_at_its_place(small: ApprovalWorld, statement: str, broken_at: int) -> None:
    _fill(small.database)
    _tamper(small.database, statement)
    assert _verified(small.database).broken_at == broken_at


def test_a30_two_events_that_changed_places_are_found(small: ApprovalWorld) -> None:
    _fill(small.database)
    _tamper(
        small.database,
        "UPDATE audit_event SET seq = 99 WHERE seq = 2",
        "UPDATE audit_event SET seq = 2 WHERE seq = 3",
        "UPDATE audit_event SET seq = 3 WHERE seq = 99",
    )
    assert _verified(small.database).broken_at == 2


def test_a_cut_tail_shows_only_against_an_older_head(small: ApprovalWorld) -> None:
    head = _fill(small.database)
    _tamper(small.database, "DELETE FROM audit_event WHERE seq > 3")
    assert _verified(small.database).is_intact
    assert _verified(small.database, head).broken_at == 4


def test_a_rewritten_tail_shows_against_an_older_head(small: ApprovalWorld) -> None:
    head = _fill(small.database)
    _tamper(small.database, "DELETE FROM audit_event WHERE seq > 4")
    with pytest.raises(chain.TrailWentBack):  # the process that wrote them remembers
        _fill(small.database, 1)
    small.database.recollection.clear()
    _fill(small.database, 1)
    assert _verified(small.database).is_intact
    assert _verified(small.database, head).broken_at == 5


def test_another_key_does_not_verify(small: ApprovalWorld) -> None:
    _fill(small.database)
    with small.database.reading() as session:
        assert verification.verify(session, key=make_key(b"other" * 8)).broken_at == 1
    assert replace(chain.Head(seq=1, hash="x"), seq=2).seq == 2


def test_card_numbers_and_secrets_stay_out(small: ApprovalWorld) -> None:
    _fill(small.database, 1, note="paid with 4111111111111111", cvv="123")
    with small.database.reading() as session:
        facts = session.connection().execute(text("SELECT facts FROM audit_event")).scalar_one()
    assert "4111111111111111" not in facts
    assert "123" not in facts


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_long_list_of_events_is_read_whole_and_each_once(small: ApprovalWorld, newest_first: bool) -> None:
    """It is read in portions, of which the first is small."""
    how: dict[str, Any] = {"key": KEY, "subject": "card:7"}
    with small.database.writing() as session:
        for _ in range(45):
            chain.append(session, "card:read", actor="U0SAM", facts={}, now=START, **how)
        found = list(chain.list_genuine(session, event="card:read", newest_first=newest_first, **how))

    assert [row.seq for row in found] == sorted(range(1, 46), reverse=newest_first)


def test_many_threads_make_one_chain(database: SqlDatabase) -> None:
    errors: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(3):
                _fill(database, 1)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            errors.append(error)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert (_verified(database).is_intact, _verified(database).head.seq) == (True, 18)
