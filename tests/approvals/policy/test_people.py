"""Roles from groups and people, the identity map, and directories that do not answer."""

from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from approvals.policy.people import (
    DirectoryUnreadable,
    NotInRole,
    Profile,
    RoleRule,
    accounts_of,
    count_people,
    find_member,
    identity_of,
    read_members,
    require_role,
)
from tests.approvals.world import person

SAME = (("U0LEAD", "U0LEAD2"),)


@dataclass
class FakeDirectory:
    """Groups and accounts by name; None does not answer."""

    groups: dict[str, frozenset[str] | None] = field(default_factory=dict)
    people: dict[str, Profile] = field(default_factory=dict)

    def person(self, account: str) -> Profile:
        """Return a profile; accounts that start with X are unknown."""
        if account.startswith("X"):
            raise DirectoryUnreadable
        return self.people.get(account, Profile(account=account, name=account.title()))

    def group(self, group: str) -> frozenset[str]:
        """Return the members."""
        members = self.groups.get(group)
        if members is None:
            raise DirectoryUnreadable
        return members


ROLES = {
    "manager": RoleRule(groups=("S1", "S2"), people=("U0LEAD",)),
    "support": RoleRule(groups=("S3",)),
    "nobody": RoleRule(),
}


def test_a_role_is_the_union_of_its_groups_and_people() -> None:
    directory = FakeDirectory(
        groups={"S1": frozenset({"U1"}), "S2": frozenset({"U2", "U3"}), "S3": frozenset({"U3"})}
    )
    for account, roles in (
        ("U1", {"manager"}),
        ("U2", {"manager"}),
        ("U3", {"manager", "support"}),
        ("U9", set()),
    ):
        assert find_member(directory, account=account, roles=ROLES, same_person=SAME).roles == roles


def test_any_account_of_a_human_gives_them_the_role_and_one_identity() -> None:
    directory = FakeDirectory(groups={"S1": frozenset(), "S2": frozenset(), "S3": frozenset({"U0LEAD"})})
    member = find_member(directory, account="U0LEAD2", roles=ROLES, same_person=SAME)
    assert (member.person.id, member.person.account) == ("U0LEAD", "U0LEAD2")
    assert member.roles == {"manager", "support"}


def test_a_group_that_does_not_answer_gives_nothing_and_is_named() -> None:
    directory = FakeDirectory(groups={"S1": None, "S2": frozenset({"U2"}), "S3": frozenset()})
    assert find_member(directory, account="U1", roles=ROLES, same_person=()).unreadable == {"manager"}
    assert find_member(directory, account="U2", roles=ROLES, same_person=()).roles == {"manager"}


def test_an_unknown_account_is_nobody() -> None:
    with pytest.raises(DirectoryUnreadable):
        find_member(FakeDirectory(), account="X1", roles={}, same_person=())


def test_one_approver_who_left_does_not_stop_the_others() -> None:
    gone = Profile(account="U1", is_deactivated=True)
    directory = FakeDirectory(
        groups={"S1": frozenset({"U1", "U2", "X3"}), "S2": None, "S3": frozenset()}, people={"U1": gone}
    )
    members = read_members(directory, roles=ROLES, same_person=SAME)
    assert members == {"manager": frozenset({"U2", "U0LEAD"}), "support": frozenset(), "nobody": frozenset()}


def test_an_empty_list_of_roles_lets_nobody_through() -> None:
    with pytest.raises(NotInRole):
        require_role(person("U1", "manager", "admin"), roles=())


@given(st.lists(st.lists(st.sampled_from("ABCDEFGH"), min_size=1, max_size=3, unique=True), max_size=3))
def test_two_accounts_of_one_human_are_one_identity(same: list[list[str]]) -> None:
    for accounts in same:
        assert len({identity_of(account, same_person=same) for account in accounts}) == 1
    assert identity_of("Z", same_person=same) == "Z"


def test_a_role_cannot_be_changed_after_it_was_read() -> None:
    role = RoleRule(people=("U0MARA",))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(role, "people", ("U0EVE",))  # noqa: B010 - mypy refuses the assignment itself


@given(
    st.lists(st.lists(st.sampled_from("ABCDEFGH"), min_size=1, max_size=3, unique=True), max_size=4), st.randoms()
)
def test_a13_the_order_of_the_identity_map_changes_nobody(same: list[list[str]], random: Random) -> None:
    shuffled = [random.sample(accounts, len(accounts)) for accounts in random.sample(same, len(same))]
    for account in "ABCDEFGH":
        assert identity_of(account, same_person=shuffled) == identity_of(account, same_person=same)
        assert accounts_of(account, same_person=shuffled) == accounts_of(account, same_person=same)


def test_a13_lists_that_share_an_account_are_one_person() -> None:
    same = [["U4", "U3"], ["U2", "U1"], ["U3", "U2"], ["U9", "U8"]]

    assert {identity_of(account, same_person=same) for account in ("U1", "U2", "U3", "U4")} == {"U1"}
    assert accounts_of("U4", same_person=same) == {"U1", "U2", "U3", "U4"}
    assert count_people(("U1", "U4", "U8", "U9", "U7"), same_person=same) == 3
    directory = FakeDirectory(groups={"S1": frozenset({"U4"}), "S2": frozenset(), "S3": frozenset()})
    assert find_member(directory, account="U1", roles=ROLES, same_person=same).roles == {"manager"}
