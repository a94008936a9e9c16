"""Whether a person may decide a request: the one place that every path asks. Pure."""

from approvals.policy.people import Member, admit, require_role
from approvals.refusals import Refusal


class SelfApproval(Refusal):
    """You asked for this yourself, so somebody else has to decide."""


class ChangedCardholder(Refusal):
    """You changed this cardholder within the last 24 hours, so somebody else has to decide."""


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
