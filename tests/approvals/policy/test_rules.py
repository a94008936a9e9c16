"""Which rule applies, how limits raise a quorum, and what the policy says about itself."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from approvals.policy.explanation import explain
from approvals.policy.rules import (
    LimitState,
    NothingAllows,
    Policy,
    PolicyRule,
    Rule,
    apply_limits,
    choose_rule,
    to_json,
    write_hours,
)
from paytend.money import Money
from tests.approvals.world import limit, rule

CENTS = st.integers(1, 10**9)


def euros(cents: int) -> Money:
    """Return money."""
    return Money.from_minor(cents, "EUR")


@given(CENTS, CENTS)
def test_over_means_strictly_more(threshold: int, asked: int) -> None:
    rules = (rule(name="large", over=str(euros(threshold)), quorum=2), rule(name="all"))
    chosen = choose_rule(rules, action="card.top_up", money=euros(asked))
    assert (chosen.name == "large") is (asked > threshold)


@given(st.lists(st.tuples(CENTS, st.integers(1, 5)), max_size=5), CENTS)
def test_the_first_match_decides_and_none_refuses(lines: list[tuple[int, int]], asked: int) -> None:
    rules = [rule(name=str(n), over=str(euros(over)), quorum=q) for n, (over, q) in enumerate(lines)]
    first = next((name for name, (over, _quorum) in enumerate(lines) if asked > over), None)
    if first is None:
        with pytest.raises(NothingAllows):
            choose_rule(rules, action="card.top_up", money=euros(asked))
    else:
        assert choose_rule(rules, action="card.top_up", money=euros(asked)).name == str(first)


def test_another_currency_counts_as_large_unless_it_has_thresholds_of_its_own() -> None:
    large = rule(name="large", over="500.00 EUR", quorum=2)
    dollars = rule(name="dollars", over="500.00 USD", quorum=3)
    every = rule(name="all")
    one_dollar = Money.read("1.00 USD")
    assert choose_rule((large, every), action="card.top_up", money=one_dollar).name == "large"
    assert choose_rule((large, dollars, every), action="card.top_up", money=one_dollar).name == "all"
    assert choose_rule((large, every), action="card.top_up", money=None).name == "all"


@pytest.mark.parametrize("quorum", [0, -1, 51, 1.5])
def test_a_quorum_is_at_least_one(quorum: float) -> None:
    with pytest.raises(ValidationError):
        rule(quorum=quorum)


def test_an_empty_list_of_approvers_is_no_rule() -> None:
    with pytest.raises(ValidationError):
        rule(approvers=[])
    with pytest.raises(ValidationError):
        rule(decide_within="0h")
    with pytest.raises(ValidationError):
        PolicyRule.model_validate({"name": "x", "action": "card.top_up", "approvers": ["m"], "kworum": 2})


@given(CENTS, CENTS, st.integers(2, 5))
def test_a_limit_never_lowers_a_quorum(over: int, total: int, quorum: int) -> None:
    state = LimitState(limit=limit(over=str(euros(over)), then={"quorum": 2}), total=euros(total))
    raised = apply_limits(rule(quorum=quorum), [state])
    assert raised.quorum == quorum
    assert state.is_exceeded is (total > over)


def test_a_rule_survives_its_snapshot() -> None:
    snapshot = choose_rule((rule(decide_within="90m", mention=["U0LEAD"]),), action="card.top_up", money=euros(1))
    assert Rule.model_validate(to_json(snapshot)) == snapshot
    hours = [write_hours(timedelta(minutes=minutes)) for minutes in (30, 59, 60, 90, 120)]
    assert hours == ["30 min", "59 min", "1 h", "90 min", "2 h"]


def test_a_policy_explains_itself() -> None:
    policy = Policy(rules=(rule(name="large", over="500.00 EUR"), rule(name="other", action="card.found"), rule()))
    rows = explain(policy, action="card.top_up", money=euros(1000))
    assert [(row.rule, row.applies) for row in rows] == [("large", False), ("other", False), ("top-ups", True)]
    rows = explain(policy, action="card.top_up", money=euros(50001))
    assert [row.why for row in rows[1:]] == ["“large” came first"] * 2
    assert not any(row.applies for row in explain(Policy(), action="card.top_up", money=None))
    only_large = Policy(rules=policy.rules[:1])
    assert explain(only_large, action="card.top_up", money=euros(1))[0].why == "0.01 EUR is not over 500.00 EUR"


def test_a_rule_for_another_action_says_so() -> None:
    rows = explain(Policy(rules=(rule(action="card.found"),)), action="card.top_up", money=euros(1))
    assert [row.why for row in rows] == ["it is for card.found"]
