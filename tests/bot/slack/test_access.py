"""What is known of our access to Slack: it may fail at the start and later, and is noticed when it works again."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from bot.slack.access import BotIdentity, SlackAccess, SlackUnusable
from bot.slack.socket_watch import keep_connecting

US = BotIdentity(team_id="T0US", bot_id="B0US", bot_user_id="U0US")


@dataclass
class Slack:
    """What Slack says to auth.test; `asked` is how often."""

    reason: str = ""
    asked: int = 0
    usable: list[bool] = field(default_factory=list)

    def __call__(self) -> BotIdentity:
        self.asked += 1
        if self.reason:
            raise SlackUnusable(self.reason)
        return US


@pytest.fixture
def slack() -> Slack:
    return Slack()


def make_access(slack: Slack, *, team_id: str = "") -> tuple[SlackAccess, threading.Event]:
    wake = threading.Event()
    ours = SlackAccess(ask=slack, team_id=team_id, observe=slack.usable.append, wake=wake.set, pauses=(0.01, 0.02))
    return ours, wake


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_n6_without_slack_the_team_is_the_configured_one_or_nobodys(slack: Slack) -> None:
    slack.reason = "no answer (URLError)"
    unknown, _ = make_access(slack)
    configured, _ = make_access(slack, team_id="T0US")

    assert not unknown.check()
    assert not configured.check()

    assert (unknown.identity.team_id, configured.identity.team_id) == ("", "T0US")
    assert unknown.trouble == "no answer (URLError)"
    assert slack.usable == [False, False]


@pytest.mark.parametrize("reason", ["token_revoked", "no answer (URLError)"])
def test_n6_slack_that_comes_back_is_noticed_without_a_restart(slack: Slack, reason: str) -> None:
    slack.reason = reason
    ours, wake = make_access(slack)
    ours.check()
    stop, returned = threading.Event(), threading.Event()
    thread = threading.Thread(target=ours.run, args=(stop, wake), kwargs={"on_return": returned.set})
    thread.start()
    wait_until(lambda: slack.asked > 2)
    assert not returned.is_set()

    slack.reason = ""
    assert returned.wait(20)
    assert (ours.trouble, ours.identity, slack.usable[-1]) == ("", US, True)

    returned.clear()
    ours.hear("unauthorised")
    assert returned.wait(20), "one refusal is asked about, and does not last"
    stop.set()
    wake.set()
    thread.join(20)
    assert not thread.is_alive()


def test_n6_other_outcomes_of_deliveries_are_no_trouble_of_the_token(slack: Slack) -> None:
    ours, wake = make_access(slack)
    for outcome in ("delivered", "limited", "in doubt", "unreachable"):
        ours.hear(outcome)

    assert (ours.trouble, wake.is_set()) == ("", False)


def test_n6_socket_mode_connects_as_often_as_it_takes(slack: Slack) -> None:
    stop, wake, tries = threading.Event(), threading.Event(), []

    def connect() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("Slack is away")

    thread = threading.Thread(target=keep_connecting, args=(connect, stop, wake), kwargs={"pause": 0.01})
    thread.start()
    wait_until(lambda: len(tries) == 3)
    stop.set()
    wake.set()
    thread.join(20)
    assert (len(tries), thread.is_alive(), slack.asked) == (3, False, 0)
