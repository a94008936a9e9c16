"""What blocks what: when it is asked for, and when it is claimed, on one replica and on two."""

from functools import partial
from typing import Any

import pytest

from approvals.actions.exclusions import EXCLUSIONS, Shared, find_blockers
from approvals.actions.outcomes import Outcome, Result
from approvals.actions.snapshot import SecondCard
from approvals.actions.table import ACTIONS
from approvals.execution.execution import ClaimedExecution
from approvals.requests.duplicates import AlreadyOpen, Excluded, MoneyBlocked
from approvals.statuses import Status
from approvals.tables import Request
from bot.database.engine import SqlDatabase
from tests.approvals.execution.test_races import Race
from tests.approvals.world import ApprovalWorld, rule, snapshot

CARD, NEW, OTHER = "1755902", "1755910", "1755911"


@pytest.fixture
def world(database: SqlDatabase) -> ApprovalWorld:
    return make_world(database)


def make_world(database: SqlDatabase) -> ApprovalWorld:
    """Return a world in which a manager decides everything."""
    world = ApprovalWorld(database=database)
    world.use(rules=tuple(rule(name=action, action=action) for action in ACTIONS))
    return world


def replaces(world: ApprovalWorld, old: str = CARD, new: str = NEW) -> Request:
    second = SecondCard(card_id=new, status="4")
    world.card = snapshot(card_id=old, second=second)
    payload = {"card_id": old, "new_card_id": new, "reason": ""}
    return world.asks(action="card.replace", payload=payload)


def tops_up(world: ApprovalWorld, card: str = CARD) -> Request:
    world.card = snapshot(card_id=card, second=SecondCard(card_id=NEW, status="4"))
    return world.asks("10.00 EUR")


def asks(world: ApprovalWorld, action: str, *, status: str = "5", **payload: Any) -> Request:
    about = {"subject": payload["holder_id"], "card_id": ""} if action == "cardholder.update" else {}
    card = snapshot(card_id=payload.get("card_id", ""), status=status)
    world.card = card.model_copy(update={**about, "holder_id": payload.get("holder_id", "H1")})
    return world.asks(action=action, payload=payload)


def loses(world: ApprovalWorld, request: Request) -> Request:
    work = world.work(world.decides(request))
    request = world.records(work, Outcome(result=Result.UNKNOWN, words="no answer"))
    assert request.status == "unknown"
    return request


def test_a15_an_unknown_replacement_blocks_top_ups_of_both_cards(world: ApprovalWorld) -> None:
    loses(world, replaces(world))
    for card in (CARD, NEW):
        with pytest.raises(MoneyBlocked):
            tops_up(world, card)


def test_a15_an_unknown_top_up_blocks_replacements_of_and_by_its_card(world: ApprovalWorld) -> None:
    loses(world, tops_up(world))
    with pytest.raises(MoneyBlocked):
        replaces(world, CARD, NEW)
    with pytest.raises(MoneyBlocked):
        replaces(world, OTHER, CARD)


def test_a15_one_new_card_replaces_one_card(world: ApprovalWorld) -> None:
    replaces(world, CARD, NEW)
    with pytest.raises(AlreadyOpen):
        replaces(world, OTHER, NEW)
    with pytest.raises(AlreadyOpen):
        replaces(world, NEW, OTHER)


def test_a15_a_top_up_waits_for_the_replacement_that_was_claimed_first(world: ApprovalWorld) -> None:
    top_up, replacement = tops_up(world), replaces(world)
    world.decides(top_up)
    world.decides(replacement)
    work = world.work(replacement)
    with pytest.raises(MoneyBlocked):
        world.claims(top_up)

    assert world.read(top_up).status == "approved"
    assert world.read(replacement).status == "executing"
    assert work.action == "card.replace"


def test_a15_a_password_waits_until_the_change_of_its_cardholder_has_ended(world: ApprovalWorld) -> None:
    password = asks(world, "card.retrieve_password", card_id=CARD, identified="video")
    change = asks(world, "cardholder.update", holder_id="H1", nationality="LT")
    world.decides(password)
    world.decides(change)
    assert isinstance(world.claims(change), ClaimedExecution)
    world.card = snapshot()
    with pytest.raises(Excluded):
        world.claims(password)


def test_a15_a_password_is_not_asked_for_while_the_cardholder_changes(world: ApprovalWorld) -> None:
    world.decides(asks(world, "cardholder.update", holder_id="H1", nationality="LT"))
    with pytest.raises(Excluded):
        asks(world, "card.retrieve_password", card_id=CARD, identified="video")


def test_a15_other_cards_and_cardholders_do_not_wait(world: ApprovalWorld) -> None:
    loses(world, replaces(world))
    assert tops_up(world, OTHER).status == "pending"


@pytest.mark.parametrize("rounds", [4, pytest.param(40, marks=pytest.mark.soak)])
def test_a15_a_top_up_and_a_replacement_are_never_claimed_together(world: ApprovalWorld, rounds: int) -> None:
    _race(world, world, rounds=rounds)


@pytest.mark.postgres
@pytest.mark.parametrize("rounds", [4, pytest.param(40, marks=pytest.mark.soak)])
def test_a15_nor_on_two_replicas(postgresql: SqlDatabase, rounds: int) -> None:
    world, elsewhere = make_world(postgresql), SqlDatabase(postgresql.engine.url.render_as_string())
    other = ApprovalWorld(database=elsewhere, context=world.context, paytend=world.paytend)
    try:
        _race(world, other, rounds=rounds)
    finally:
        elsewhere.close()


def _race(world: ApprovalWorld, other: ApprovalWorld, *, rounds: int) -> None:
    for number in range(rounds):
        card, new = f"1{number:06}", f"2{number:06}"
        top_up = tops_up(world, card)
        replacement = replaces(world, card, new)
        world.decides(top_up)
        world.decides(replacement)
        other.card = world.card
        race = Race()
        race.run([partial(world.claims, top_up), partial(other.claims, replacement)])

        assert [type(refusal) for refusal in race.refusals] == [MoneyBlocked]
        assert sorted((world.read(top_up).status, world.read(replacement).status)) == ["approved", "executing"]


def test_a15_every_action_excludes_itself_and_every_line_is_there_for_both() -> None:
    for name in ACTIONS:
        for claiming in (False, True):
            blockers = list(find_blockers(name, claiming=claiming))
            assert any(row.action == name and row.shared is Shared.SUBJECT for row in blockers)
            # What is being carried out, or may have been, blocks in every line.
            assert all({Status.EXECUTING, Status.UNKNOWN} <= row.statuses for row in blockers)
    for line in EXCLUSIONS:
        one, other = line.actions
        assert any(row.action == other for row in find_blockers(one, claiming=True))
        assert any(row.action == one for row in find_blockers(other, claiming=True))
