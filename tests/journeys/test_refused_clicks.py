"""Clicks that must not count: each gets a private reply, changes nothing, and is in the audit trail."""

import json

import pytest

from tests.journeys.conftest import MakesWorld
from tests.journeys.world import (
    ADMIN,
    CONFIG,
    GONE,
    GUEST,
    LEAD,
    MANAGER,
    ONCALL,
    OTHER_MANAGER,
    OTHER_SUPPORT,
    STRANGER,
    SUPPORT,
    JourneyWorld,
    actions_of,
)

APPROVE = "request_approve"


def refuses(world: JourneyWorld, person: str, words: str, refusal: str, *, stale: bool = False) -> None:
    """Let somebody approve, and see that it does not count."""
    rows, said = world.rows(), len(world.slack.ephemerals(person))
    recorded = len(world.refusals())

    world.clicks(person, APPROVE, stale=stale)

    assert words in world.told(person)
    assert len(world.slack.ephemerals(person)) == said + 1
    assert world.rows() == rows
    assert world.request().status == "pending"
    assert world.refusals()[recorded:] == [refusal]
    last = world.trail()[-1]
    assert (last.actor, last.subject) == (person, world.request().id)


def test_nobody_approves_what_they_asked_for(make_world: MakesWorld) -> None:
    both = CONFIG.replace("support: {groups: [S0SUPPORT]}", "support: {groups: [S0SUPPORT], people: [U0MARA]}")
    with make_world(config=both) as world:
        world.asks(person=MANAGER)

        refuses(world, MANAGER, "You can’t approve your own request", "SelfApproval")


def test_nobody_approves_with_their_second_account_what_they_asked_for_with_the_first(
    make_world: MakesWorld,
) -> None:
    config = f"same_person: [[{SUPPORT}, {LEAD}]]\n{CONFIG}"
    with make_world(config=config) as world:
        world.asks(person=SUPPORT)

        refuses(world, LEAD, "You can’t approve your own request", "SelfApproval")


def test_an_admin_is_no_exception(sqlite_world: JourneyWorld) -> None:
    sqlite_world.asks()

    refuses(sqlite_world, ADMIN, "Only manager can do this", "NotInRole")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_everybody_who_is_no_approver_is_refused(world: JourneyWorld) -> None:
    world.asks()
    world.slack.changes_group("S0MANAGER", [MANAGER, GUEST, STRANGER, GONE])
    world.slack.invites("C0APPROVALS", GONE)

    refuses(world, OTHER_SUPPORT, "Only manager can do this", "NotInRole")
    refuses(world, ONCALL, "Only manager can do this", "NotInRole")
    refuses(world, GUEST, "Guests can’t use cardops", "Guest")
    refuses(world, STRANGER, "Only members of this workspace", "Stranger")
    refuses(world, GONE, "This account is deactivated", "Deactivated", stale=True)

    world.clicks(MANAGER, APPROVE)
    assert world.request().status == "executed"


def test_a_guest_a_stranger_and_an_outsider_do_not_get_the_form_to_deny_either(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()

    for person in (GUEST, STRANGER, OTHER_SUPPORT, SUPPORT):
        world.clicks(person, "request_deny")

        assert world.slack.modal(person) is None, person
        assert "Not allowed" in world.told(person)
    assert world.refusals() == ["Guest", "Stranger", "NotInRole", "SelfApproval"]
    assert world.request().status == "pending"


def test_an_emptied_group_of_approvers_lets_nobody_through(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    world.slack.changes_group("S0MANAGER", [])
    world.passes(seconds=31)

    refuses(world, MANAGER, "Only manager can do this", "NotInRole")


def test_nothing_can_be_asked_for_when_nobody_could_decide(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.slack.changes_group("S0MANAGER", [GUEST, GONE, STRANGER])

    world.types(SUPPORT, "/topup 1755902 10")

    assert "This needs 1 approval by manager, but nobody can approve" in world.told(SUPPORT)
    assert world.requests() == []
    assert world.refusals() == ["NobodyCanDecide"]


def test_a_group_that_slack_does_not_tell_lets_nobody_through(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    world.passes(seconds=31)
    world.slack.faults.answers("usergroups.list", "internal_error", times=100)

    refuses(world, MANAGER, "Slack didn’t say who is in manager", "RolesUnreadable")

    world.slack.faults.clear()
    world.clicks(MANAGER, APPROVE)
    assert world.request().status == "executed"


def test_a_person_whom_slack_does_not_tell_is_let_through_by_nothing(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    world.passes(seconds=31)
    world.slack.faults.fails("users.info", times=100)

    world.clicks(MANAGER, APPROVE)

    assert "Slack didn’t confirm who you are" in world.told(MANAGER)
    assert world.request().status == "pending"


def test_a20_a_button_with_another_digest_is_refused(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    request = world.asks()
    forged = json.dumps({"request": request.id, "digest": "0" * 64})

    world.clicks(MANAGER, APPROVE, value=forged)

    assert "The request changed since you opened it" in world.told(MANAGER)
    assert world.request().status == "pending"
    assert world.refusals() == ["OtherContent"]


def test_a20_a_button_with_a_value_that_is_not_ours_gets_an_answer_too(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()

    for value in ("", "{}", "[]", "null", '{"request": 5}', "{" * 50, '{"request": "none", "digest": ""}'):
        said = len(world.slack.ephemerals(MANAGER))
        world.clicks(MANAGER, APPROVE, value=value)

        assert len(world.slack.ephemerals(MANAGER)) == said + 1
        assert "Can’t do that" in world.told(MANAGER)
    assert world.request().status == "pending"


def test_a_second_click_says_that_it_was_decided(world: JourneyWorld) -> None:
    world.asks("600.00")
    world.clicks(MANAGER, APPROVE)

    refuses(world, MANAGER, "You already", "AlreadyDecided")


def test_an_old_card_on_somebodys_screen_does_nothing_after_the_end(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    old = world.card()
    world.clicks(MANAGER, APPROVE)
    assert world.request().status == "executed"

    world.clicks(OTHER_MANAGER, APPROVE, message=old)
    assert "This request is already completed by mara at <!date^" in world.told(OTHER_MANAGER)
    world.clicks(SUPPORT, "request_withdraw", message=old)
    assert "already completed" in world.told(SUPPORT)
    world.clicks(OTHER_MANAGER, "request_deny", message=old)

    assert "already completed" in world.told(OTHER_MANAGER)
    assert world.slack.modal(OTHER_MANAGER) is None
    assert len(world.paytend.calls_of("topup")) == 1
    assert world.refusals() == ["NotPending"] * 3
    assert actions_of(world.card()) == ["request_show"]


def test_a_form_to_deny_that_was_open_too_long_says_what_happened_meanwhile(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    world.clicks(OTHER_MANAGER, "request_deny")
    world.clicks(MANAGER, APPROVE)

    world.submits(OTHER_MANAGER, reason="I was slower")

    assert "already completed by mara" in world.modal_text(OTHER_MANAGER)
    assert world.request().status == "executed"
    assert world.refusals() == ["NotPending"]


def test_a_person_who_may_not_use_a_command_is_told_and_it_is_recorded(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    world.types(GUEST, "/card info 1755902")
    world.types(MANAGER, "/topup 1755902 10")

    assert "Guests can’t use cardops" in world.told(GUEST)
    assert "Only support can do this" in world.told(MANAGER)
    assert world.paytend.calls == []
    assert [(row.actor, row.subject) for row in world.trail()] == [(GUEST, "/card info"), (MANAGER, "/topup")]
