"""Finds the lines of a policy that have no effect, and rules that can never decide, with the reason. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from approvals.actions.payloads import Payload
from approvals.actions.table import ACTIONS
from approvals.policy.people import RoleRule, SamePerson, count_people
from approvals.policy.rules import LimitRule, Policy, PolicyRule, RaisedQuorum, find_rule, write_hours
from paytend.money import Money


@dataclass(frozen=True, kw_only=True)
class VainLine:
    """A line without effect: its section and place in it (from 0), the key if one is to blame, and why."""

    section: str
    place: int
    key: str = ""
    why: str


def find_vain_lines(policy: Policy, *, roles: Mapping[str, RoleRule], same_person: SamePerson) -> list[VainLine]:
    """Return all lines that have no effect, in the order of the file."""
    found = [VainLine(section="same_person", place=place, why=why) for place, why in _of_people(same_person)]
    for place, rule in enumerate(policy.rules):
        reasons = (*_of_rule(policy.rules, place), *_of_deciders(rule, roles=roles, same_person=same_person))
        words = f"“{rule.name}” can never decide: "
        found += [VainLine(section="policy", place=place, key=key, why=words + why) for key, why in reasons]
    for place, limit in enumerate(policy.limits):
        why = next(_of_limit(policy, place, limit), "")
        if why:
            found.append(VainLine(section="limits", place=place, why=f"this limit has no effect: {why}"))
    return found


def has_money(action: str) -> bool:
    """Whether requests for this action have an amount that thresholds and limits can be compared with."""
    return ACTIONS[action].payload.moved_money is not Payload.moved_money


def _of_people(same_person: SamePerson) -> Iterator[tuple[int, str]]:
    for place, accounts in enumerate(same_person):
        if len(set(accounts)) < 2:
            yield place, "a list joins two accounts or more; this one has no effect"


def _of_rule(rules: tuple[PolicyRule, ...], place: int) -> Iterator[tuple[str, str]]:
    rule = rules[place]
    if rule.over is not None and not has_money(rule.action):
        yield "over", f"{rule.action} has no amount, so none is over {rule.over}"
    if rule.over is not None and rule.over.minor < 0:
        yield "over", f"no amount is negative, so {rule.over} bounds nothing; leave it out"
    for earlier in rules[:place]:
        if earlier.action == rule.action and _hides(earlier, rule):
            over = "every amount" if earlier.over is None else f"everything over {earlier.over}"
            yield "", f"“{earlier.name}” stands before it and takes {over}; put the larger amounts first"
            return
    if rule.over is None and has_money(rule.action) and not _is_ever_chosen(rules, place):
        yield "", "the lines before it take every amount"


def _is_ever_chosen(rules: tuple[PolicyRule, ...], place: int) -> bool:
    """Whether a line without a threshold is left any amount: then it has the smallest one of a currency."""
    mine = [rule for rule in rules if rule.action == rules[place].action]
    smallest = [Money.from_minor(1, rule.over.currency) for rule in mine if rule.over is not None]
    return not smallest or any(
        find_rule(mine, action=rules[place].action, money=money) is rules[place] for money in smallest
    )


def _hides(earlier: PolicyRule, later: PolicyRule) -> bool:
    if earlier.over is None:
        return True
    if later.over is None or later.over.currency != earlier.over.currency:
        return False
    return not later.over < earlier.over


def _of_deciders(
    rule: PolicyRule, *, roles: Mapping[str, RoleRule], same_person: SamePerson
) -> Iterator[tuple[str, str]]:
    mine = [roles.get(name, RoleRule()) for name in rule.approvers]
    # Who is in a group only Slack knows.
    if rule.lifted or any(role.groups for role in mine):
        return
    able = count_people({account for role in mine for account in role.people}, same_person=same_person)
    if able < rule.quorum:
        have = "nobody has" if not able else "only 1 person has" if able == 1 else f"only {able} people have"
        yield "approvers", f"it needs {rule.quorum} of {' or '.join(rule.approvers)}, and {have} such a role"


def _of_limit(policy: Policy, place: int, limit: LimitRule) -> Iterator[str]:
    """Yield reasons, the plainest first."""
    if not has_money(limit.action):
        yield f"{limit.action} has no amount"
        return
    rules = [rule for rule in policy.rules if rule.action == limit.action]
    if not rules:
        yield f"no rule allows {limit.action}, so it is refused in any case"
        return
    if isinstance(limit.then, RaisedQuorum) and limit.then.quorum <= min(rule.quorum for rule in rules):
        yield f"every rule for {limit.action} needs {limit.then.quorum} approvals or more without it"
    for other in (*policy.limits[:place], *policy.limits[place + 1 :]):
        # Of two equal limits each covers the other: only the later one is named.
        is_first = policy.limits.index(other) < place
        if _covers(other, limit) and (is_first or not _covers(limit, other)):
            yield f"the one over {other.over} in {write_hours(other.window)} is reached before it and is as strict"


def _covers(one: LimitRule, other: LimitRule) -> bool:
    """Whether one limit is exceeded whenever the other is, and asks for as much."""
    if (one.action, one.per, one.over.currency) != (other.action, other.per, other.over.currency):
        return False
    if one.window < other.window or other.over < one.over:
        return False
    if not isinstance(one.then, RaisedQuorum):
        return True
    return isinstance(other.then, RaisedQuorum) and one.then.quorum >= other.then.quorum
