"""Rests and limits when somebody changes the rows, or deletes the events, that they are counted from (A2)."""

# ruff: noqa: S608 - raw SQL is what this is about

import pytest

from approvals.actions.outcomes import Outcome, Result
from approvals.execution.execution import NotClaimed
from approvals.policy.eligibility import RequesterChangedCardholder
from approvals.policy.rules import LimitReached
from approvals.tables import Request
from tests.approvals.actions.payloads import PAYLOADS
from tests.approvals.audit.test_breaks import fill, inserts
from tests.approvals.execution.test_forged_rows import writes
from tests.approvals.world import ApprovalWorld, limit, person, rule, snapshot

LONG_AGO = "2026-11-01 09:00:00.000000"


def restarts(world: ApprovalWorld) -> None:
    world.database.recollection.clear()


def changes_cardholder(world: ApprovalWorld) -> Request:
    """SAM changes the cardholder of the card, an hour passes, and the trail goes on."""
    card, rules = world.card, world.context.policy.rules
    world.use(rules=(rule(action="cardholder.update"), *rules))
    world.card = snapshot(subject="101982", holder_id="101982")
    request = world.decides(world.asks(action="cardholder.update", payload=PAYLOADS["cardholder.update"]))
    request = world.records(world.work(request), Outcome(result=Result.EXECUTED, words="done"))
    world.card = card.model_copy(update={"holder_id": "101982"})
    world.passes(hours=1)
    fill(world.database)
    return request


def asks_again(world: ApprovalWorld, amount: str) -> Request:
    """By the same person for the same card, who answers that it is meant."""
    return world.asks(amount, again=True)


@pytest.mark.parametrize("process", ["goes on", "starts again"])
@pytest.mark.parametrize(
    "change",
    ["DELETE FROM cardholder_change", f"UPDATE cardholder_change SET changed_at = '{LONG_AGO}'"],
    ids=["deleted", "dated back"],
)
def test_a14_a_rest_goes_on_when_its_row_is_changed(world: ApprovalWorld, change: str, process: str) -> None:
    changes_cardholder(world)
    writes(world, change, unguarded=True)
    if process == "starts again":
        restarts(world)

    with pytest.raises(RequesterChangedCardholder):
        world.asks()
    world.passes(hours=23)
    assert world.asks().status == "pending"


def test_a14_a_rest_whose_event_is_deleted_too_is_remembered_by_who_has_read_it(world: ApprovalWorld) -> None:
    changes_cardholder(world)
    with pytest.raises(RequesterChangedCardholder):
        world.asks()
    takes_away_the_change(world)

    with pytest.raises(RequesterChangedCardholder):
        world.asks()


def takes_away_the_change(world: ApprovalWorld) -> None:
    where = "event = 'execution:executed' AND facts LIKE '%changed_cardholder%'"
    writes(world, "DELETE FROM cardholder_change", f"DELETE FROM audit_event WHERE {where}", unguarded=True)


def test_a14_behind_a_gap_no_money_moves_for_a_day_or_until_two_admins_answer_for_it(world: ApprovalWorld) -> None:
    changes_cardholder(world)
    takes_away_the_change(world)
    restarts(world)

    request = world.approved()  # nothing says any more that SAM changed the cardholder
    left = world.claims(request)
    assert isinstance(left, NotClaimed)
    assert ("what rests and limits count may be lost" in left.words, left.status) == (True, "approved")
    assert world.paytend.books == {}

    world.passes(hours=25)
    world.ticks()
    assert world.executes(world.approved()).status == "executed"


def test_a5_what_somebody_adds_to_the_trail_stops_no_money(world: ApprovalWorld) -> None:
    changes_cardholder(world)
    for _ in range(2):
        inserts(world.database, "9" * 64)
    restarts(world)
    world.members_by_account["U0SUE"] = person("U0SUE", "support")

    request = world.asks(by=world.members_by_account["U0SUE"])
    assert world.executes(world.decides(request)).status == "executed"
    with pytest.raises(RequesterChangedCardholder):
        world.asks(again=True)


@pytest.mark.parametrize(
    ("per", "change"),
    [
        ("card", "amount_minor = 1"),
        ("card", "subject = '1759999'"),
        ("requester", "requester_account = 'U0EVE'"),
        ("card", f"ended_at = '{LONG_AGO}'"),
        ("requester", "status = 'failed'"),
        ("card", "currency = 'USD'"),
    ],
)
def test_a2_a_changed_row_raises_no_limit(small: ApprovalWorld, per: str, change: str) -> None:
    small.use(limits=(limit(per=per),))
    small.executes(small.approved("600.00 EUR"))
    writes(small, f"UPDATE approval_request SET {change}", unguarded=True)
    restarts(small)

    with pytest.raises(LimitReached):
        asks_again(small, "600.00 EUR")
    assert asks_again(small, "400.00 EUR").status == "pending"


def test_a2_a_deleted_row_raises_no_limit_and_what_is_counted_twice_lowers_none(world: ApprovalWorld) -> None:
    world.use(limits=(limit(),))
    world.executes(world.approved("600.00 EUR"))
    assert asks_again(world, "100.00 EUR").status == "pending"
    tables = ("approval_decision", "approval_execution", "approval_request")
    writes(world, *(f"DELETE FROM {table}" for table in tables), unguarded=True)

    with pytest.raises(LimitReached):
        asks_again(world, "600.00 EUR")


def test_a2_what_was_paid_counts_as_long_as_the_limit_looks_back(small: ApprovalWorld) -> None:
    small.use(limits=(limit(),))
    small.executes(small.approved("600.00 EUR"))
    writes(small, "UPDATE approval_request SET amount_minor = 1", unguarded=True)
    small.passes(hours=24)

    assert asks_again(small, "600.00 EUR").status == "pending"
