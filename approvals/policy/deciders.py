"""Who could decide a request under a rule, and why somebody could not. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from approvals.policy.eligibility import ChangedCardholder, SelfApproval
from approvals.policy.people import Member, admit, require_role
from approvals.policy.rules import Rule
from approvals.refusals import Refusal


@dataclass(frozen=True, kw_only=True)
class Decider:
    """Somebody whom the rule may mean; `why` is empty for those who could decide."""

    person_id: str
    account: str
    name: str
    why: str = ""

    @property
    def can_decide(self) -> bool:
        """Whether this person could decide."""
        return not self.why


def judge_decider(
    member: Member, *, rule: Rule, requester: str | None, changers: frozenset[str] = frozenset()
) -> Decider:
    """Return whether this person could decide what `requester` (an account) asks for."""
    person = member.person
    why = ""
    try:
        admit(person)
        if requester is not None and person.is_known_as(requester):
            raise SelfApproval
        require_role(member, roles=rule.approvers)
        if person.is_known_as(*changers):
            raise ChangedCardholder
    except Refusal as refusal:
        why = str(refusal)
    return Decider(person_id=person.id, account=person.account, name=person.display_name, why=why)


def count_able(deciders: Iterable[Decider]) -> int:
    """Return how many people, not accounts, could decide."""
    return len({decider.person_id for decider in deciders if decider.can_decide})
