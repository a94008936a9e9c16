"""Whether a person may decide a request, and who could: the one place that every path asks. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from approvals.policy.people import Member, admit, require_role
from approvals.policy.rules import Rule
from approvals.refusals import Refusal


class SelfApproval(Refusal):
    """You can’t approve your own request."""


class ChangedCardholder(Refusal):
    """You changed this cardholder within the last 24 hours, so someone else has to decide."""


class RequesterChangedCardholder(Refusal):
    """The requester changed the cardholder within the last 24 hours, so someone else has to request this."""


def refuse_changer(requester: Collection[str], *, changers: frozenset[str]) -> None:
    """Refuse a request whose requester, by any of these ids, changed the cardholder lately.

    For what is about money or a secret: a new address must not bring its author the password of the card.
    """
    if not changers.isdisjoint(requester):
        raise RequesterChangedCardholder


def require_eligible(
    member: Member,
    *,
    requester: tuple[str, ...],
    role_lists: tuple[tuple[str, ...], ...],
    changers: frozenset[str] = frozenset(),
) -> None:
    """Refuse a person who may not decide this request.

    `requester` are the ids and accounts under which the requester was stored. The person needs a role of each of
    the `role_lists`: the rule may have changed since the request was made, and then both versions count.
    `changers` are the people who changed the cardholder lately: the person who enters a new address must not also
    approve the card that is sent there.

    Raises Stranger, IsBot, Deactivated, Guest, SelfApproval, NotInRole, RolesUnreadable or ChangedCardholder.
    """
    person = member.person
    admit(person)
    # Before the roles: no role makes a self-approval possible, so none must be named as a way to it.
    if person.is_known_as(*requester):
        raise SelfApproval
    for roles in role_lists:
        require_role(member, roles=roles)
    if person.is_known_as(*changers):
        raise ChangedCardholder


def require_stopper(member: Member, *, requester: tuple[str, ...], approvers: tuple[str, ...]) -> None:
    """Refuse a person who may not stop this request: its requester, its rule's approvers and all admins may.

    Stopping makes things only safer, so neither a quorum nor a rest keeps anybody from it. Raises the refusals of
    `admit`, NotInRole or RolesUnreadable.
    """
    admit(member.person)
    if not member.person.is_known_as(*requester):
        require_role(member, roles=(*approvers, "admin"))


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
