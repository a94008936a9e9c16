"""One human with two accounts is one person: for sums, quorums and lists, also after the identity map changed."""

import pytest

from approvals.execution.execution import NotClaimed
from approvals.policy.people import Member
from approvals.policy.rules import LimitReached
from approvals.requests.decision_validity import AlreadyDecided
from tests.approvals.world import MARA, MILO, ApprovalWorld, limit, person, rule, snapshot

SAM2 = person("U0SAM2", "support")
BOTH = ("U0SAM2", "U0SAM")


def _now(world: ApprovalWorld, *same: tuple[str, ...]) -> None:
    """Edit `same_person`; everybody is who they are by the new map from now on."""
    world.same(*same)


def _asks(world: ApprovalWorld, amount: str, *, by: str, card: str) -> None:
    world.card = snapshot(card_id=card, holder_id=f"H{card}")
    world.asks(amount, by=world.members_by_account[by])


@pytest.mark.parametrize("same", [(BOTH,), (tuple(reversed(BOTH)),), (("U0X", "U0SAM"), ("U0SAM2", "U0X"))])
def test_a13_a_sum_is_a_persons_whichever_account_asks(world: ApprovalWorld, same: tuple[tuple[str, ...]]) -> None:
    world.use(limits=(limit(per="requester", over="100.00 EUR"),))
    world.members_by_account["U0SAM2"] = SAM2
    _now(world, *same)
    _asks(world, "90.00 EUR", by="U0SAM", card="C1")

    with pytest.raises(LimitReached):
        _asks(world, "20.00 EUR", by="U0SAM2", card="C2")


@pytest.mark.parametrize("edited", [(BOTH,), (("U0AAA", *BOTH),), (("U0AAA", "U0SAM"), ("U0AAA", "U0SAM2"))])
def test_a13_editing_the_identity_map_resets_no_sum(world: ApprovalWorld, edited: tuple[tuple[str, ...]]) -> None:
    world.use(limits=(limit(per="requester", over="100.00 EUR"),))
    world.members_by_account["U0SAM2"] = SAM2
    _asks(world, "60.00 EUR", by="U0SAM", card="C1")
    _asks(world, "30.00 EUR", by="U0SAM2", card="C2")
    _now(world, *edited)

    for account in BOTH:
        with pytest.raises(LimitReached):
            _asks(world, "20.00 EUR", by=account, card="C3")


def test_a13_people_that_were_joined_by_mistake_have_their_own_sums_again(world: ApprovalWorld) -> None:
    world.use(limits=(limit(per="requester", over="100.00 EUR"),))
    world.members_by_account["U0SAM2"] = SAM2
    _now(world, BOTH)
    _asks(world, "90.00 EUR", by="U0SAM2", card="C1")
    _now(world)

    _asks(world, "20.00 EUR", by="U0SAM", card="C2")
    with pytest.raises(LimitReached):
        _asks(world, "20.00 EUR", by="U0SAM2", card="C3")


def test_a13_two_approvals_of_one_person_count_once_at_the_claim(world: ApprovalWorld) -> None:
    world.use(rules=(rule(quorum=2),))
    request = world.decides(world.decides(world.asks(), MARA), MILO)
    assert request.status == "approved"
    _now(world, ("U0MILO", "U0MARA"))

    outcome = world.claims(request)

    assert isinstance(outcome, NotClaimed)
    assert "belong to one person" in outcome.words
    assert world.read(request).status == "pending"
    assert world.message_facts(request)["approvals"] == "1 of 2"
    with pytest.raises(AlreadyDecided):
        world.decides(request, world.members_by_account["U0MILO"])
    lena = world.members_by_account["U0LENA"] = person("U0LENA", "manager")
    world.decides(request, lena)
    assert world.executes(request).status == "executed"


def test_a13_an_approval_stays_when_its_person_gets_another_id(world: ApprovalWorld) -> None:
    request = world.approved()
    _now(world, ("U0MARA", "U0AAA"))  # by the new map her id is U0AAA

    assert world.executes(request).status == "executed"


def test_a13_a_pending_request_counts_people_by_the_map_of_now(world: ApprovalWorld) -> None:
    world.use(rules=(rule(quorum=3),))
    lena = world.members_by_account["U0LENA"] = person("U0LENA", "manager")
    request = world.decides(world.decides(world.asks(), MARA), MILO)
    _now(world, ("U0MILO", "U0MARA"))

    assert world.decides(request, lena).status == "pending"


def test_a13_what_waits_and_what_is_mine_follow_the_person(small: ApprovalWorld) -> None:
    small.members_by_account["U0SAM2"] = person("U0SAM2", "support", "manager")
    request = small.asks()
    assert small.waiting(_known(small, "U0SAM2")) == [request.id]
    _now(small, BOTH)

    assert small.waiting(_known(small, "U0SAM2")) == []
    assert small.mine(_known(small, "U0SAM2")) == [request.id]


def _known(world: ApprovalWorld, account: str) -> Member:
    return world.members_by_account[account]
