"""Who could decide under a rule, and why somebody could not."""

import pytest

from approvals.policy.deciders import Decider, count_able, judge
from approvals.policy.rules import choose
from paytend.money import Money
from tests.approvals.world import MARA, MILO, OLE, SAM, flagged, person, rule

RULE = choose((rule(),), action="card.top_up", money=Money.read("10.00 EUR"))


def why(member: object, **asked: object) -> str:
    return judge(member, rule=RULE, **{"requester": "U0SAM", **asked}).why  # type: ignore[arg-type]


def test_a_manager_could() -> None:
    decider = judge(MARA, rule=RULE, requester="U0SAM")

    assert decider == Decider(person_id="U0MARA", account="U0MARA", name="Mara")
    assert decider.could


def test_the_requester_could_not_whichever_account_they_use() -> None:
    other = person("U0MARA2", "manager", identity="U0MARA")

    assert "You asked for this yourself" in why(MARA, requester="U0MARA")
    assert "You asked for this yourself" in why(other, requester="U0MARA")
    assert why(MARA, requester=None) == ""


def test_nobody_without_the_role_could() -> None:
    assert "takes one of these roles: manager" in why(OLE)
    assert "takes one of these roles: manager" in why(SAM, requester=None)


def test_who_changed_the_cardholder_today_could_not() -> None:
    assert "You changed this cardholder" in why(MARA, changed_cardholder=frozenset({"U0MARA"}))
    assert why(MARA, changed_cardholder=frozenset({"U0MILO"})) == ""


@pytest.mark.parametrize("flag", ["is_guest", "is_deactivated", "is_bot", "is_stranger"])
def test_an_account_that_may_do_nothing_could_not(flag: str) -> None:
    assert why(flagged(MARA, flag)) != ""


def test_people_are_counted_and_not_accounts() -> None:
    deciders = [
        judge(member, rule=RULE, requester="U0SAM")
        for member in (MARA, person("U0MARA2", "manager", identity="U0MARA"), MILO, OLE)
    ]

    assert count_able(deciders) == 2
