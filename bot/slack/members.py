"""Who the members of the workspace are now, and what they may do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from approvals.policy import approver_search, people
from approvals.policy.approver_search import FoundApprovers
from approvals.policy.people import Member, Profile, RoleRule
from bot.slack.directory import SlackDirectory

_MOST_LEARNED = 20  # accounts of one group that are looked up because Slack may write them in two ways


@dataclass(frozen=True, kw_only=True)
class WorkspaceMembers:
    """Members by Slack account, with the roles of cardops.yml; what Slack does not answer is raised."""

    directory: SlackDirectory
    roles: Mapping[str, RoleRule]

    def find(self, account: str, *, team: str = "") -> Member:
        """Return who an account is now and what they may do; raises DirectoryUnreadable.

        `team` is the workspace that a click names beside the person.
        """
        profile = self.directory.person(account)
        if profile.org_teams:  # Enterprise Grid
            self.directory.learn(self._list_people(), most=_MOST_LEARNED)
        member = self._find(account)
        if profile.org_teams and not member.roles:
            self.directory.learn(self._list_grouped(), most=_MOST_LEARNED)
            member = self._find(account)
        if team and not self._fits(profile, team):  # the click says so, whatever users.info says
            stranger = people.Person(id=account, account=account, name=member.person.name, is_stranger=True)
            return Member(person=stranger)
        return member

    def find_approvers(self, wanted: Collection[str], *, aside: Collection[str], enough: int) -> FoundApprovers:
        """Return active members of these roles: `enough` people who are not `aside`, or as many as there are."""
        return approver_search.find_approvers(
            {
                name: people.list_accounts(self.directory, rule)
                for name, rule in self.roles.items()
                if name in wanted
            },
            look=self.directory.person_lately,
            order=self.directory.sort_known_first,
            same_person=self.directory.known_accounts,
            aside=aside,
            enough=enough,
        )

    def is_in(self, channel: str, account: str) -> bool:
        """Whether an account is in a channel; what cannot be read counts as no."""
        return self.directory.is_member(channel, account)

    def _find(self, account: str) -> Member:
        return people.find_member(
            self.directory, account=account, roles=self.roles, same_person=self.directory.known_accounts
        )

    def _fits(self, profile: Profile, team: str) -> bool:
        """Whether a person may come from this workspace: ours, or on Grid another one of theirs beside ours."""
        ours = self.directory.team_id
        return team == ours or (ours in profile.org_teams and team in profile.org_teams)

    def _list_people(self) -> list[str]:
        listed = {account for accounts in self.directory.known_accounts for account in accounts}
        return sorted(listed.union(*(rule.people for rule in self.roles.values())))

    def _list_grouped(self) -> list[str]:
        found = [people.list_accounts(self.directory, rule).accounts for rule in self.roles.values()]
        return sorted(frozenset[str]().union(*found))
