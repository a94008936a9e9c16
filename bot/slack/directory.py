"""Who is who in the Slack workspace: profiles and user groups, kept for a short time, failing closed."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from approvals.policy.people import DirectoryUnreadable, Profile
from paytend.redaction import mask_text

T = TypeVar("T")

KEPT = 30.0  # seconds; a decision is at most this far behind a change in Slack


@dataclass(kw_only=True)
class SlackDirectory:
    """Looks people and groups up with users.info and usergroups.users.list; thread-safe.

    What Slack does not answer is never answered from an older memory than `KEPT`.
    """

    client: WebClient
    find_team: Callable[[], str]
    monotonic: Callable[[], float]
    _profiles: dict[str, tuple[float, Profile]] = field(default_factory=dict)
    _groups: dict[str, tuple[float, frozenset[str]]] = field(default_factory=dict)
    _channels: dict[str, tuple[float, frozenset[str]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def team_id(self) -> str:
        """Our workspace; empty while Slack has not said it, and then everybody is a stranger."""
        return self.find_team()

    def person(self, account: str) -> Profile:
        """Return the account's profile; raises DirectoryUnreadable."""
        return self._kept(self._profiles, account, self._ask_profile)

    def group(self, group: str) -> frozenset[str]:
        """Return the accounts in a user group; raises DirectoryUnreadable."""
        return self._kept(self._groups, group, self._ask_group)

    def is_member(self, channel: str, account: str) -> bool:
        """Whether an account is in a channel; what cannot be read counts as no."""
        try:
            return account in self._kept(self._channels, channel, self._ask_channel)
        except DirectoryUnreadable:
            return False

    def forget(self) -> None:
        """Forget everything, so that Slack is asked again."""
        with self._lock:
            self._profiles.clear()
            self._groups.clear()
            self._channels.clear()

    def _kept(self, kept: dict[str, tuple[float, T]], name: str, ask: Callable[[str], T]) -> T:
        with self._lock:
            known = kept.get(name)
        if known is not None and self.monotonic() - known[0] < KEPT:
            return known[1]
        try:
            # Outside of the lock: a slow answer about one person must not keep decisions of others waiting.
            found = ask(name)
        except (SlackClientError, OSError) as error:  # an answer of Slack's, or no answer
            raise DirectoryUnreadable(name) from error
        with self._lock:
            kept[name] = (self.monotonic(), found)
        return found

    def _ask_profile(self, account: str) -> Profile:
        user: dict[str, Any] = self.client.users_info(user=account)["user"]
        profile = user.get("profile", {})
        return Profile(
            account=account,
            # Names are kept with requests and decisions, and anybody may call themselves what they like.
            name=mask_text(profile.get("display_name") or profile.get("real_name") or user.get("real_name") or ""),
            # Either sign is enough: with Slack Connect, people of other workspaces click here too.
            is_stranger=bool(user.get("is_stranger")) or user.get("team_id", self.team_id) != self.team_id,
            is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
            is_deactivated=bool(user.get("deleted")),
            is_bot=bool(user.get("is_bot")) or account == "USLACKBOT",
        )

    def _ask_group(self, group: str) -> frozenset[str]:
        return frozenset(self.client.usergroups_users_list(usergroup=group)["users"])

    def _ask_channel(self, channel: str) -> frozenset[str]:
        members: list[str] = []
        cursor = ""
        while True:
            page = self.client.conversations_members(channel=channel, limit=1000, cursor=cursor)
            members += page["members"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return frozenset(members)
