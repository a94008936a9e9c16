"""Whether Slack takes our token, and who we are there: asked at the start, and again until the answer is good.

The bot runs without it: webhooks are taken in, and what is to be told waits in the outbox.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from notifier.outbox.backoff import Trouble

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0  # seconds between two questions
_QUIET = 60.0  # seconds without trouble, after which the next pause is the first again

_log = logging.getLogger(__name__)


class SlackUnusable(Exception):
    """Slack refuses the bot's token, or does not answer; `reason` says which, in Slack's own word."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Slack does not take SLACK_BOT_TOKEN: {reason}")
        self.reason = reason


class InstalledOrgWide(SlackUnusable):
    """The app is installed for a whole organisation, and cardops works for one workspace."""

    def __init__(self) -> None:
        super().__init__("it is of an installation for a whole organisation")


class OtherWorkspace(SlackUnusable):
    """The token is of another workspace than SLACK_TEAM_ID: people and channels would be those of others."""

    def __init__(self, *, wanted: str, found: str) -> None:
        super().__init__(f"the token is of workspace {found}, and SLACK_TEAM_ID is {wanted}")


@dataclass(frozen=True, kw_only=True)
class BotIdentity:
    """Who the bot is in Slack (from auth.test); payloads of another workspace are refused, or of another app.

    `enterprise_id` is the organisation on Enterprise Grid, else empty; `app_id` and `url` (the address
    of the workspace) are empty where they are not known.
    """

    team_id: str
    bot_id: str
    bot_user_id: str
    enterprise_id: str = ""
    app_id: str = ""
    url: str = ""

    def is_ours(self, *, team: str, enterprise: str) -> bool:
        """Whether a payload is for us: of our workspace, or of our organisation.

        On Enterprise Grid a channel belongs to several workspaces, and Slack names any of them. Who the person
        is, is looked up in each case.
        """
        return team == self.team_id or bool(self.enterprise_id and enterprise == self.enterprise_id)


class SlackAccess:
    """What is known of our access to Slack; `trouble` is empty while all is well."""

    def __init__(
        self,
        *,
        ask: Callable[[], BotIdentity],
        team_id: str,
        observe: Callable[[bool], None],
        wake: Callable[[], None],
        complete: Callable[[BotIdentity], BotIdentity] = lambda identity: identity,
        pauses: tuple[float, float] = (FIRST_PAUSE, LONGEST_PAUSE),
    ) -> None:
        """Prepare with what is configured (`team_id` may be empty).

        `ask` raises SlackUnusable, `observe` hears whether Slack can be used, `wake` ends the waiting of `run`.
        Between two questions there is the first of the `pauses`, then twice as long, and so on up to the second.
        """
        self._ask = ask
        self._identity = BotIdentity(team_id=team_id, bot_id="", bot_user_id="")
        self._observe = observe
        self._wake = wake
        self._complete = complete
        self._pauses = pauses
        self.trouble = ""
        self._is_complete = False

    @property
    def identity(self) -> BotIdentity:
        """Who we are, as far as it is known: without a team nobody's payload can be trusted."""
        return self._identity

    def start(self) -> None:
        """Ask for the first time: Slack may be away. A token that is not of our workspace is refused.

        Raises InstalledOrgWide and OtherWorkspace.
        """
        try:
            self._identity = self._ask()
        except (InstalledOrgWide, OtherWorkspace):
            raise
        except SlackUnusable as error:
            self._note(error.reason)
        else:
            self._note("")

    def check(self) -> bool:
        """Ask Slack who we are; return whether it says so."""
        try:
            self._identity = self._ask()
        except SlackUnusable as error:
            self._note(error.reason)
            return False
        self._note("")
        return True

    def learn_app(self) -> None:
        """Ask Slack once which app we are, where it has not said so; not at the start, which would wait."""
        if self._identity.bot_id and not self._identity.app_id and not self._is_complete:
            self._is_complete = True
            self._identity = self._complete(self._identity)

    def hear(self, outcome: str) -> None:
        """Learn from an attempt of the outbox, by its outcome."""
        if outcome == Trouble.UNAUTHORISED and not self.trouble:
            self._note("it refuses the token")
            self._wake()

    def run(
        self, stop: threading.Event, wake: threading.Event, *, on_return: Callable[[], None] = lambda: None
    ) -> None:
        """Ask again while there is trouble, until `stop` is set (then set `wake` too); `on_return` ends it."""
        first, longest = self._pauses
        pause = first
        while not stop.is_set():
            wake.clear()
            self.learn_app()
            if not self.trouble:
                if not wake.wait(_QUIET):
                    pause = first
            elif not stop.wait(pause):
                # Also after a good answer: Slack may say who we are, and still let us post nothing.
                pause = min(2 * pause, longest)
                if self.check():
                    _log.warning("slack.usable_again")
                    on_return()

    def _note(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            _log.error("slack.unusable", extra={"reason": trouble})
        self.trouble = trouble
        self._observe(not trouble)
