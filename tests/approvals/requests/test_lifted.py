"""What a rule lets one person do alone, at the desk and in the database itself."""

# ruff: noqa: S608 - raw SQL is what this is about

from typing import Any

import pytest
from sqlmodel import SQLModel

from approvals.actions.outcomes import Outcome, Result
from approvals.actions.table import ACTIONS
from approvals.database_guards.forbidden_changes import LIFTABLE
from approvals.execution.execution import NotClaimed
from approvals.execution.rights_recheck import RightsUnreadable
from approvals.policy.rules import NothingAllows, PolicyRule
from approvals.requests.duplicates import AlreadyOpen
from approvals.tables import Request
from tests.approvals.database_guards.test_guards import MOVE, refused
from tests.approvals.standins import CARD
from tests.approvals.world import ADA, MARA, SAM, ApprovalWorld, flagged, person, rule, snapshot

INACTIVE, LOST = "4", "6"


def alone(action: str = "card.activate", **changes: Any) -> PolicyRule:
    """A rule that needs nobody else."""
    return PolicyRule.model_validate({"name": "alone", "action": action, "lifted": True, **changes})


def activates(world: ApprovalWorld) -> Request:
    """Ask for an activation."""
    world.use(rules=(alone(), rule()))
    world.card = snapshot(status=INACTIVE)
    return world.asks(action="card.activate", payload={"card_id": CARD, "holder_id": "H1"})


def ends(world: ApprovalWorld, request: Request, result: Result) -> Request:
    """Carry it out with this result."""
    return world.records(world.work(request), Outcome(result=result, words="as Paytend says"))


def test_it_is_approved_by_its_rule_with_a_quorum_that_nobody_had_to_give(world: ApprovalWorld) -> None:
    request = activates(world)

    assert (request.status, request.quorum, request.roles) == ("approved", 1, ",,")
    assert '"lifted":true' in request.rule
    assert world.decisions(request) == 0
    assert world.events() == ["approval:opened", "approval:lifted"]
    assert world.waiting(MARA) == []
    facts = world.message_facts(request)
    assert (facts["approvals"], facts["buttons"], facts["approved"]) == ("none needed", ["request_stop"], None)
    assert world.verified().is_intact


@pytest.mark.parametrize("flag", ["is_guest", "is_deactivated", "is_stranger"])
def test_a_requester_who_is_no_active_member_any_more_does_nothing_alone(small: ApprovalWorld, flag: str) -> None:
    request = activates(small)
    small.members_by_account["U0SAM"] = flagged(SAM, flag)

    assert isinstance(small.claims(request), NotClaimed)
    assert small.read(request).status == "failed"


def test_only_one_is_open_for_a_card(world: ApprovalWorld) -> None:
    activates(world)

    with pytest.raises(AlreadyOpen):
        activates(world)


def test_it_is_carried_out_once_and_reconciled(world: ApprovalWorld) -> None:
    request = activates(world)
    world.paytend.card_status = INACTIVE

    assert ends(world, request, Result.UNKNOWN).status == "unknown"
    assert world.candidates() == []
    world.gives_up()
    world.settles(request, person("U0SUE", "support"), happened=True)

    assert world.settles(request, ADA, happened=True).status == "executed"


def test_what_was_never_sent_is_tried_again_until_its_time_is_over(world: ApprovalWorld) -> None:
    request = activates(world)
    assert ends(world, request, Result.NEVER_SENT).status == "approved"

    world.passes(hours=1)
    world.ticks()

    assert world.read(request).status == "expired"


def test_a_policy_that_asks_for_people_by_now_stops_it(world: ApprovalWorld) -> None:
    request = activates(world)
    world.use(rules=(rule(action="card.activate"),))

    claimed = world.claims(request)

    assert isinstance(claimed, NotClaimed)
    assert world.read(request).status == "failed"
    assert "needs a second person now" in world.read(request).reason


def test_a_requester_who_lost_the_right_meanwhile_does_nothing(world: ApprovalWorld) -> None:
    request = activates(world)
    assert world.candidates()[0].accounts == (SAM.person.account,)
    world.members_by_account = {SAM.person.account: person("U0SAM", "oncall")}

    world.claims(request)

    assert world.read(request).status == "failed"
    assert world.paytend.calls == []


def test_while_nobody_knows_the_requesters_rights_it_waits(world: ApprovalWorld) -> None:
    request = activates(world)
    world.members_by_account = {}

    with pytest.raises(RightsUnreadable):
        world.claims(request)
    assert world.read(request).status == "approved"


def test_what_was_asked_for_with_a_second_person_is_not_lifted_afterwards(world: ApprovalWorld) -> None:
    world.use(rules=(rule(action="card.activate"),))
    world.card = snapshot(status=INACTIVE)
    request = world.asks(action="card.activate", payload={"card_id": CARD, "holder_id": "H1"})
    world.use(rules=(alone(),))

    assert world.read(request).status == "pending"
    assert world.waiting(MARA) == [request.id]
    refused(world, f"{MOVE} WHERE id = '{request.id}'", status="approved")
    assert ends(world, world.decides(request), Result.EXECUTED).status == "executed"


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("card.top_up", {"money": "10.00 EUR"}),
        ("card.retrieve_password", {"identified": "video"}),
        ("card.found", {}),
    ],
)
def test_the_desk_refuses_a_rule_that_lifts_what_cannot_be_lifted(
    world: ApprovalWorld, action: str, payload: dict[str, str]
) -> None:
    world.use(rules=(alone(action),))
    world.card = snapshot(status=LOST) if action == "card.found" else world.card

    with pytest.raises(NothingAllows):
        world.asks(action=action, payload={"card_id": CARD, **payload})


def test_the_database_lifts_what_the_table_of_actions_lifts() -> None:
    assert set(LIFTABLE) == {name for name, action in ACTIONS.items() if not action.always}


def insert_like(request: Request, **changes: str) -> str:
    """SQL that inserts a copy of a request with other values."""
    columns = [column.name for column in SQLModel.metadata.tables["approval_request"].columns]
    new = {"id": "'x'", "reference": "'r'", "subject": "'s'", "status": "'pending'", "version": "1"}
    new |= {"approved_at": "NULL", "execute_by": "NULL", **changes}
    values = ", ".join(new.get(column, column) for column in columns)
    return (
        f"INSERT INTO approval_request ({', '.join(columns)}) SELECT {values} FROM approval_request "
        f"WHERE id = '{request.id}'"
    )


@pytest.mark.parametrize("action", ["card.top_up", "card.replace", "card.retrieve_password", "card.found"])
def test_no_sql_lifts_money_replacements_or_passwords(world: ApprovalWorld, action: str) -> None:
    lifted = activates(world)

    refused(world, insert_like(lifted, action=f"'{action}'"))
    refused(world, insert_like(lifted, amount_minor="100"))


def test_no_sql_lifts_what_its_rule_does_not(world: ApprovalWorld) -> None:
    lifted = activates(world)
    others = ('{"lifted":false}', '{"name":"\\"lifted\\":true"}', '{"lifted": true}')

    for number, text in enumerate(others):
        new = {"id": f"'x{number}'", "reference": f"'r{number}'", "subject": f"'s{number}'", "rule": f"'{text}'"}
        with world.database.writing() as session:
            session.connection().exec_driver_sql(insert_like(lifted, **new))
        move = f"{MOVE}, approved_at = created_at, execute_by = decide_by WHERE id = 'x{number}'"
        refused(world, move, status="approved")


def test_no_sql_makes_a_lifted_request_with_a_quorum_of_nobody_or_born_approved(world: ApprovalWorld) -> None:
    lifted = activates(world)

    refused(world, insert_like(lifted, quorum="0"))
    refused(world, insert_like(lifted, status="'approved'"))
    refused(world, insert_like(lifted, status="'approved'", version="2"))
