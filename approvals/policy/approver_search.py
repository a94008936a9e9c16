"""Who could approve a request: looked up one after the other, until enough are found."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from approvals.policy.people import (
    ApproversBusy,
    ApproversUnreadable,
    DirectoryBusy,
    DirectoryUnreadable,
    ListedAccounts,
    NotInDirectory,
    Profile,
    SamePerson,
    admit,
    describe_person,
)
from approvals.refusals import Refusal


class MoreApproversNeeded(Exception):
    """So many `people` have to be found, as the rule turned out to need more than were looked for."""

    def __init__(self, people: int) -> None:
        super().__init__(people)
        self.people = people


@dataclass(frozen=True, kw_only=True)
class FoundApprovers:
    """The ids of active members by role. `is_cut`: the search ended before everybody was looked at.

    `trouble` says that Slack did not answer, so that there may be more.
    """

    by_role: Mapping[str, frozenset[str]]
    is_cut: bool = False
    trouble: ApproversUnreadable | None = None


def find_approvers(
    listed: Mapping[str, ListedAccounts],
    *,
    look: Callable[[str], Profile],
    order: Callable[[Collection[str]], list[str]],
    same_person: SamePerson,
    aside: Collection[str],
    enough: int,
) -> FoundApprovers:
    """Return active members of the roles in `listed`, until there are `enough` people besides those `aside`.

    `look` raises DirectoryUnreadable. Each role of a person counts, so that two roles cannot make two people.
    """
    found: dict[str, set[str]] = {name: set() for name in listed}
    able: set[str] = set()
    troubles = [each.trouble for each in listed.values() if each.trouble is not None]
    accounts = order(frozenset[str]().union(*(each.accounts for each in listed.values())))
    for account in accounts:
        if len(able) >= enough:
            return _result(found, is_cut=True)
        try:
            person = describe_person(look(account), same_person)
            admit(person)
        except NotInDirectory:
            continue
        except DirectoryBusy as error:
            troubles.append(error)
            break  # the next one would be refused too
        except DirectoryUnreadable as error:
            troubles.append(error)
            continue
        except Refusal:
            continue  # one approver who left the workspace must not stop the others
        for name, each in listed.items():
            if person.known_ids & each.accounts:
                found[name].add(person.id)
        if not person.is_known_as(*aside):
            able.add(person.id)
    return _result(found, troubles=troubles)


def _result(
    found: Mapping[str, set[str]], *, is_cut: bool = False, troubles: Collection[DirectoryUnreadable] = ()
) -> FoundApprovers:
    by_role = {name: frozenset(people) for name, people in found.items()}
    is_busy = any(isinstance(each, DirectoryBusy) for each in troubles)
    trouble = None if not troubles else ApproversBusy() if is_busy else ApproversUnreadable()
    return FoundApprovers(by_role=by_role, is_cut=is_cut, trouble=trouble)
