"""The Home tab: what waits, what was asked for, the balance; fresh without being asked for, and cheap."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from bot.database.tables import HomeTab
from bot.slack import home
from tests.journeys.test_top_up_form import forged
from tests.journeys.world import (
    ADMIN,
    CARD,
    MANAGER,
    ONCALL,
    OTHER_MANAGER,
    STRANGER,
    SUPPORT,
    JourneyWorld,
    actions_of,
    text_of,
)


def opens_home(world: JourneyWorld, person: str) -> str:
    world.slack.opens_home(person)
    world.settles()
    return shown(world, person)


def shown(world: JourneyWorld, person: str) -> str:
    view = world.slack.home(person)
    return "" if view is None else text_of(view)


def publishes(world: JourneyWorld) -> int:
    return sum(call.method == "views.publish" for call in world.slack.api_calls)


def test_what_waits_is_shown_riskiest_first(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks("20.00")
    world.asks("700.00", card="1755903")

    text = opens_home(world, MANAGER)

    assert text.index("700.00") < text.index("20.00 EUR")
    assert "needs 2 approvals" in text


def test_approving_from_home_opens_the_card_and_is_done_there(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks("20.00")
    opens_home(world, MANAGER)

    world.clicks(MANAGER, "home_approve", view=world.slack.home(MANAGER))

    modal = world.slack.modal(MANAGER)
    assert modal is not None
    assert {"request_approve", "request_deny"} <= set(actions_of(modal))
    assert world.request().status == "pending"
    world.clicks_modal(MANAGER, "request_approve")
    assert world.request().status == "executed"
    assert "request_approve" not in actions_of(world.slack.modal(MANAGER) or {})


def test_denying_from_home_opens_the_card_and_then_asks_why(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks("20.00")
    opens_home(world, MANAGER)

    world.clicks(MANAGER, "home_deny", view=world.slack.home(MANAGER))
    world.clicks_modal(MANAGER, "request_deny")
    world.submits(MANAGER, reason="not agreed with the customer")

    assert world.request().status == "denied"


def test_a_requester_sees_their_own_requests_and_nothing_to_decide(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks("20.00")

    text = opens_home(world, SUPPORT)

    assert "You’re all caught up" in text
    assert "20.00 EUR" in text
    assert "Partner balance" not in text
    assert {"topup_open", "home_lost", "home_card", "home_show"} <= set(
        actions_of(world.slack.home(SUPPORT) or {})
    )


def test_the_balance_comes_with_its_trend_for_those_who_may_see_it(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.bot.jobs.fire("balance")
    world.clock.advance(timedelta(hours=3))
    world.asks_and_approves("300.00")
    world.clock.advance(timedelta(hours=3))
    world.bot.jobs.fire("balance")

    for person in (MANAGER, ONCALL, ADMIN):
        text = opens_home(world, person)
        assert "24,6" in text
        assert "enough" in text
        assert "down 30" in text
        assert "█▁" in text


def test_a_tab_is_refreshed_when_something_changes_and_left_alone_otherwise(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    opens_home(world, MANAGER)
    opens_home(world, SUPPORT)
    before = publishes(world)

    assert world.bot.slack.home.refresh() == 0
    world.asks("20.00")
    assert world.bot.slack.home.refresh() == 2
    assert "20.00 EUR" in shown(world, MANAGER)
    assert world.bot.slack.home.refresh() == 0

    world.types(SUPPORT, f"/card info {CARD}")  # a line in the trail that no tab shows
    assert world.bot.slack.home.refresh() == 0
    assert publishes(world) == before + 2


def test_a_tab_that_nobody_looked_at_lately_costs_nothing(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    opens_home(world, MANAGER)
    world.clock.advance(home.LOOKED_AT + timedelta(minutes=1))
    world.asks("20.00")
    before = publishes(world)

    assert world.bot.slack.home.refresh() == 0
    assert publishes(world) == before


def test_slack_refusing_a_refresh_is_tried_again_later(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    opens_home(world, MANAGER)
    world.asks("20.00")
    world.slack.faults.limits("views.publish")

    assert world.bot.slack.home.refresh() == 0
    assert world.bot.slack.home.refresh() == 0  # not asked again before Retry-After
    world.clock.advance(timedelta(seconds=31))
    assert world.bot.slack.home.refresh() == 1
    assert "20.00 EUR" in shown(world, MANAGER)


@pytest.mark.parametrize("error", ["invalid_arguments", "not_enabled", "user_not_found"])
def test_s8_a_tab_that_slack_refuses_keeps_nobody_else_from_theirs(sqlite_world: JourneyWorld, error: str) -> None:
    world = sqlite_world
    opens_home(world, MANAGER)
    opens_home(world, OTHER_MANAGER)
    world.asks("20.00")
    world.slack.faults.answers("views.publish", error)

    assert world.bot.slack.home.refresh() == 1
    assert ("20.00 EUR" in shown(world, MANAGER)) != ("20.00 EUR" in shown(world, OTHER_MANAGER))
    world.asks("30.00", card="1755903")
    assert world.bot.slack.home.refresh() == 2


@pytest.mark.parametrize("status", [500, 503])
def test_s8_a_failure_of_slacks_stops_the_round(sqlite_world: JourneyWorld, status: int) -> None:
    world = sqlite_world
    opens_home(world, MANAGER)
    opens_home(world, OTHER_MANAGER)
    world.asks("20.00")
    world.slack.faults.fails("views.publish", status=status)

    assert world.bot.slack.home.refresh() == 0
    assert world.bot.slack.home.refresh() == 2


def test_a_stranger_gets_no_tab(sqlite_world: JourneyWorld) -> None:
    sqlite_world.slack.opens_home(STRANGER)
    sqlite_world.settles()

    assert sqlite_world.slack.home(STRANGER) is None


def test_a_lost_card_is_reported_from_home_after_it_was_shown(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    opens_home(world, SUPPORT)

    world.clicks(SUPPORT, "home_lost", view=world.slack.home(SUPPORT))
    world.submits(SUPPORT, card=CARD)
    assert "Unblocking needs a second person" in world.modal_text(SUPPORT)
    assert world.paytend.calls_of("lostCard") == []
    world.clicks_modal(SUPPORT, "card_lost")

    assert "Blocked: " in world.modal_text(SUPPORT)
    assert len(world.paytend.calls_of("lostCard")) == 1


def test_a_card_is_looked_at_from_home(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    opens_home(world, SUPPORT)

    world.clicks(SUPPORT, "home_card", view=world.slack.home(SUPPORT))
    done = world.submits(SUPPORT, card=forged("4111 1111 1111 1111"))
    assert "card number" in done.errors["card"].lower()
    world.submits(SUPPORT, card=CARD)

    assert "Balance" in world.modal_text(SUPPORT)


def test_a_top_up_is_asked_for_from_home(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    opens_home(world, SUPPORT)

    world.clicks(SUPPORT, "topup_open", view=world.slack.home(SUPPORT))
    world.submits(SUPPORT, card=CARD, amount="20", reason="")

    assert "needs 1 approval" in world.modal_text(SUPPORT)
    assert world.request().status == "pending"


def test_two_hundred_open_tabs_are_refreshed_within_slacks_limit(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    opens_home(world, MANAGER)
    people = world.slack.state.people
    with world.bot.database.writing() as session:
        row = session.get_one(HomeTab, MANAGER)
        for number in range(200):
            account = f"U0{number:04d}"
            people[account] = replace(people[MANAGER], id=account)
            session.add(HomeTab(**row.model_dump() | {"account": account, "person_id": account, "seen": ""}))
    before = publishes(world)

    world.bot.slack.home.refresh()
    assert publishes(world) == before  # nothing differs from what everybody has
    with world.bot.database.reading() as session:
        assert "" not in session.exec(select(HomeTab.seen)).all(), "and nobody is looked at again before it does"

    world.asks("20.00")
    world.bot.slack.home.refresh()
    assert publishes(world) - before == home.MOST_PUBLISHED
    world.bot.slack.home.refresh()
    assert publishes(world) - before == 2 * home.MOST_PUBLISHED
    assert sum("20.00 EUR" in shown(world, account) for account in people) == 2 * home.MOST_PUBLISHED
