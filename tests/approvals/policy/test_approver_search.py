"""Approvers are looked for until there are enough; whether the search ended before is said."""

from collections.abc import Collection

from approvals.policy.approver_search import FoundApprovers, find_approvers
from approvals.policy.people import (
    ApproversBusy,
    ApproversUnreadable,
    DirectoryBusy,
    DirectoryUnreadable,
    ListedAccounts,
    NotInDirectory,
    Profile,
)

PROFILES = {
    "U1": Profile(account="U1"),
    "U2": Profile(account="U2"),
    "U3": Profile(account="U3", is_deactivated=True),
    "U4": Profile(account="U4"),
}


def search(
    *accounts: str,
    enough: int = 9,
    aside: Collection[str] = (),
    troubles: dict[str, DirectoryUnreadable] | None = None,
    trouble: DirectoryUnreadable | None = None,
    same_person: tuple[tuple[str, ...], ...] = (),
) -> tuple[FoundApprovers, list[str]]:
    """Return what was found among these managers, and who was looked at; U1 is an admin too."""
    looked: list[str] = []

    def look(account: str) -> Profile:
        looked.append(account)
        if found := (troubles or {}).get(account):
            raise found
        if account not in PROFILES:
            raise NotInDirectory
        return PROFILES[account]

    listed = {
        "manager": ListedAccounts(accounts=frozenset(accounts), trouble=trouble),
        "admin": ListedAccounts(accounts=frozenset({"U1"})),
    }
    found = find_approvers(listed, look=look, order=sorted, same_person=same_person, aside=aside, enough=enough)
    return found, looked


def test_active_members_are_found_in_each_of_their_roles() -> None:
    found, looked = search("U1", "U2", "U3", "U9")

    assert found == FoundApprovers(
        by_role={"manager": frozenset({"U1", "U2"}), "admin": frozenset({"U1"})}, is_cut=False, trouble=None
    )
    assert looked == ["U1", "U2", "U3", "U9"]


def test_the_search_ends_with_enough_people_and_says_that_there_may_be_more() -> None:
    found, looked = search("U1", "U2", "U4", enough=2)

    assert found == FoundApprovers(
        by_role={"manager": frozenset({"U1", "U2"}), "admin": frozenset({"U1"})}, is_cut=True, trouble=None
    )
    assert looked == ["U1", "U2"]


def test_with_exactly_enough_people_everybody_was_looked_at() -> None:
    found, _ = search("U1", "U2", enough=2)

    assert not found.is_cut


def test_the_requester_is_found_and_not_counted() -> None:
    found, looked = search("U1", "U2", "U4", enough=1, aside=("U1",))

    assert found.by_role["manager"] == {"U1", "U2"}
    assert (found.is_cut, looked) == (True, ["U1", "U2"])


def test_two_accounts_of_one_person_are_one() -> None:
    found, looked = search("U1", "U2", "U4", enough=2, same_person=(("U1", "U2"),))

    assert looked == ["U1", "U2", "U4"]
    assert len(found.by_role["manager"]) == 2


def test_whom_slack_does_not_describe_stops_nobody_and_is_said() -> None:
    found, looked = search("U1", "U2", "U4", troubles={"U1": DirectoryUnreadable("no")})

    assert found.by_role["manager"] == {"U2", "U4"}
    assert isinstance(found.trouble, ApproversUnreadable)
    assert not isinstance(found.trouble, ApproversBusy)
    assert looked == ["U1", "U2", "U4"]


def test_a_busy_slack_is_asked_no_more() -> None:
    found, looked = search("U1", "U2", "U4", troubles={"U2": DirectoryBusy("no")})

    assert found.by_role["manager"] == {"U1"}
    assert isinstance(found.trouble, ApproversBusy)
    assert looked == ["U1", "U2"]


def test_a_group_that_could_not_be_read_is_a_trouble_too() -> None:
    assert isinstance(search("U1", trouble=DirectoryUnreadable("no"))[0].trouble, ApproversUnreadable)
