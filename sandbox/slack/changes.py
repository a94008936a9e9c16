"""What becomes different in the workspace while an app runs: people leave, channels close, tokens die."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sandbox.slack.courier import Courier
from sandbox.slack.people import Person
from sandbox.slack.sockets import Sockets
from sandbox.slack.state import State
from sandbox.slack.web_api import Credentials


class Changes:
    """Part of SlackWorkspace."""

    state: State
    credentials: Credentials
    courier: Courier
    sockets: Sockets

    def deactivates(self, person_id: str) -> None:
        """Deactivate a person's account."""
        self.state.change_person(person_id, deleted=True)

    def changes_person(self, person_id: str, **changes: Any) -> Person:
        """Change facts of a person, such as is_restricted."""
        return self.state.change_person(person_id, **changes)

    def changes_group(self, group_id: str, people: Iterable[str]) -> None:
        """Set who is in a user group."""
        with self.state.lock:
            group = self.state.groups[group_id]
            self.state.groups[group_id] = replace(group, people=tuple(people))
        self.state.touch()

    def joins_grid(
        self,
        others: Mapping[str, str] | None = None,
        *,
        writes_org_ids: bool = False,
        names_home_team: bool = False,
    ) -> None:
        """Become a workspace of an organisation on Enterprise Grid.

        `others` are people whose `team_id` is another workspace of it from now on, in which they are members
        beside this one. With `writes_org_ids` deliveries name people by their ids of the organisation (`W…`), and
        with `names_home_team` the person's workspace where another app would see its own.
        """
        state, others = self.state, others or {}
        with state.lock:
            state.team = replace(state.team, enterprise_id="E0NORTHWIND", enterprise_name="Northwind")
            state.writes_org_ids, state.names_home_team = writes_org_ids, names_home_team
            for person in list(state.people.values()):
                if person.team_id == state.team.id and not person.is_bot:
                    home = others.get(person.id, person.team_id)
                    teams = tuple(dict.fromkeys((state.team.id, home)))
                    state.change_person(person.id, team_id=home, org_id=f"W{person.id[1:]}", org_teams=teams)

    def archives(self, channel: str, *, archived: bool = True) -> None:
        """Archive a channel, or bring it back."""
        self.state.change_channel(channel, is_archived=archived)

    def kicks(self, channel: str, member: str | None = None) -> None:
        """Remove the app (or a person) from a channel."""
        leaving = {member or self.state.team.bot_user_id}
        self.state.change_channel(channel, members=self.state.channels[channel].members - leaving)

    def invites(self, channel: str, member: str | None = None) -> None:
        """Add the app (or a person) to a channel, without telling the app."""
        coming = {member or self.state.team.bot_user_id}
        self.state.change_channel(channel, members=self.state.channels[channel].members | coming)

    def deletes(self, channel: str, ts: str) -> None:
        """Delete a message, as an admin can."""
        with self.state.lock:
            self.state.delete(self.state.message(channel, ts))

    def revokes_tokens(self, error: str = "token_revoked") -> None:
        """Refuse all calls with this error: token_revoked, account_inactive, invalid_auth."""
        self.credentials.refusal = error

    def reinstalls(self, *, bot_token: str | None = None, scopes: Iterable[str] | None = None) -> None:
        """Install the app again; the old token stays revoked when a new one is given."""
        known = self.credentials
        if bot_token is not None and bot_token != known.bot_token:
            known.revoked.add(known.bot_token)
            known.bot_token = bot_token
        if scopes is not None:
            known.scopes = frozenset(scopes)
        known.refusal = ""

    def drops_sockets(self) -> None:
        """End all connections of Socket Mode at once."""
        self.courier.run(self.sockets.drop())

    def warns_sockets(self, *, seconds: float = 10.0) -> None:
        """Tell all connections that they end in so many seconds, and end those that are still there then."""
        self.courier.run(self.sockets.warn(seconds=seconds))
