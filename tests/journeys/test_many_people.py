"""Two thousand people: who may approve is found within Slack's limits, or Slack is said to be busy."""

from collections.abc import Iterator
from datetime import timedelta
from threading import Event

import pytest

from bot.wiring.lifecycles import make_directory_refresh
from sandbox.slack.people import Person, UserGroup
from tests.journeys.conftest import MakesWorld
from tests.journeys.world import CONFIG, MANAGER, SUPPORT, JourneyWorld

MANY = 2000
ASKS = ("users.info", "users.list", "usergroups.list", "usergroups.users.list", "conversations.members")
# Groups in several roles: who is in support may be a manager too, and all are on call.
NESTED = CONFIG.replace("manager: {groups: [S0MANAGER]}", "manager: {groups: [S0MANAGER, S0LEADS, S0EVERYBODY]}")


def fills(world: JourneyWorld, count: int = MANY) -> None:
    """Let so many people work there, all of them in the groups of a role."""
    state = world.slack.state
    people = [
        Person(id=f"U1{number:05d}", name=f"p{number}", real_name=f"P {number}", team_id=state.team.id)
        for number in range(count)
    ]
    names = tuple(each.id for each in people)
    with state.lock:
        state.people |= {each.id: each for each in people}
        for group_id, some in (("S0LEADS", names[: count // 2]), ("S0EVERYBODY", names)):
            state.groups[group_id] = UserGroup(id=group_id, handle=group_id, name=group_id, people=some)
    world.slack.changes_group("S0SUPPORT", [SUPPORT, *names])
    world.slack.changes_group("S0ONCALL", names)
    general = state.channels["C0GENERAL"]
    state.change_channel(general.id, members=general.members | set(names))


def asked(world: JourneyWorld) -> int:
    """How often Slack was asked who somebody is."""
    return sum(call.method in ASKS for call in world.slack.api_calls)


def refreshes(world: JourneyWorld) -> None:
    """Do what the thread of the directory does every few minutes, without its pauses."""
    stop = Event()
    stop.set()
    make_directory_refresh(world.bot.base).refresh(people=True, stop=stop)


@pytest.fixture
def crowd(make_world: MakesWorld) -> Iterator[JourneyWorld]:
    """Two thousand people, and Slack's real tiers, by a clock that only the test moves."""
    with make_world(config=NESTED, rate_limits=True) as world:
        fills(world)
        yield world


def test_s1_a_top_up_among_two_thousand_people_asks_slack_at_most_three_times(crowd: JourneyWorld) -> None:
    crowd.bot.slack.context.members.is_in("C0APPROVALS", SUPPORT)  # known from the start on, by its own thread
    for number in range(1, 8):
        before = asked(crowd)
        crowd.types(f"U1{number:05d}", f"/topup 1755902 {number}.00 customer called")
        assert len(crowd.requests()) == number
        assert asked(crowd) - before <= 3
        crowd.clicks(MANAGER, "request_approve")
        assert crowd.request().status == "executed"
    assert not [call for call in crowd.slack.api_calls if call.status == 429 and call.method in ASKS]


def test_s1_what_is_read_in_the_background_answers_everybody(crowd: JourneyWorld) -> None:
    refreshes(crowd)
    assert asked(crowd) <= 5  # all groups, the channel of requests, and three pages of people
    crowd.types("U100001", "/topup 1755902 1.00 customer called")

    assert asked(crowd) <= 5
    assert len(crowd.requests()) == 1


@pytest.mark.parametrize("cold", ["people", "groups"])
def test_s1_a_limited_look_up_says_that_slack_is_busy_and_never_that_nobody_could(
    crowd: JourneyWorld, cold: str
) -> None:
    members = crowd.bot.slack.context.members
    members.find(SUPPORT)
    if cold == "groups":
        crowd.clock.advance(timedelta(seconds=31))
    crowd.slack.faults.limits("usergroups.list" if cold == "groups" else "users.info", retry_after=30, times=1)

    crowd.types(SUPPORT, "/topup 1755902 10.00 customer called")

    assert "Slack is busy" in crowd.told(SUPPORT)
    assert "nobody could" not in crowd.told(SUPPORT)
    assert crowd.requests() == []
    crowd.clock.advance(timedelta(seconds=31))
    crowd.types(SUPPORT, "/topup 1755902 10.00 customer called")
    assert len(crowd.requests()) == 1


def test_s1_retry_after_is_obeyed_by_all_callers_together(crowd: JourneyWorld) -> None:
    crowd.slack.faults.limits("users.info", retry_after=30, times=1)
    for number in range(10):
        crowd.types(f"U1{number:05d}", "/card info 1755902")
        assert "Slack is busy" in crowd.told(f"U1{number:05d}")
    assert sum(call.method == "users.info" for call in crowd.slack.api_calls) == 1

    crowd.clock.advance(timedelta(seconds=31))
    crowd.types("U100001", "/card info 1755902")
    assert "64.10 EUR" in crowd.told("U100001") + str(crowd.slack.ephemerals("U100001")[-1])


def test_s1_whoever_decides_is_asked_about_again_however_much_is_kept(crowd: JourneyWorld) -> None:
    refreshes(crowd)
    crowd.types("U100001", "/topup 1755902 10.00 customer called")
    crowd.slack.changes_person(MANAGER, is_restricted=True)
    crowd.clock.advance(timedelta(seconds=31))

    crowd.clicks(MANAGER, "request_approve")

    assert crowd.refusals() == ["Guest"]
    assert crowd.request().status == "pending"
