"""Whoever has the database alone ends no stop: a doubt stops, and a check names it."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from approvals.execution.execution import ClaimedExecution, NotClaimed
from approvals.stops.scope import StopKind, StopScope
from approvals.stops.standing import Stopped, read_evidence
from approvals.tables import Request
from tests.approvals.audit.test_breaks import adds
from tests.approvals.world import MARA, MILO, OLE, ApprovalWorld, snapshot

TOP_UPS = StopScope(kind=StopKind.TOP_UPS)
MAC = "00000000:" + "0" * 64


def run(world: ApprovalWorld, statement: str, *, guarded: bool = True, **values: Any) -> None:
    """Run raw SQL as a client of the database; without its guards, as its owner could."""
    with world.database.writing() as session:
        connection = session.connection()
        if not guarded and world.database.is_sqlite:
            for table in ("stop", "stop_resumption", "audit_event"):
                names = connection.exec_driver_sql(
                    "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
                ).scalars()
                for name in list(names):
                    connection.exec_driver_sql(f"DROP TRIGGER {name}")
        elif not guarded:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.execute(text(statement), values)


def faults(world: ApprovalWorld) -> list[str]:
    """Return what `cardops check` names."""
    with world.database.reading() as session:
        return read_evidence(session, world.context).find_faults()


def require_not_sent(world: ApprovalWorld, request: Request) -> None:
    """Check that a request is not claimed: it is stopped, or the trail does not prove it."""
    try:
        claimed = world.claims(request)
    except Stopped:
        return
    assert isinstance(claimed, NotClaimed)
    assert world.read(request).status == "approved"
    assert world.standing()


GUARDED = [
    "DELETE FROM stop",
    "UPDATE stop SET scope = 'card:1'",
    "UPDATE stop SET stopped_at = stopped_at",
    "DELETE FROM stop_resumption",
    "UPDATE stop_resumption SET person_id = 'U0OLE'",
]


@pytest.mark.parametrize("statement", GUARDED)
def test_the_database_refuses_to_change_a_stop(world: ApprovalWorld, statement: str) -> None:
    stop = world.stops_claims()
    world.resumes(stop, by=MARA)

    with pytest.raises(DBAPIError):
        run(world, statement)
    assert world.standing()


def forge_words(world: ApprovalWorld, stop_id: str) -> None:
    """Insert the words of two people for resuming a stop, as the bot's own role could."""
    for number, account in enumerate(("U0MARA", "U0OLE")):
        run(
            world,
            "INSERT INTO stop_resumption (id, stop_id, person_id, account, name, reason, said_at, mac) "
            "VALUES (:id, :stop, :who, :who, :who, '', '2026-11-20 09:00:00.000000', :mac)",
            id=f"forged{number}",
            stop=stop_id,
            who=account,
            mac=MAC,
        )


def forge_event(world: ApprovalWorld, stop_id: str) -> None:
    """Append an event of the trail that says that two people resumed it, with a hash of no key."""
    with world.database.reading() as session:
        seq, previous = (
            session.connection()
            .exec_driver_sql("SELECT seq, hash FROM audit_event ORDER BY seq DESC LIMIT 1")
            .one()
        )
    run(
        world,
        "INSERT INTO audit_event (seq, event, actor, subject, facts, happened_at, previous, hash) VALUES "
        "(:seq, 'stop:resumed', 'U0OLE', 'stops', :facts, '2026-11-20 09:00:00.000000', :previous, :hash)",
        seq=seq + 1,
        facts=f'{{"stop":"{stop_id}","words":["forged0","forged1"]}}',
        previous=previous,
        hash=hashlib.sha256(b"no key").hexdigest(),
    )


def test_forged_words_and_a_forged_event_resume_nothing(world: ApprovalWorld) -> None:
    request = world.approved()
    stop = world.stops_claims()

    forge_words(world, stop.id)
    forge_event(world, stop.id)

    require_not_sent(world, request)
    assert any("forged0" in fault for fault in faults(world))
    assert any("event" in fault for fault in faults(world))


def test_words_of_another_stop_resume_nothing(world: ApprovalWorld) -> None:
    first = world.stops_claims()
    world.resumes(first, by=MARA)
    world.resumes(first, by=OLE)
    second = world.stops_claims()

    run(world, "UPDATE stop_resumption SET stop_id = :stop", guarded=False, stop=second.id)

    assert {stop.id for stop in world.standing()} == {first.id, second.id}


OWNERS: list[Callable[[ApprovalWorld, str], None]] = [
    lambda world, _stop: run(world, "DELETE FROM stop", guarded=False),
    lambda world, _stop: run(world, "UPDATE stop SET scope = 'card:1'", guarded=False),
    lambda world, _stop: run(world, "UPDATE stop SET mac = ''", guarded=False),
    lambda world, _stop: run(world, "UPDATE stop SET mac = 'ünfug'", guarded=False),
    lambda world, _stop: run(world, "UPDATE stop SET id = 'other'", guarded=False),
    lambda world, _stop: run(
        world, "UPDATE audit_event SET event = 'stop:other' WHERE subject = 'stops'", guarded=False
    ),
    lambda world, _stop: run(world, "UPDATE audit_event SET facts = 'x' WHERE subject = 'stops'", guarded=False),
    lambda world, _stop: run(
        world, "UPDATE audit_event SET previous = 'x' WHERE subject = 'stops'", guarded=False
    ),
    lambda world, _stop: run(world, "UPDATE audit_event SET subject = 'x' WHERE subject = 'stops'", guarded=False),
    lambda world, _stop: run(world, "DELETE FROM audit_event WHERE subject = 'stops'", guarded=False),
]


@pytest.mark.parametrize("attack", OWNERS)
def test_even_without_guards_a_broken_stop_stands_and_is_named(
    world: ApprovalWorld, attack: Callable[[ApprovalWorld, str], None]
) -> None:
    request = world.approved()
    stop = world.stops_claims(TOP_UPS)

    attack(world, stop.id)

    require_not_sent(world, request)
    assert faults(world) != []


def test_a_broken_stop_can_be_resumed_by_two_people(world: ApprovalWorld) -> None:
    request = world.approved()
    world.stops_claims()
    run(world, "DELETE FROM stop", guarded=False)
    (stands,) = world.standing()

    world.resumes(stands, by=MILO)
    world.resumes(stands, by=OLE)

    assert world.standing() == ()
    assert isinstance(world.claims(request), ClaimedExecution)


def test_a_stop_by_raw_sql_stops_too(world: ApprovalWorld) -> None:
    request = world.approved()

    run(
        world,
        "INSERT INTO stop (id, scope, cause, mark, reason, person_id, account, name, stopped_at, mac) VALUES "
        "('s', 'card:1', 'person', '', 'by hand', 'U0X', 'U0X', 'X', '2026-11-20 09:00:00.000000', '')",
    )

    require_not_sent(world, request)
    assert faults(world) == ["stop s: its MAC does not fit"]
    (stands,) = world.standing()
    world.resumes(stands, by=MILO)
    world.resumes(stands, by=OLE)
    assert world.standing() == ()


def test_a_clean_database_has_no_faults(world: ApprovalWorld) -> None:
    stop = world.stops_claims()
    world.resumes(stop, by=MARA)
    world.resumes(stop, by=OLE)
    world.stops_claims(TOP_UPS)

    assert faults(world) == []


@pytest.mark.parametrize("value", ["[" * 950 + "]" * 950, "9" * 5000], ids=["deep", "long"])
def test_an_event_that_nobody_can_read_stops_until_two_people_resume_it(world: ApprovalWorld, value: str) -> None:
    """JSON for the database, and more than Python reads."""
    world.asks()
    adds(world, event="stop:began", subject="stops", facts=f'{{"stop":{value}}}')
    world.card = snapshot(card_id="1755903")
    request = world.approved()
    with pytest.raises(Stopped):
        world.claims(request)

    world.resume_all()

    assert isinstance(world.claims(request), ClaimedExecution)
