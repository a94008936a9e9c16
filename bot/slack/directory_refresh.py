"""Keeps groups and profiles of the people with a role fresh, so that no command waits for Slack's limits."""

import logging
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from approvals.policy.people import DirectoryUnreadable, RoleRule, list_accounts
from bot.slack.directory import SlackDirectory

GROUPS_EVERY = 20.0  # seconds; less than KEPT, so that a decision finds them fresh enough
PEOPLE_EVERY = 300.0  # seconds; less than KEPT_FOR_SEARCH
PAGES = 20  # of a thousand people each
PAGE_PAUSE = 4.0  # seconds; users.list and usergroups.list may each be called 20 times a minute (tier 2)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class DirectoryRefresh:
    """Reads both again and again, on a thread of its own; what cannot be read is asked for when it is needed."""

    directory: SlackDirectory
    roles: Mapping[str, RoleRule]
    channels: Collection[str]  # where requests are posted

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Go on until `stop` is set (then set `wake` too)."""
        rounds = int(PEOPLE_EVERY // GROUPS_EVERY)
        number = 0
        while not stop.is_set():
            self.refresh(people=number % rounds == 0, stop=stop)
            number += 1
            wake.wait(GROUPS_EVERY)
            wake.clear()

    def refresh(self, *, people: bool, stop: threading.Event) -> None:
        """Read the groups, and with `people` the profiles of all who have a role, and who is in the channels."""
        if not self.roles:
            return
        try:
            if any(rule.groups for rule in self.roles.values()):
                self.directory.refresh_groups()
            if people:
                for channel in self.channels:
                    self.directory.refresh_channel(channel)
                listed = [list_accounts(self.directory, rule).accounts for rule in self.roles.values()]
                self.directory.refresh_people(
                    frozenset[str]().union(*listed), pause=lambda: stop.wait(PAGE_PAUSE), pages=PAGES
                )
        except DirectoryUnreadable as error:
            _log.info("directory.not_refreshed", extra={"reason": type(error).__name__, "what": str(error)})
