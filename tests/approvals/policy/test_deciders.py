"""Who could decide under a rule, and why somebody could not."""

import pytest

from approvals.policy.eligibility import Decider, count_able, judge_decider
from approvals.policy.people import Member
from approvals.policy.rules import choose_rule
from paytend.money import Money
from tests.approvals.world import MARA, MILO, OLE, SAM, flagged, person, rule

RULE = choose_rule((rule(),), action="card.top_up", money=Money.read("10.00 EUR"))


def why(member: Member, *, requester: str | None = "U0SAM", changers: frozenset[str] = frozenset()) -> str:
    return judge_decider(member, rule=RULE, requester=requester, changers=changers).why


def test_a_manager_could() -> None:
    decider = judge_decider(MARA, rule=RULE, requester="U0SAM")

    assert decider == Decider(person_id="U0MARA", account="U0MARA", name="Mara")
    assert decider.can_decide


def test_the_requester_could_not_whichever_account_they_use() -> None:
    other = person("U0MARA2", "manager", identity="U0MARA")

    assert "You can’t approve your own request" in why(MARA, requester="U0MARA")
    assert "You can’t approve your own request" in why(other, requester="U0MARA")
    assert why(MARA, requester=None) == ""


def test_nobody_without_the_role_could() -> None:
    assert "Only manager can do this" in why(OLE)
    assert "Only manager can do this" in why(SAM, requester=None)


def test_who_changed_the_cardholder_today_could_not() -> None:
    assert "You changed this cardholder" in why(MARA, changers=frozenset({"U0MARA"}))
    assert why(MARA, changers=frozenset({"U0MILO"})) == ""


@pytest.mark.parametrize("flag", ["is_guest", "is_deactivated", "is_bot", "is_stranger"])
def test_an_account_that_may_do_nothing_could_not(flag: str) -> None:
    assert why(flagged(MARA, flag)) != ""


def test_people_are_counted_and_not_accounts() -> None:
    deciders = [
        judge_decider(member, rule=RULE, requester="U0SAM")
        for member in (MARA, person("U0MARA2", "manager", identity="U0MARA"), MILO, OLE)
    ]

    assert count_able(deciders) == 2
