"""Who is who in the Slack workspace: profiles and user groups, kept for a short time, failing closed."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from approvals.policy.people import DirectoryBusy, DirectoryUnreadable, NotInDirectory, Profile, ScopeMissing
from bot.slack.known_accounts import KnownAccounts
from notifier.outbox.backoff import Trouble
from notifier.outbox.slack_errors import read_error_code, read_refusal
from paytend.redaction import mask_text

T = TypeVar("T")

KEPT = 30.0  # seconds; a decision is at most this far behind a change in Slack
KEPT_FOR_SEARCH = 900.0  # seconds; for finding out who could be asked: the person who decides is looked up again
_UNKNOWN = frozenset({"user_not_found", "user_not_visible", "no_such_subteam"})
_PAGE = 1000  # the most that Slack gives at once


@dataclass(kw_only=True)
class SlackDirectory:
    """Looks people and groups up; thread-safe.

    All groups are read at once, by usergroups.list: one call, however many roles there are. What Slack does not
    answer is never answered from an older memory than `KEPT`. `known_accounts` are the accounts of one person,
    those of cardops.yml and those that Slack writes in two ways.
    """

    client: WebClient
    find_team: Callable[[], str]
    monotonic: Callable[[], float]
    known_accounts: KnownAccounts = field(default_factory=KnownAccounts)
    _profiles: dict[str, tuple[float, Profile]] = field(default_factory=dict)
    _groups: dict[str, tuple[float, frozenset[str]]] = field(default_factory=dict)
    _channels: dict[str, tuple[float, frozenset[str]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _reading_groups: threading.Lock = field(default_factory=threading.Lock)

    @property
    def team_id(self) -> str:
        """Our workspace; empty while Slack has not said it, and then everybody is a stranger."""
        return self.find_team()

    def person(self, account: str) -> Profile:
        """Return the account's profile; raises DirectoryUnreadable."""
        return self._kept(self._profiles, account, self._ask_profile)

    def person_lately(self, account: str) -> Profile:
        """Return the account's profile as it was within `KEPT_FOR_SEARCH`; raises DirectoryUnreadable."""
        return self._kept(self._profiles, account, self._ask_profile, within=KEPT_FOR_SEARCH)

    def name_of(self, account: str) -> str:
        """Return how an account is written in our rows, as far as that is known without asking."""
        with self._lock:
            known = self._profiles.get(account)
        return known[1].account if known is not None else account

    def sort_known_first(self, accounts: Collection[str]) -> list[str]:
        """Return the accounts in an order that asks Slack least: first those that `person_lately` knows."""
        now = self.monotonic()
        with self._lock:
            known = {name for name, (at, _) in self._profiles.items() if now - at < KEPT_FOR_SEARCH}
        return sorted(accounts, key=lambda account: (account not in known, account))

    def group(self, group: str) -> frozenset[str]:
        """Return the accounts in a user group; raises DirectoryUnreadable."""
        return self._kept(self._groups, group, self._ask_group)

    def is_member(self, channel: str, account: str) -> bool:
        """Whether an account is in a channel; what cannot be read counts as no."""
        try:
            # A right never depends on it, only who gets a copy of a message.
            return account in self._kept(self._channels, channel, self._ask_channel, within=KEPT_FOR_SEARCH)
        except DirectoryUnreadable:
            return False

    def forget(self) -> None:
        """Forget everything, so that Slack is asked again."""
        with self._lock:
            self._profiles.clear()
            self._groups.clear()
            self._channels.clear()

    def refresh_groups(self) -> None:
        """Read all groups again; raises DirectoryUnreadable."""
        with _reading("usergroups"):
            self._read_groups()

    def refresh_channel(self, channel: str) -> None:
        """Read who is in a channel again; raises DirectoryUnreadable."""
        with _reading(channel):
            found = self._ask_channel(channel)
        with self._lock:
            self._channels[channel] = (self.monotonic(), found)

    def refresh_people(self, wanted: Collection[str], *, pause: Callable[[], object], pages: int) -> None:
        """Read the profiles of these accounts again, by pages of users.list; raises DirectoryUnreadable.

        At most so many `pages` are read, with a `pause` between two: who is not found is asked for when needed.
        """
        missing, cursor = set(wanted), ""
        for page in range(pages):
            if page:
                pause()
            with _reading("users"):
                answer = self.client.users_list(limit=_PAGE, cursor=cursor)
            at = self.monotonic()
            for user in answer["members"]:
                for name in _ids_of(user) & missing:
                    profile = self._read_profile(name, user)
                    with self._lock:
                        self._profiles[name] = (at, profile)
                missing -= _ids_of(user)
            cursor = _next_cursor(answer)
            if not missing or not cursor:
                return

    def learn(self, accounts: Iterable[str], *, most: int) -> None:
        """Find out in which other way Slack writes these accounts: at most so many that are not known yet."""
        for account in [each for each in accounts if not self.known_accounts.is_learned(each)][:most]:
            try:
                self.person_lately(account)
            except NotInDirectory:
                self.known_accounts.learn(account, frozenset())  # nobody: no need to ask again
            except DirectoryUnreadable:
                return

    def _kept(
        self, kept: dict[str, tuple[float, T]], name: str, ask: Callable[[str], T], *, within: float = KEPT
    ) -> T:
        if (known := self._find(kept, name, within=within)) is not None:
            return known
        # Outside of the lock: a slow answer about one person must not keep decisions of others waiting.
        with _reading(name):
            found = ask(name)
        with self._lock:
            kept[name] = (self.monotonic(), found)
        return found

    def _find(self, kept: dict[str, tuple[float, T]], name: str, *, within: float) -> T | None:
        with self._lock:
            known = kept.get(name)
        return known[1] if known is not None and self.monotonic() - known[0] < within else None

    def _ask_profile(self, account: str) -> Profile:
        user: dict[str, Any] = self.client.users_info(user=account)["user"]
        return self._read_profile(account, user)

    def _read_profile(self, account: str, user: dict[str, Any]) -> Profile:
        profile = user.get("profile", {})
        org = user.get("enterprise_user") or {}
        org_teams = frozenset(map(str, org.get("teams") or ()))
        aliases = _ids_of(user) | {account}
        # Always the same one: by the other, somebody could approve what they asked for.
        own = str(org.get("id") or user.get("id") or account)
        self.known_accounts.learn(account, aliases | {own})
        return Profile(
            account=own,
            aliases=aliases,
            org_teams=org_teams,
            # Names are kept with requests and decisions, and anybody may call themselves what they like.
            name=mask_text(profile.get("display_name") or profile.get("real_name") or user.get("real_name") or ""),
            # Either sign is enough: with Slack Connect, people of other workspaces click here too. On Enterprise
            # Grid `team_id` may be any workspace of the person, and `teams` are all of them (bolt-js issue 1875).
            is_stranger=bool(user.get("is_stranger")) or self.team_id not in {user.get("team_id"), *org_teams},
            is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
            is_deactivated=bool(user.get("deleted")),
            is_bot=bool(user.get("is_bot")) or account == "USLACKBOT",
        )

    def _ask_group(self, group: str) -> frozenset[str]:
        with self._reading_groups:  # one reading serves everybody who waits for it
            known = self._find(self._groups, group, within=KEPT)
            if known is None:
                self._read_groups()
                known = self._find(self._groups, group, within=KEPT)
        if known is None:
            raise NotInDirectory(group)
        return known

    def _read_groups(self) -> None:
        cursor = ""
        while True:
            more: dict[str, Any] = {"cursor": cursor} if cursor else {}
            answer = self.client.usergroups_list(include_users=True, **more)
            at = self.monotonic()
            with self._lock:
                for each in answer["usergroups"]:
                    self._groups[each["id"]] = (at, frozenset(each.get("users") or ()))
            cursor = _next_cursor(answer)
            if not cursor:
                return

    def _ask_channel(self, channel: str) -> frozenset[str]:
        members: list[str] = []
        cursor = ""
        while True:
            page = self.client.conversations_members(channel=channel, limit=1000, cursor=cursor)
            members += page["members"]
            cursor = _next_cursor(page)
            if not cursor:
                return frozenset(members)


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Translate what slack_sdk raises into DirectoryUnreadable: Slack is busy, knows nothing of it, or is away."""
    try:
        yield
    except SlackApiError as error:
        if read_refusal(error).trouble is Trouble.LIMITED:
            raise DirectoryBusy(name) from error
        if read_error_code(error) == "missing_scope":
            raise ScopeMissing(str(error.response.get("needed") or name)) from error
        raise (NotInDirectory if read_error_code(error) in _UNKNOWN else DirectoryUnreadable)(name) from error
    except (SlackClientError, OSError) as error:
        raise DirectoryUnreadable(name) from error


def _ids_of(user: dict[str, Any]) -> frozenset[str]:
    org = user.get("enterprise_user") or {}
    return frozenset(str(each) for each in (user.get("id"), org.get("id")) if each)


def _next_cursor(answer: Any) -> str:
    return str((answer.get("response_metadata") or {}).get("next_cursor") or "")
