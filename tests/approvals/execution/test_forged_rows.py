"""Somebody with the bot's database role, or with the SQLite file, writes rows: nothing is sent (A2, A4, A6)."""

# ruff: noqa: S608 - raw SQL is what this is about

import contextlib
from typing import Any

import pytest
from sqlalchemy import text

from approvals.execution.execution import NotClaimed
from approvals.execution.records import ExecutionLeaseLost
from approvals.requests.history import Unproven
from approvals.statuses import Status
from approvals.tables import Request
from paytend.errors import OutcomeUnknown, Unreachable
from tests.approvals.database_guards.test_guards import DECIDE, insert_decision
from tests.approvals.world import ADA, MARA, MILO, ApprovalWorld, rule, snapshot

APPROVE = (
    "UPDATE approval_request SET status = 'approved', version = version + 1, approved_at = created_at, "
    "execute_by = decide_by WHERE id = :id"
)


def writes(world: ApprovalWorld, *statements: str, unguarded: bool = False, **values: Any) -> None:
    """Write as the bot's own role; `unguarded` as somebody who can take the triggers away."""
    with world.database.writing() as session:
        connection = session.connection()
        if unguarded and world.database.is_sqlite:
            triggers = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for name in connection.execute(triggers).scalars().all():
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        elif unguarded:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement), values)


def asks_for_another_card(world: ApprovalWorld) -> Request:
    world.card = snapshot(card_id="1755903")
    return world.asks()


def is_refused(world: ApprovalWorld, request: Request, words: str) -> None:
    """Insist that nothing is sent, that the request stays as it is, and that people are told once."""
    status = world.read(request).status
    for _ in range(2):
        left = world.claims(request)
        assert isinstance(left, NotClaimed), left
        assert (left.status, words in left.words) == (Status.APPROVED, True), left.words
    assert world.read(request).status == status
    assert world.paytend.books == {}
    assert world.events().count("execution:unproven") == 1
    alarms = [told.recipient for told in world.outbox.of("request_unproven")]
    assert alarms == ["C0APPROVALS", "C0ONCALL", "U0ADA"]


def test_a2_a_decision_that_sql_wrote_is_never_carried_out(world: ApprovalWorld) -> None:
    request = world.asks()
    writes(world, DECIDE, **insert_decision(world, request, "U0MARA"))
    writes(world, APPROVE, id=request.id)

    is_refused(world, request, "it is pending in the trail")


def test_a2_a_forged_decision_does_not_count_for_the_quorum(world: ApprovalWorld) -> None:
    world.use(rules=(rule(quorum=2),))
    request = world.asks()
    writes(world, DECIDE, **insert_decision(world, request, "U0MILO"))

    assert world.decides(request, MARA).status == "pending"


def test_a2_a_forged_decision_beside_a_true_one_stops_the_request(world: ApprovalWorld) -> None:
    request = world.asks()
    writes(world, DECIDE, **insert_decision(world, request, "U0MILO"))
    world.decides(request, MARA)

    is_refused(world, request, "does not fit")


def test_a2_the_mac_of_another_decision_does_not_fit(world: ApprovalWorld) -> None:
    world.approved()
    request = asks_for_another_card(world)
    writes(world, DECIDE, **insert_decision(world, request, "U0MARA"))
    copied = "UPDATE approval_decision SET mac = (SELECT mac FROM approval_decision WHERE mac <> '' LIMIT 1)"
    writes(world, f"{copied} WHERE request_id = :id", APPROVE, unguarded=True, id=request.id)

    is_refused(world, request, "trail")


CHANGES = {
    "the amount": "UPDATE approval_request SET amount_minor = 1",
    "the requester": "UPDATE approval_request SET requester_id = 'U0EVE'",
    "the rule": "UPDATE approval_request SET rule = replace(rule, 'manager', 'support')",
    "the quorum": "UPDATE approval_request SET quorum = 0",
    "the reference (A4)": "UPDATE approval_request SET reference = 'another'",
    "the deadline of the decision (A18)": "UPDATE approval_request SET decide_by = '2027-11-20 09:00:00.000000'",
    "the deadline of the execution (A18)": "UPDATE approval_request SET execute_by = '2027-11-20 09:00:00.000000'",
    "the moment of the approval": "UPDATE approval_request SET approved_at = '2026-11-20 09:00:00.000001'",
    "the digest": f"UPDATE approval_request SET digest = '{'0' * 64}'",
    "the MAC": "UPDATE approval_request SET mac = ''",
    "the approver": "UPDATE approval_decision SET person_id = 'U0MILO'",
    "the account": "UPDATE approval_decision SET account = 'U0MILO'",
    "the moment of the decision": "UPDATE approval_decision SET decided_at = '2026-11-20 09:00:00.000001'",
    "no decision": "DELETE FROM approval_decision",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a2_what_was_approved_is_not_carried_out_after_a_change(world: ApprovalWorld, change: str) -> None:
    request = world.approved()
    writes(world, change, unguarded=True)

    is_refused(world, request, "")


def test_a4_what_was_sent_is_not_sent_again_after_the_rows_are_set_back(world: ApprovalWorld) -> None:
    request = world.approved()
    world.executes(request)
    assert len(world.paytend.books) == 1
    writes(
        world,
        "DELETE FROM approval_execution",
        "UPDATE approval_request SET status = 'approved', version = 2, ended_at = NULL",
        unguarded=True,
    )

    left = world.claims(request)
    assert isinstance(left, NotClaimed)
    assert "executed in the trail" in left.words
    assert set(world.paytend.books.values()) == {1}


def test_a4_nor_after_its_events_are_taken_out_of_the_trail_as_well(world: ApprovalWorld) -> None:
    request = world.approved()
    world.executes(request)
    later = world.decides(asks_for_another_card(world))
    writes(
        world,
        "DELETE FROM audit_event WHERE event LIKE 'execution:%'",
        "DELETE FROM approval_execution",
        "UPDATE approval_request SET status = 'approved', version = 2, ended_at = NULL WHERE id = :id",
        unguarded=True,
        id=request.id,
    )

    left = world.claims(request)
    assert isinstance(left, NotClaimed)
    assert "the trail is broken" in left.words
    assert set(world.paytend.books.values()) == {1}
    assert world.executes(later).status == "executed"  # nothing of it can be in the gap: it was opened behind it


def test_a4_an_execution_in_flight_is_not_started_again(world: ApprovalWorld) -> None:
    request = world.approved()
    world.work(request)
    writes(world, "UPDATE approval_request SET status = 'approved', version = version + 1", unguarded=True)

    is_refused(world, request, "executing in the trail")


def test_a_claim_that_was_not_sent_is_made_again(world: ApprovalWorld) -> None:
    request = world.approved()
    world.paytend.before = Unreachable("no connection")
    assert world.executes(request).status == "approved"
    world.passes(seconds=10)
    world.paytend.before = None

    assert world.executes(request).status == "executed"


def test_a6_a_word_that_sql_wrote_settles_nothing(world: ApprovalWorld) -> None:
    world.paytend.before = world.paytend.lookup = OutcomeUnknown("lost")
    request = world.executes(world.approved())
    world.gives_up()
    writes(
        world,
        "INSERT INTO approval_settlement (id, request_id, person_id, account, name, happened, reason, settled_at) "
        f"SELECT 's1', id, 'U0MILO', 'U0MILO', 'x', {'0' if world.database.is_sqlite else 'false'}, 'seen', "
        "approved_at FROM approval_request",
    )

    with pytest.raises(Unproven, match="word of x does not fit its MAC"):
        world.settles(request, MARA, happened=False)
    assert world.read(request).status == "unknown"


def test_true_words_settle(world: ApprovalWorld) -> None:
    world.paytend.before = world.paytend.lookup = OutcomeUnknown("lost")
    request = world.executes(world.approved())
    world.gives_up()
    world.settles(request, MILO, happened=False)

    assert world.settles(request, ADA, happened=False).status == "failed"


@pytest.mark.parametrize(
    "change", ["lease = 'mine'", "lease_until = '2027-11-20 09:00:00.000000'", "attempts = 7"]
)
def test_a4_another_lease_leads_to_no_second_send(world: ApprovalWorld, change: str) -> None:
    request = world.approved()
    work = world.work(request)
    outcome = world.does(work)
    writes(world, f"UPDATE approval_execution SET {change}", unguarded=True)
    with contextlib.suppress(ExecutionLeaseLost):
        world.records(work, outcome)
    for _ in range(10):
        world.sees_leases()
        world.ticks()
        world.looks_up()
        assert world.candidates() == []
        world.passes(minutes=1)

    assert world.read(request).status == "executed"
    assert world.paytend.calls.count("topup") == 1
