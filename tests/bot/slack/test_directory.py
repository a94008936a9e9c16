"""Who is who: asked of Slack, kept for half a minute, and failing closed."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from slack_sdk import WebClient

from approvals.policy.people import DirectoryUnreadable
from bot.slack.directory import KEPT, SlackDirectory
from sandbox.slack import SlackWorkspace, seed


@dataclass
class Time:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class DirectoryWorld:
    slack: SlackWorkspace
    directory: SlackDirectory
    time: Time

    def asked(self, method: str) -> int:
        return sum(call.method == method for call in self.slack.api_calls)


@pytest.fixture
def world() -> Iterator[DirectoryWorld]:
    slack = SlackWorkspace(rate_limits=False)
    with slack.serving():
        client = WebClient(token=seed.BOT_TOKEN, base_url=slack.api_url, timeout=5, retry_handlers=[])
        time = Time()
        yield DirectoryWorld(
            slack, SlackDirectory(client=client, find_team=lambda: seed.TEAM.id, monotonic=time), time
        )


def test_people_are_described_as_slack_describes_them(world: DirectoryWorld) -> None:
    assert world.directory.person("U0SAM").name == "sam"
    assert world.directory.person("U0GUEST").is_guest
    assert world.directory.person("U0GUEST1").is_guest
    assert world.directory.person("U0GONE").is_deactivated
    assert world.directory.person("U0STRANGER").is_stranger
    assert world.directory.person("U0OTHERBOT").is_bot
    sam = world.directory.person("U0SAM")
    assert not any((sam.is_guest, sam.is_deactivated, sam.is_stranger, sam.is_bot))


def test_an_answer_is_kept_for_half_a_minute_and_no_longer(world: DirectoryWorld) -> None:
    for _ in range(3):
        world.directory.person("U0SAM")
        world.directory.group("S0MANAGER")
    assert (world.asked("users.info"), world.asked("usergroups.list")) == (1, 1)

    world.time.now += KEPT - 0.1
    world.directory.person("U0SAM")
    assert world.asked("users.info") == 1
    world.time.now += 0.2
    world.directory.person("U0SAM")
    world.directory.group("S0MANAGER")
    assert (world.asked("users.info"), world.asked("usergroups.list")) == (2, 2)


def test_what_slack_does_not_answer_is_never_answered_from_an_older_memory(world: DirectoryWorld) -> None:
    world.directory.person("U0SAM")
    world.directory.group("S0MANAGER")
    world.time.now += KEPT + 1
    world.slack.faults.answers("users.info", "internal_error")
    world.slack.faults.fails("usergroups.list", status=503)

    with pytest.raises(DirectoryUnreadable):
        world.directory.person("U0SAM")
    with pytest.raises(DirectoryUnreadable):
        world.directory.group("S0MANAGER")
    assert world.directory.person("U0SAM").name == "sam"


@pytest.mark.parametrize("trouble", ["limited", "reset", "unknown"])
def test_every_trouble_is_the_same_refusal(world: DirectoryWorld, trouble: str) -> None:
    account = "U0NOBODY" if trouble == "unknown" else "U0SAM"
    if trouble == "limited":
        world.slack.faults.limits("users.info")
    if trouble == "reset":
        world.slack.faults.resets("users.info", accepted=False)

    with pytest.raises(DirectoryUnreadable):
        world.directory.person(account)


def test_members_of_a_channel_are_found_and_what_cannot_be_read_counts_as_no(world: DirectoryWorld) -> None:
    assert world.directory.is_member("C0GENERAL", "U0SAM") is True
    assert world.directory.is_member("C0GENERAL", "U0STRANGER") is False
    assert world.directory.is_member("C0NOWHERE", "U0SAM") is False


def test_it_can_be_made_to_ask_anew(world: DirectoryWorld) -> None:
    world.directory.person("U0SAM")

    world.directory.forget()

    world.directory.person("U0SAM")
    assert world.asked("users.info") == 2
