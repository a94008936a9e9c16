"""Explains the policy: which rule an amount falls under and why. Pure."""

from dataclasses import dataclass

from approvals.policy.rules import NothingAllows, Policy, PolicyRule, find_rule
from paytend.money import Money


@dataclass(frozen=True, kw_only=True)
class RuleExplanation:
    """Whether a rule applies to an action and amount, and why."""

    rule: str
    applies: bool
    why: str


def explain(policy: Policy, *, action: str, money: Money | None) -> list[RuleExplanation]:
    """Return for each rule, in order, whether it applies and why; if none does, the request would be refused."""
    found: list[RuleExplanation] = []
    for rule in policy.rules:
        decided = next((row.rule for row in found if row.applies), "")
        if decided:
            found.append(RuleExplanation(rule=rule.name, applies=False, why=f"“{decided}” came first"))
        else:
            found.append(_explain(rule, policy, action=action, money=money))
    return found


def _explain(rule: PolicyRule, policy: Policy, *, action: str, money: Money | None) -> RuleExplanation:
    if rule.action != action:
        return RuleExplanation(rule=rule.name, applies=False, why=f"it is for {rule.action}")
    try:
        chosen = find_rule(policy.rules, action=action, money=money).name
    except NothingAllows:
        chosen = ""
    if chosen == rule.name:
        needs = f"it needs {rule.quorum} of {' or '.join(rule.approvers)}"
        why = "it is lifted: nobody else is needed" if rule.lifted else needs
        return RuleExplanation(rule=rule.name, applies=True, why=why)
    return RuleExplanation(rule=rule.name, applies=False, why=f"{money or 'no money'} is not over {rule.over}")
