"""Enterprise Grid: people of another workspace of the organisation are no strangers, and one person is one id."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bot.slack.access import InstalledOrgWide
from sandbox.slack.people import Person, Team
from tests.journeys.conftest import MakesWorld
from tests.journeys.world import (
    CARD,
    CONFIG,
    LEAD,
    MANAGER,
    OTHER_MANAGER,
    STRANGER,
    SUPPORT,
    JourneyWorld,
    actions_of,
)

SISTER = "T0SISTER"
APPROVE = "request_approve"


@pytest.mark.parametrize("names_home_team", [False, True])
@pytest.mark.parametrize("writes_org_ids", [False, True])
def test_s4_people_of_another_workspace_of_the_organisation_ask_approve_and_deny(
    sqlite_world: JourneyWorld, writes_org_ids: bool, names_home_team: bool
) -> None:
    world = sqlite_world
    home = {SUPPORT: SISTER, MANAGER: SISTER}
    world.slack.joins_grid(home, writes_org_ids=writes_org_ids, names_home_team=names_home_team)
    world.bot.base.clients.access.check()

    world.slack.opens_home(MANAGER)
    world.settles()
    assert "Needs your approval" in str(world.slack.home(MANAGER))
    world.types(SUPPORT, "/topup")
    world.submits(SUPPORT, card=CARD, amount="10", reason="customer called")
    world.clicks(MANAGER, APPROVE)
    assert world.request().status == "executed"

    world.asks("20.00")
    world.clicks(MANAGER, "request_deny")
    world.submits(MANAGER, reason="not today")
    assert world.request().status == "denied"


@pytest.mark.parametrize("writes", ["U then W", "W then U"])
def test_s4_nobody_approves_their_own_request_by_their_other_id(sqlite_world: JourneyWorld, writes: str) -> None:
    world = sqlite_world
    world.slack.changes_group("S0SUPPORT", [SUPPORT, MANAGER])
    world.slack.joins_grid(writes_org_ids=writes == "W then U")
    world.asks(person=MANAGER)
    world.slack.joins_grid(writes_org_ids=writes == "U then W")

    world.clicks(MANAGER, APPROVE)

    assert world.refusals() == ["SelfApproval"]
    assert world.request().status == "pending"


def test_s4_one_person_with_two_ids_gives_one_approval(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.slack.joins_grid()
    world.asks("600.00")
    world.clicks(MANAGER, APPROVE)
    world.slack.joins_grid(writes_org_ids=True)

    world.clicks(MANAGER, APPROVE)
    assert world.refusals() == ["AlreadyDecided"]
    world.clicks(OTHER_MANAGER, APPROVE)
    assert world.request().status == "executed"


@pytest.mark.parametrize("listed", ["U0LEAD", "W0LEAD"])
def test_s4_the_ids_of_cardops_yml_may_be_written_either_way(make_world: MakesWorld, listed: str) -> None:
    config = CONFIG.replace("{groups: [S0MANAGER]}", f"{{groups: [S0MANAGER], people: [{listed}]}}")
    config = config.replace("S0MANAGER", "S0ONCALL", 1)
    with make_world(config=f"same_person: [[{listed}, U0SOFIA]]" + config) as world:
        for writes_org_ids in (True, False):
            world.slack.joins_grid({LEAD: SISTER}, writes_org_ids=writes_org_ids)
            world.asks("10.00" if writes_org_ids else "20.00")
            world.clicks(LEAD, APPROVE)
            assert world.request().status == "executed"

            world.asks("30.00" if writes_org_ids else "40.00", person="U0SOFIA")
            world.clicks(LEAD, APPROVE)
            assert world.refusals()[-1] == "SelfApproval"
            world.clicks("U0SOFIA", "request_withdraw")


def test_s4_strangers_and_guests_stay_refused_on_grid(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.slack.joins_grid({MANAGER: SISTER, OTHER_MANAGER: SISTER})
    world.slack.changes_group("S0MANAGER", [MANAGER, OTHER_MANAGER, STRANGER])
    world.asks()
    # A guest of the sister workspace, one who is not in ours, and one whom only Slack Connect brings here.
    world.slack.changes_person(MANAGER, is_restricted=True)
    world.slack.changes_person(OTHER_MANAGER, org_teams=(SISTER,))
    world.passes(seconds=31)

    for person, refusal in ((MANAGER, "Guest"), (OTHER_MANAGER, "Stranger"), (STRANGER, "Stranger")):
        world.clicks(person, APPROVE)
        assert world.refusals()[-1] == refusal, person
    assert world.request().status == "pending"


def test_s4_a_click_that_names_another_workspace_than_users_info_does_is_a_strangers(
    sqlite_world: JourneyWorld,
) -> None:
    world = sqlite_world
    world.asks()
    card = world.card()
    assert APPROVE in actions_of(card)
    real = world.slack.state.people[MANAGER]
    world.slack.state.people[MANAGER] = _Elsewhere(**{**vars(real), "team_id": SISTER})

    world.clicks(MANAGER, APPROVE, message=card)

    assert world.refusals() == ["Stranger"]


def test_s4_an_installation_for_the_whole_organisation_is_refused_at_start(sqlite_world: JourneyWorld) -> None:
    state = sqlite_world.slack.state
    state.team = replace(state.team, is_org_wide=True)

    with pytest.raises(InstalledOrgWide, match="whole organisation"):
        sqlite_world.bot.base.clients.access.start()


class _Elsewhere(Person):
    """Somebody whom users.info shows as ours, while their clicks come from elsewhere."""

    def as_json(self, *, now: datetime, with_email: bool, team: Team) -> dict[str, Any]:
        return {**super().as_json(now=now, with_email=with_email, team=team), "team_id": team.id}
