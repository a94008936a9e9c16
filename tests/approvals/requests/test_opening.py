"""Asking: what may be asked at all, under which rule and limits."""

import pytest

from approvals.actions.outcomes import Outcome, Result
from approvals.actions.usability import CardUnusable
from approvals.policy.people import Deactivated, Guest, IsBot, NotInRole, Stranger
from approvals.policy.rules import LimitReached, NothingAllows, Policy
from approvals.requests.duplicates import AlreadyOpen, AskAgain, MoneyBlocked
from approvals.requests.opening import NobodyCanDecide, OtherCard, Unfit
from approvals.tables import CardholderChange
from tests.approvals.world import MARA, MILO, SAM, ApprovalWorld, flagged, limit, person, rule, snapshot


def test_a_requester_who_is_not_in_the_channel_follows_a_copy(small: ApprovalWorld) -> None:
    small.executes(small.decides(small.asks(follows=True)))

    assert [told.recipient for told in small.outbox.of("request_card")] == ["C0APPROVALS", "U0SAM"]
    assert {told.recipient for told in small.outbox.of("request_outcome")} == {"C0APPROVALS", "U0SAM"}


def test_a_gate_that_nobody_can_satisfy_is_refused(small: ApprovalWorld) -> None:
    small.use(rules=(rule(quorum=3),))
    with pytest.raises(NobodyCanDecide, match="needs 3 approvals by manager, but only 2 people can"):
        small.asks()
    small.use(rules=(rule(approvers=["ghosts"]),))
    with pytest.raises(NobodyCanDecide, match="nobody can"):
        small.asks()


def test_the_requester_does_not_count_among_those_who_could(small: ApprovalWorld) -> None:
    small.members_by_account = {"U0BOTH": person("U0BOTH", "support", "manager")}
    with pytest.raises(NobodyCanDecide):
        small.asks(by=small.members_by_account["U0BOTH"])


def test_who_changed_the_cardholder_today_does_not_count_among_those_who_could(small: ApprovalWorld) -> None:
    small.use(rules=(rule(quorum=2),))
    with small.database.writing() as session:
        session.add(CardholderChange(id="c1", cardholder_id="H1", person_id="U0MARA", changed_at=small.now))

    with pytest.raises(NobodyCanDecide, match="only 1 person can"):
        small.asks()

    small.passes(hours=24)
    assert small.asks().status == "pending"


def test_nothing_matches_means_refused(small: ApprovalWorld) -> None:
    small.use(rules=())
    with pytest.raises(NothingAllows):
        small.asks()


def test_a_second_open_request_names_the_first(world: ApprovalWorld) -> None:
    first = world.asks()
    with pytest.raises(AlreadyOpen) as refusal:
        world.asks("20.00 EUR", again=True)
    assert first.phrase in str(refusal.value)
    assert "Sam" in str(refusal.value)


def test_the_same_again_within_ten_minutes_asks(world: ApprovalWorld) -> None:
    world.decides(world.asks(), deny="not agreed")
    world.passes(minutes=9)

    with pytest.raises(AskAgain):
        world.asks()
    world.decides(world.asks("11.00 EUR"), deny="not agreed")
    assert world.asks(again=True).status == "pending"


def test_s15_what_was_withdrawn_is_asked_for_without_a_question(world: ApprovalWorld) -> None:
    world.withdraws(world.asks())

    assert world.asks().status == "pending"


def test_the_same_amount_of_another_currency_for_another_card_or_action_is_not_the_same(
    small: ApprovalWorld,
) -> None:
    small.use(rules=(rule(), rule(action="card.found", name="found")))
    small.withdraws(small.asks("10.00 EUR"))

    small.withdraws(small.asks("1000 JPY"))  # the same number of the smallest unit as 10.00 EUR
    small.withdraws(small.asks(action="card.found", payload={"card_id": "1755902"}, snapshot=snapshot(status="6")))
    small.card = snapshot(card_id="2")
    assert small.asks("10.00 EUR").status == "pending"


def test_after_ten_minutes_nobody_is_asked(small: ApprovalWorld) -> None:
    small.withdraws(small.asks())
    small.passes(minutes=10)
    assert small.asks().status == "pending"


@pytest.mark.parametrize("status", ["4", "6", "7", "8", "10", "77"])
def test_a_card_that_cannot_be_used_is_refused_at_once(small: ApprovalWorld, status: str) -> None:
    small.card = snapshot(status=status)
    with pytest.raises(CardUnusable):
        small.asks()


@pytest.mark.parametrize(
    "amount", ["0.00 EUR", "-1.00 EUR", "1.001 EUR", "1 XXX", "NaN EUR", "1e9 EUR", "EUR", ""]
)
def test_an_amount_that_is_none_is_refused(small: ApprovalWorld, amount: str) -> None:
    with pytest.raises(Unfit):
        small.asks(amount)


def test_the_card_looked_up_must_be_the_one_asked_for(small: ApprovalWorld) -> None:
    with pytest.raises(OtherCard):
        small.asks(snapshot=snapshot(card_id="999"))


def test_only_support_asks(small: ApprovalWorld) -> None:
    with pytest.raises(NotInRole, match="support"):
        small.asks(by=MARA)


@pytest.mark.parametrize(
    ("flag", "refusal"),
    [("is_guest", Guest), ("is_deactivated", Deactivated), ("is_bot", IsBot), ("is_stranger", Stranger)],
)
def test_only_active_full_members_ask(small: ApprovalWorld, flag: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        small.asks(by=flagged(SAM, flag))


def test_a_limit_refuses(world: ApprovalWorld) -> None:
    world.use(limits=(limit(over="100.00 EUR"),))
    world.executes(world.approved("60.00 EUR"))

    with pytest.raises(LimitReached, match=r"100\.01 EUR in 24 h"):
        world.asks("40.01 EUR")
    assert world.asks("40.00 EUR").status == "pending"


def test_a_limit_raises_the_quorum(world: ApprovalWorld) -> None:
    world.use(limits=(limit(per="requester", over="100.00 EUR", then={"quorum": 2}),))
    first = world.asks("60.00 EUR")
    world.card = snapshot(card_id="222")
    second = world.asks("60.00 EUR")

    assert (first.quorum, second.quorum) == (1, 2)
    assert world.decides(first).status == "approved"
    assert world.decides(second).status == "pending"
    world.card = snapshot()
    assert world.executes(first).status == "executed"
    world.card = snapshot(card_id="222")
    world.decides(second, MILO)
    assert world.executes(second).status == "executed"


def test_a_limit_on_an_action_that_moves_no_money_stops_nothing(small: ApprovalWorld) -> None:
    small.use(rules=(rule(action="card.found", name="found"),), limits=(limit(action="card.found"),))

    asked = small.asks(action="card.found", payload={"card_id": "1755902"}, snapshot=snapshot(status="6"))
    assert asked.status == "pending"


def test_a_sum_forgets_what_was_executed_before_the_window(small: ApprovalWorld) -> None:
    small.use(limits=(limit(over="100.00 EUR"),))
    small.executes(small.approved("100.00 EUR"))
    small.passes(hours=24)
    assert small.asks("100.00 EUR").status == "pending"


def test_denied_and_withdrawn_requests_do_not_count(small: ApprovalWorld) -> None:
    small.use(limits=(limit(over="100.00 EUR"),))
    small.decides(small.asks("100.00 EUR"), deny="no thanks")
    small.withdraws(small.asks("99.00 EUR"))
    assert small.asks("98.00 EUR").status == "pending"


def test_another_currency_does_not_walk_around_a_limit(small: ApprovalWorld) -> None:
    small.use(limits=(limit(),))
    with pytest.raises(LimitReached):
        small.asks("1.00 USD")


def test_an_empty_policy_is_no_policy() -> None:
    assert Policy().rules == ()


def test_asking_again_is_a_question_and_not_a_refusal_that_is_recorded(small: ApprovalWorld) -> None:
    request = small.asks()
    small.decides(request, deny="not agreed")
    with pytest.raises(AskAgain) as asked:
        small.asks()

    assert not asked.value.is_recorded
    assert asked.value.facts["request"] == request.id


def test_what_blocks_money_names_the_request(small: ApprovalWorld) -> None:
    request = small.approved()
    small.records(small.work(request), Outcome(result=Result.UNKNOWN, words="no answer"))
    with pytest.raises(MoneyBlocked) as blocked:
        small.asks()

    assert blocked.value.facts["request"] == request.id


def test_a_second_request_names_the_first(small: ApprovalWorld) -> None:
    request = small.asks()
    with pytest.raises(AlreadyOpen) as refused:
        small.asks()

    assert refused.value.facts["request"] == request.id
