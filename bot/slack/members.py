"""Who the members of the workspace are now, and what they may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from approvals.policy import people
from approvals.policy.people import Member, RoleRule
from bot.slack.directory import SlackDirectory


@dataclass(frozen=True, kw_only=True)
class WorkspaceMembers:
    """Members by Slack account, with the roles of cardops.yml; what Slack does not answer is raised."""

    directory: SlackDirectory
    roles: Mapping[str, RoleRule]
    same_person: Sequence[Sequence[str]]

    def find(self, account: str, *, team: str = "") -> Member:
        """Return who an account is now and what they may do; raises DirectoryUnreadable."""
        member = people.find_member(
            self.directory, account=account, roles=self.roles, same_person=self.same_person
        )
        if team and team != self.directory.team_id:  # Slack Connect: the click says so, whatever users.info says
            stranger = people.Person(id=account, account=account, name=member.person.name, is_stranger=True)
            return Member(person=stranger)
        return member

    def by_role(self) -> dict[str, frozenset[str]]:
        """Return the ids of each role's active members; a person who cannot be read is left out."""
        return people.read_members(self.directory, roles=self.roles, same_person=self.same_person)

    def is_in(self, channel: str, account: str) -> bool:
        """Whether an account is in a channel; what cannot be read counts as no."""
        return self.directory.is_member(channel, account)
