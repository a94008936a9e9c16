"""`cardops check`: fine on a sound database, and each broken invariant is found."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from approvals.actions.outcomes import Outcome, Result
from tests.approvals.world import ADA, MILO, ApprovalWorld
from tests.bot.cli.conftest import Operator


def alter(world: ApprovalWorld, *statements: str) -> None:
    """Change rows past every guard, as the owner of the database can."""
    with world.database.writing() as session:
        connection = session.connection()
        if world.database.is_sqlite:
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars()
            for name in list(names):
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))


def test_a_sound_database_is_fine(operator: Operator) -> None:
    world = operator.world()
    world.executes(world.approved())
    world.decides(world.asks("11.00 EUR"), deny="no reason at all")

    status, said, err = operator.types("check")

    assert status == 0
    assert said.count("ok ") == 8
    assert "request" not in err


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["UPDATE approval_execution SET outcome = 'failed'"], "no execution says so"),
        (["UPDATE approval_execution SET provider_reference = ''"], "without a reference of Paytend's"),
        (["UPDATE approval_request SET quorum = 2"], "without its quorum"),
        (["UPDATE approval_decision SET digest = 'x'"], "decision on other content"),
        (["UPDATE approval_decision SET person_id = 'U0SAM'"], "by its requester"),
        (["UPDATE approval_request SET status = 'denied'", "DELETE FROM approval_decision"], "denied by nobody"),
        (
            [
                "UPDATE approval_request SET status = 'unknown'",
                "UPDATE approval_execution SET next_look_at = NULL",
            ],
            "neither is Paytend asked",
        ),
        (["UPDATE audit_event SET actor = 'nobody' WHERE seq = 2"], "at event 2"),
        (["DELETE FROM audit_event WHERE seq = 2"], "at event 2"),
    ],
)
def test_what_is_broken_is_found(operator: Operator, statements: list[str], said: str) -> None:
    world = operator.world()
    world.executes(world.approved())
    alter(world, *statements)

    status, _, err = operator.types("check")

    assert status == 1
    assert said in err


def test_what_executes_for_over_an_hour_is_found(operator: Operator) -> None:
    world = operator.world()
    world.now -= timedelta(days=100)
    world.claims(world.approved())

    status, _, err = operator.types("check")

    assert status == 1
    assert "executing for over an hour" in err


def test_what_two_people_settled_needs_no_reference(operator: Operator) -> None:
    world = operator.world()
    work = world.work(world.approved())
    request = world.records(work, Outcome(result=Result.UNKNOWN, words="no answer"))
    world.paytend.lookup_status = "9"
    world.gives_up()
    for who in (ADA, MILO):
        world.settles(request, who, happened=True)

    assert world.read(request).status == "executed"
    assert operator.types("check")[0] == 0
