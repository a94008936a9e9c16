"""Who could decide a request under a rule, and why somebody could not. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from approvals.policy.eligibility import require_eligible
from approvals.policy.people import Member
from approvals.policy.rules import Rule
from approvals.refusals import Refusal


@dataclass(frozen=True, kw_only=True)
class Decider:
    """A person in a role of the rule; `why` says what keeps them from deciding, and is empty if nothing does."""

    person_id: str
    account: str
    name: str
    why: str = ""

    @property
    def can_decide(self) -> bool:
        """Whether nothing keeps this person from deciding."""
        return not self.why


def judge_decider(
    member: Member, *, rule: Rule, requester: str | None, changers: frozenset[str] = frozenset()
) -> Decider:
    """Return whether this person could decide; `requester` is the id or an account of who asks, if known."""
    person, why = member.person, ""
    asking = () if requester is None else (requester,)
    try:
        require_eligible(member, requester=asking, role_lists=(rule.approvers,), changers=changers)
    except Refusal as refusal:
        why = str(refusal)
    return Decider(person_id=person.id, account=person.account, name=person.display_name, why=why)


def count_able(deciders: Iterable[Decider]) -> int:
    """Return how many people could decide; two accounts of one person count once."""
    return len({decider.person_id for decider in deciders if decider.can_decide})
