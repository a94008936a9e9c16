"""Lines of a policy without effect: tiers in the wrong order, limits on what has no amount, nobody who decides."""

from typing import Any

import pytest

from approvals.policy.people import RoleRule
from approvals.policy.rules import Policy
from approvals.policy.vain_lines import find_vain_lines
from tests.approvals.world import limit, rule

ROLES = {"manager": RoleRule(groups=("S0MANAGER",)), "admin": RoleRule(people=("U0ADA", "U0ADA2"))}
TOP_UP = rule(name="top-ups")
LARGE, LARGER = rule(name="large", over="500.00 EUR"), rule(name="larger", over="10000.00 EUR", quorum=2)


def found(*rules: Any, limits: tuple[Any, ...] = (), same: tuple[tuple[str, ...], ...] = ()) -> list[str]:
    policy = Policy(rules=rules, limits=limits)
    rows = find_vain_lines(policy, roles=ROLES, same_person=same)
    return [f"{row.section}.{row.place}.{row.key}: {row.why}" for row in rows]


def test_a24_a_larger_tier_behind_a_smaller_one_can_never_decide() -> None:
    assert found(LARGER, LARGE, TOP_UP) == []
    (line,) = found(LARGE, LARGER, TOP_UP)
    assert line.startswith("policy.1.: “larger” can never decide: “large” stands before it")
    assert "takes everything over 500.00 EUR; put the larger amounts first" in line
    assert "takes every amount" in found(TOP_UP, LARGE)[0]
    assert "takes every amount" in found(TOP_UP, rule(name="again"))[0]
    assert len(found(LARGE, rule(name="same", over="500.00 EUR"), TOP_UP)) == 1


def test_a24_another_currency_or_action_hides_nothing() -> None:
    assert found(LARGE, rule(name="usdt", over="1.00 USDT"), TOP_UP) == []
    assert found(TOP_UP, rule(name="found", action="card.found")) == []


def test_a24_a_line_for_the_rest_that_no_amount_is_left_for() -> None:
    every, usdt = rule(name="every", over="0.00 EUR"), rule(name="usdt", over="0.00 USDT")
    (line,) = found(every, TOP_UP)
    assert line == "policy.1.: “top-ups” can never decide: the lines before it take every amount"
    assert len(found(every, usdt, TOP_UP)) == 1
    assert found(rule(name="cents", over="0.01 EUR"), TOP_UP) == []


@pytest.mark.parametrize("action", ["card.found", "card.retrieve_password", "card.apply", "cardholder.update"])
def test_a24_a_threshold_or_a_limit_on_what_has_no_amount(action: str) -> None:
    assert "has no amount" in found(rule(name="x", action=action, over="5.00 EUR"))[0]
    (line,) = found(rule(name="x", action=action), limits=(limit(action=action),))
    assert line.startswith("limits.0.: this limit has no effect: ")
    assert "has no amount" in line


def test_a24_limits_that_another_one_reaches_first() -> None:
    refuse = limit(over="1000.00 EUR")
    assert found(TOP_UP, limits=(refuse, limit(over="2000.00 EUR", then={"quorum": 2})))[0].startswith("limits.1")
    assert found(TOP_UP, limits=(limit(over="2000.00 EUR", then={"quorum": 2}), refuse))[0].startswith("limits.0")
    assert found(TOP_UP, limits=(limit(over="500.00 EUR", then={"quorum": 2}), refuse)) == []
    assert found(TOP_UP, limits=(refuse, limit(over="2000.00 EUR", window="7d"))) == []
    assert found(TOP_UP, limits=(refuse, limit(over="2000.00 EUR", per="requester"))) == []
    assert len(found(TOP_UP, limits=(refuse, refuse))) == 1
    assert "without it" in found(rule(quorum=2), limits=(limit(then={"quorum": 2}),))[0]
    assert "refused in any case" in found(limits=(limit(),))[0]


def test_a24_rules_that_nobody_can_decide() -> None:
    assert "nobody has such a role" in found(rule(approvers=["oncall"]))[0]
    assert found(rule(approvers=["admin"], quorum=2)) == []
    assert "only 1 person has" in found(rule(approvers=["admin"], quorum=2), same=(("U0ADA", "U0ADA2"),))[0]
    assert "bounds nothing" in found(rule(over="-5.00 EUR"))[0]
    assert found(rule(action="card.apply", approvers=[], lifted=True)) == []


def test_a24_all_lines_at_once() -> None:
    lines = found(
        TOP_UP,
        LARGE,
        rule(name="found", action="card.found", over="1.00 EUR"),
        limits=(limit(action="card.found"),),
    )
    assert [line.partition(": ")[0] for line in lines] == ["policy.1.", "policy.2.over", "limits.0."]
    assert found(TOP_UP, same=(("U0SAM",), ("U0SAM", "U0SAM2"))) == [
        "same_person.0.: a list joins two accounts or more; this one has no effect"
    ]
