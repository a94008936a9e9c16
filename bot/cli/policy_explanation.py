"""What the policy says to a wish that nobody has made yet: which rule, which limits, and who could decide it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from approvals.policy import limits as sums
from approvals.policy import people
from approvals.policy.cardholder_changes import find_recent_changers
from approvals.policy.deciders import Decider, count_able, judge_decider
from approvals.policy.explanation import RuleExplanation, explain
from approvals.policy.people import Directory, DirectoryUnreadable, Profile
from approvals.policy.rules import LimitReached, LimitState, NothingAllows, PolicyRule, apply_limits, find_rule
from bot.settings.cardops_yml import Config
from paytend.money import Money


@dataclass(frozen=True, kw_only=True)
class PolicyQuestion:
    """What would be asked for. `requester` is an account, `subject` the card or cardholder it is done to."""

    action: str
    money: Money | None = None
    subject: str = ""
    cardholder: str = ""
    requester: str | None = None


@dataclass(frozen=True, kw_only=True)
class PolicyExplanation:
    """Everything that is said about a wish. `gaps` are what could not be looked at, in words."""

    rules: tuple[RuleExplanation, ...]
    limits: tuple[LimitState, ...] = ()
    rule: PolicyRule | None = None
    quorum: int = 0
    deciders: tuple[Decider, ...] = ()
    refused: str = ""
    gaps: tuple[str, ...] = field(default=())

    @property
    def can_be_approved(self) -> bool:
        """Whether it would not be refused, and enough people could decide it."""
        return not self.refused and count_able(self.deciders) >= self.quorum


class ConfigDirectory:
    """A directory that knows no more than cardops.yml: accounts without names, and no groups."""

    def person(self, account: str) -> Profile:
        """Return the bare account."""
        return Profile(account=account)

    def group(self, group: str) -> frozenset[str]:
        """Refuse to say who is in a group."""
        raise DirectoryUnreadable(group)


def explain_wish(
    config: Config,
    *,
    wish: PolicyQuestion,
    directory: Directory,
    session: Session | None,
    now: datetime,
    gaps: Sequence[str] = (),
) -> PolicyExplanation:
    """Return what would happen to a wish; without a session, limits count nothing but the wish itself."""
    policy = config.rules
    rules = tuple(explain(policy, action=wish.action, money=wish.money))
    try:
        rule = find_rule(policy.rules, action=wish.action, money=wish.money)
    except NothingAllows as refusal:
        return PolicyExplanation(rules=rules, refused=str(refusal), gaps=tuple(gaps))
    if rule.lifted:
        return PolicyExplanation(rules=rules, rule=rule, gaps=tuple(gaps))
    limits = () if session is None else _read_limits(session, config, wish, now=now)
    try:
        quorum, refused = apply_limits(rule, limits).quorum, ""
    except LimitReached as refusal:
        quorum, refused = rule.quorum, str(refusal)
    changed: frozenset[str] = frozenset()
    if session is not None:
        changed = find_recent_changers(session, cardholder_id=wish.cardholder, now=now)
    deciders, unread = _find_deciders(config, directory, rule, requester=wish.requester, changed=changed)
    return PolicyExplanation(
        rules=rules,
        limits=limits,
        rule=rule,
        quorum=quorum,
        deciders=deciders,
        refused=refused,
        gaps=(*gaps, *unread),
    )


def _read_limits(
    session: Session, config: Config, wish: PolicyQuestion, *, now: datetime
) -> tuple[LimitState, ...]:
    requester = people.identity_of(wish.requester or "", same_person=config.same_person)
    return tuple(
        sums.read_limit_states(
            session,
            config.rules,
            action=wish.action,
            money=wish.money,
            requester_id=requester,
            card_id=wish.subject,
            now=now,
        )
    )


def _find_deciders(
    config: Config, directory: Directory, rule: PolicyRule, *, requester: str | None, changed: frozenset[str]
) -> tuple[tuple[Decider, ...], list[str]]:
    """Return everyone in the rule's roles with what keeps them from deciding, and what could not be read."""
    accounts: set[str] = set()
    unread: list[str] = []
    for name in rule.approvers:
        role = config.roles.get(name, people.RoleRule())
        accounts |= set(role.people)
        for group in role.groups:
            try:
                accounts |= directory.group(group)
            except DirectoryUnreadable:
                unread.append(f"Who is in {group} ({name}) could not be read.")
    known = people.accounts_of(requester, same_person=config.same_person) if requester else frozenset()
    found = []
    for account in sorted(accounts):
        try:
            member = people.find_member(
                directory, account=account, roles=config.roles, same_person=config.same_person
            )
        except DirectoryUnreadable:
            unread.append(f"Who {account} is could not be read.")
            continue
        asked = account if account in known else requester
        found.append(judge_decider(member, rule=rule, requester=asked, changers=changed))
    return tuple(found), unread


def read_money(amount: str | None, currency: str) -> Money | None:
    """Return the money of two words of the command line; raises NotMoney."""
    return Money.read(f"{amount} {currency}") if amount is not None else None
