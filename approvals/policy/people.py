"""Who somebody is and what they may do: roles, the identity map, and which accounts are refused."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from approvals.refusals import Refusal

# The identity map of cardops.yml: each list holds accounts of one human.
SamePerson = Sequence[Sequence[str]]


class Stranger(Refusal):
    """Only members of this workspace can use cardops."""


class Guest(Refusal):
    """Guests can’t use cardops."""


class Deactivated(Refusal):
    """This account is deactivated."""


class IsBot(Refusal):
    """Only people can do this, not apps."""


class NotInRole(Refusal):
    """Only {roles} can do this. Ask an admin for access."""


class RolesUnreadable(Refusal):
    """Slack didn’t say who is in {roles}, so nobody can do this now. Try again in a minute."""


class RolesBusy(RolesUnreadable):
    """Slack is busy and didn’t say who is in {roles}, so nobody can do this now. Try again in a minute."""


class DirectoryUnreadable(Exception):
    """Slack did not answer, or does not know this person or group."""


class NotInDirectory(DirectoryUnreadable):
    """Slack does not know this person or group: asking again changes nothing."""


class DirectoryBusy(DirectoryUnreadable):
    """Slack limits how often it may be asked."""


class ScopeMissing(DirectoryUnreadable):
    """The app may not read this: it lacks a scope, whose name this is."""


class ApproversUnreadable(Refusal):
    """Slack didn’t say who could approve this, so nothing was requested. Try again in a minute."""

    is_recorded = False


class ApproversBusy(ApproversUnreadable):
    """Slack is busy and didn’t say who could approve this, so nothing was requested. Try again in a minute."""


class RoleRule(BaseModel):
    """Who has a role: the members of Slack user groups, and single people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Person:
    """A human. `id` is the same for all their accounts; `account` is the one in use, `accounts` are all."""

    id: str
    account: str
    accounts: frozenset[str] = frozenset()
    name: str = ""
    is_stranger: bool = False
    is_guest: bool = False
    is_deactivated: bool = False
    is_bot: bool = False

    @property
    def known_ids(self) -> frozenset[str]:
        """Every id under which something of theirs may be stored."""
        return self.accounts | {self.id, self.account}

    @property
    def display_name(self) -> str:
        """The name, or the account where there is none."""
        return self.name or self.account

    def is_known_as(self, *ids: str) -> bool:
        """Whether one of these ids is this person.

        Their accounts count too: a row may have been stored before the identity map joined them to one person.
        """
        return not self.known_ids.isdisjoint(ids)


@dataclass(frozen=True, kw_only=True)
class Member:
    """A person and their roles now; for the `unreadable` roles Slack did not say who has them.

    `is_busy`: it did not say because it limits how often it may be asked.
    """

    person: Person
    roles: frozenset[str] = frozenset()
    unreadable: frozenset[str] = frozenset()
    is_busy: bool = False


@dataclass(frozen=True, kw_only=True)
class Profile:
    """An account as Slack describes it.

    On Enterprise Grid one account may be written in two ways, `U…` and `W…`: `account` is always the same one of
    them, `aliases` are all. `org_teams` are the workspaces of the organisation in which the person is a member.
    """

    account: str
    name: str = ""
    aliases: frozenset[str] = frozenset()
    org_teams: frozenset[str] = frozenset()
    is_stranger: bool = False
    is_guest: bool = False
    is_deactivated: bool = False
    is_bot: bool = False


class Directory(Protocol):
    """Looks accounts and groups up in Slack; both methods raise DirectoryUnreadable."""

    def person(self, account: str) -> Profile:
        """Return the account's profile."""
        ...

    def group(self, group: str) -> frozenset[str]:
        """Return the accounts in a user group."""
        ...


def identity_of(account: str, *, same_person: SamePerson) -> str:
    """Return the id of the person behind an account: the least of their accounts, in whatever order they stand."""
    return min(accounts_of(account, same_person=same_person))


def accounts_of(account: str, *, same_person: SamePerson) -> frozenset[str]:
    """Return all accounts of the person behind an account: lists that share an account are one person."""
    known = frozenset({account})
    # Until nothing is added: a third list may join two that have no account in common (A13).
    while True:
        more = known.union(*(accounts for accounts in same_person if not known.isdisjoint(accounts)))
        if more == known:
            return known
        known = more


def count_people(accounts: Iterable[str], *, same_person: SamePerson) -> int:
    """Return how many people are behind these accounts."""
    return len({identity_of(account, same_person=same_person) for account in accounts})


def find_member(
    directory: Directory, *, account: str, roles: Mapping[str, RoleRule], same_person: SamePerson
) -> Member:
    """Return who an account is now and what they may do; raises DirectoryUnreadable for an unknown account.

    Any of the person's accounts gives them its roles. A group that cannot be read gives none; its role is named in
    `unreadable`, so that a refusal can say so.
    """
    person = describe_person(directory.person(account), same_person)
    held: set[str] = set()
    unreadable: set[str] = set()
    is_busy = False
    for name, rule in roles.items():
        listed = list_accounts(directory, rule)
        # Roles found in readable groups count even if another group of the same role cannot be read.
        if person.accounts & listed.accounts:
            held.add(name)
        elif isinstance(listed.trouble, ScopeMissing):
            raise listed.trouble  # no minute makes it better
        elif listed.trouble is not None:
            unreadable.add(name)
            is_busy = is_busy or isinstance(listed.trouble, DirectoryBusy)
    return Member(person=person, roles=frozenset(held), unreadable=frozenset(unreadable), is_busy=is_busy)


def read_members(
    directory: Directory, *, roles: Mapping[str, RoleRule], same_person: SamePerson
) -> dict[str, frozenset[str]]:
    """Return for each role the ids of its active members; a person who cannot be read is left out."""
    members: dict[str, frozenset[str]] = {}
    for name, rule in roles.items():
        accounts = sorted(list_accounts(directory, rule).accounts)
        members[name] = frozenset(_able(directory, accounts, same_person))
    return members


def admit(person: Person) -> None:
    """Refuse everybody but active full members of this workspace."""
    for is_so, refusal in (
        (person.is_stranger, Stranger),
        (person.is_bot, IsBot),
        (person.is_deactivated, Deactivated),
        (person.is_guest, Guest),
    ):
        if is_so:
            raise refusal


def require_role(member: Member, *, roles: Iterable[str]) -> None:
    """Refuse a person who has none of these roles; an empty list refuses everybody (it fails closed)."""
    wanted = frozenset(roles)
    if member.roles & wanted:
        return
    if unreadable := member.unreadable & wanted:
        raise (RolesBusy if member.is_busy else RolesUnreadable)(roles=", ".join(sorted(unreadable)))
    raise NotInRole(roles=", ".join(sorted(wanted)) or "none is set")


@dataclass(frozen=True, kw_only=True)
class ListedAccounts:
    """The accounts that have a role; `trouble` is what kept one of its groups from being read."""

    accounts: frozenset[str]
    trouble: DirectoryUnreadable | None = None


def list_accounts(directory: Directory, rule: RoleRule) -> ListedAccounts:
    """Return the accounts that have a role, active or not."""
    accounts, trouble = set(rule.people), None
    for group in rule.groups:
        try:
            # All groups: a bot that stopped at the first one kept colleagues from approving for each other.
            accounts |= directory.group(group)
        except DirectoryUnreadable as error:
            trouble = error
    return ListedAccounts(accounts=frozenset(accounts), trouble=trouble)


def _able(directory: Directory, accounts: Iterable[str], same_person: SamePerson) -> Iterable[str]:
    for account in accounts:
        try:
            person = describe_person(directory.person(account), same_person)
            admit(person)
        except (DirectoryUnreadable, Refusal):
            continue  # one approver who left the workspace must not stop the others
        yield person.id


def describe_person(profile: Profile, same_person: SamePerson) -> Person:
    """Return the human behind a profile."""
    return Person(
        id=identity_of(profile.account, same_person=same_person),
        account=profile.account,
        accounts=accounts_of(profile.account, same_person=same_person) | profile.aliases,
        name=profile.name,
        is_stranger=profile.is_stranger,
        is_guest=profile.is_guest,
        is_deactivated=profile.is_deactivated,
        is_bot=profile.is_bot,
    )
