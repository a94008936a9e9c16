"""Explains the policy: which rule an amount falls under and why, and which rules cannot work. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from approvals.actions.table import ACTIONS
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


def problems(policy: Policy, *, members: Mapping[str, int]) -> list[str]:
    """Return what cannot work in a policy; `members` is the known number of people of each role."""
    found = []
    for rule in policy.rules:
        if rule.action not in ACTIONS:
            found.append(f"policy “{rule.name}”: there is no action {rule.action}")
        missing = [role for role in rule.approvers if role not in members]
        found += [f"policy “{rule.name}”: there is no role {role}" for role in missing]
        if rule.lifted:
            found += _lifted_in_vain(rule)
            continue
        able = sum(members.get(role, 0) for role in rule.approvers)
        if not missing and able < rule.quorum:
            found.append(f"policy “{rule.name}”: needs {rule.quorum} approvals, and at most {able} people could")
    names = [rule.name for rule in policy.rules]
    found += [
        f"policy “{name}”: the name is used twice" for name in sorted({n for n in names if names.count(n) > 1})
    ]
    found += [
        f"limits: there is no action {limit.action}" for limit in policy.limits if limit.action not in ACTIONS
    ]
    return found


def _lifted_in_vain(rule: PolicyRule) -> list[str]:
    if rule.action in ACTIONS and ACTIONS[rule.action].always:
        return [f"policy “{rule.name}”: {rule.action} always needs a second person and cannot be lifted"]
    return []


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
