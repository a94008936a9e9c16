"""What the policy would do with a request: which rule decides, which limits apply, who could approve."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from approvals.policy import limits as sums
from approvals.policy import people
from approvals.policy.cardholder_changes import find_recent_changes
from approvals.policy.eligibility import Decider, count_able, judge_decider
from approvals.policy.explanation import RuleExplanation, explain
from approvals.policy.people import Directory, DirectoryUnreadable, Profile
from approvals.policy.rules import LimitReached, LimitState, NothingAllows, PolicyRule, apply_limits, find_rule
from bot.settings.cardops_yml import Config
from paytend.money import Money
from paytend.written_amounts import read_written_money


@dataclass(frozen=True, kw_only=True)
class PolicyQuestion:
    """A request that nobody has made. `requester` is a Slack account, `subject` the card or cardholder."""

    action: str
    money: Money | None = None
    subject: str = ""
    cardholder: str = ""
    requester: str | None = None


@dataclass(frozen=True, kw_only=True)
class PolicyExplanation:
    """The answer to a question. `gaps` says in words what could not be read."""

    rules: tuple[RuleExplanation, ...]
    limits: tuple[LimitState, ...] = ()
    rule: PolicyRule | None = None
    quorum: int = 0
    deciders: tuple[Decider, ...] = ()
    refused: str = ""
    gaps: tuple[str, ...] = field(default=())

    @property
    def can_be_approved(self) -> bool:
        """Whether the policy lets it through and enough people could approve it."""
        return not self.refused and count_able(self.deciders) >= self.quorum


class ConfigDirectory:
    """Replaces Slack where it cannot be reached: accounts have no names, groups cannot be read."""

    def person(self, account: str) -> Profile:
        """Return the bare account."""
        return Profile(account=account)

    def group(self, group: str) -> frozenset[str]:
        """Refuse to say who is in a group."""
        # Not an empty group: that would say that nobody could approve.
        raise DirectoryUnreadable(group)


def explain_question(
    config: Config,
    *,
    question: PolicyQuestion,
    directory: Directory,
    session: Session | None,
    now: datetime,
    gaps: Sequence[str] = (),
) -> PolicyExplanation:
    """Return what would happen; without a session, limits count only the amount in question."""
    policy = config.rules
    rules = tuple(explain(policy, action=question.action, money=question.money))
    try:
        rule = find_rule(policy.rules, action=question.action, money=question.money)
    except NothingAllows as refusal:
        return PolicyExplanation(rules=rules, refused=str(refusal), gaps=tuple(gaps))
    if rule.lifted:
        return PolicyExplanation(rules=rules, rule=rule, gaps=tuple(gaps))
    limits = () if session is None else _read_limits(session, config, question, now=now)
    try:
        quorum, refused = apply_limits(rule, limits).quorum, ""
    except LimitReached as refusal:
        quorum, refused = rule.quorum, str(refusal)
    changed: frozenset[str] = frozenset()
    if session is not None:
        changed = find_recent_changes(
            session, action="cardholder.update", cardholder_id=question.cardholder, now=now
        ).ids
    deciders, unread = _find_deciders(config, directory, rule, requester=question.requester, changed=changed)
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
    session: Session, config: Config, question: PolicyQuestion, *, now: datetime
) -> tuple[LimitState, ...]:
    return tuple(
        sums.read_limit_states(
            session,
            config.rules,
            action=question.action,
            money=question.money,
            requester=people.accounts_of(question.requester or "", same_person=config.same_person),
            card_id=question.subject,
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
    found = []
    for account in sorted(accounts):
        try:
            member = people.find_member(
                directory, account=account, roles=config.roles, same_person=config.same_person
            )
        except DirectoryUnreadable:
            unread.append(f"Who {account} is could not be read.")
            continue
        found.append(judge_decider(member, rule=rule, requester=requester, changers=changed))
    return tuple(found), unread


def read_money(amount: str | None, currency: str) -> Money | None:
    """Return the money of two words of the command line; raises NotMoney."""
    return read_written_money(f"{amount} {currency}") if amount is not None else None
