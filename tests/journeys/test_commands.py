"""Commands that only read: replies go to the person who typed, and name what was wrong and the right form."""

import pytest

from bot.slack.scopes import SCOPES
from tests.journeys.world import (
    ADMIN,
    CARD,
    HOLDER,
    MANAGER,
    ONCALL,
    OTHER_MANAGER,
    OTHER_SUPPORT,
    SUPPORT,
    JourneyWorld,
    actions_of,
    text_of,
)


def shown(world: JourneyWorld, person: str = SUPPORT) -> str:
    """All texts of the newest private answer."""
    return text_of(world.slack.ephemerals(person)[-1]["blocks"])


def test_card_info_shows_the_card_its_cardholder_and_balance_to_one_person(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, f"/card info {CARD}", channel="C0SUPPORT")

    said = shown(world)
    for part in (
        "Rūta Kazlauskaitė •••• 5097",
        "*Status*\nactive\n",
        "64.10 EUR",
        "Rūta Kazlauskaitė (101982)",
        "approved",
    ):
        assert part in said

    assert world.slack.messages("C0SUPPORT") == []
    assert world.slack.ephemerals(OTHER_SUPPORT) == []
    read = world.trail()[-1]
    assert (read.event, read.actor, read.subject) == ("card:read", SUPPORT, CARD)
    assert world.slack.api_calls[-1].method != "chat.postEphemeral", "the response address does it"


def test_no_whole_card_number_is_shown_though_paytend_sends_one(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.switches.set_modes(full_card_numbers=True)
    card = world.paytend.books.card(CARD)

    world.types(SUPPORT, f"/card info {CARD}")
    world.asks()

    for message in (world.slack.ephemerals(SUPPORT)[-2], world.card()):
        said = message["text"] + text_of(message["blocks"])
        assert card.number not in said
        assert card.cvv not in said.split()
        assert "5097" in said


def test_a_card_is_reported_lost_after_a_question(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, f"/card lost {CARD}")
    assert "Block Rūta Kazlauskaitė •••• 5097 now?" in shown(world)
    assert world.paytend.books.card(CARD).status == 5

    world.clicks_reply(SUPPORT, "card_lost")

    assert world.paytend.books.card(CARD).status == 6
    assert "Blocked: Rūta Kazlauskaitė •••• 5097" in world.told(SUPPORT)
    assert actions_of(world.slack.ephemerals(SUPPORT)[-1]) == [], "the question is replaced"
    assert [row.event for row in world.trail()] == ["card:read", "card:lost_asked", "card:lost"]
    world.types(SUPPORT, f"/card lost {CARD}")
    assert "is already blocked" in world.told(SUPPORT)


def test_cancel_reports_nothing_lost(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, f"/card lost {CARD}")

    world.clicks_reply(SUPPORT, "dismiss")

    assert world.slack.ephemerals(SUPPORT) == []
    assert world.paytend.books.card(CARD).status == 5


def test_a_lost_answer_to_a_report_of_loss_says_that_it_is_not_known(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, f"/card lost {CARD}")
    world.paytend.switches.lose_next_answer(operation="lostCard")

    world.clicks_reply(SUPPORT, "card_lost")

    assert "We don’t know yet if it worked" in world.told(SUPPORT)
    assert "Check the card or cardholder before you try again" in world.told(SUPPORT)
    assert [row.event for row in world.trail()] == ["card:read", "card:lost_asked"]


def test_holder_status_masks_the_id_number_and_is_recorded(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, f"/holder status {HOLDER}")

    assert "Cardholder Rūta Kazlauskaitė (101982): KYC approved" in world.told(SUPPORT)
    assert "PS•••••67" in shown(world)
    assert "PS1234567" not in shown(world)

    read = world.trail()[-1]
    assert (read.event, read.actor, read.subject) == ("cardholder:read", SUPPORT, HOLDER)

    world.types(SUPPORT, "/holder status passport PS1234567")

    assert "Cardholder Rūta Kazlauskaitė" in world.told(SUPPORT)
    assert world.trail()[-1].subject == HOLDER
    assert not any("PS1234567" in row.facts + row.subject for row in world.trail())


def test_the_status_of_a_top_up_is_told_by_its_reference(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    world.types(SUPPORT, "/topup status SEED000000000000")
    assert "Top-up SEED000000000000: done, 248.65 EUR" in world.told(SUPPORT)
    world.types(SUPPORT, "/topup status NOTHING1")

    assert "has no top-up with reference NOTHING1" in world.told(SUPPORT)


WRONG = {
    "/card": "/card info",  # help
    "/card infos 1": "Did you mean `info`?",
    "/card info": "Which card? Write `/card info <card> [--all]`.",
    "/card info 1 2": "I didn’t understand “2”.",
    "/card info §": "“§” is not a card ID.",
    "/card info 99": "Card does not exist.",
    "/topup 1755902": "How much?",
    "/topup 1755902 ten": "“ten” isn’t an amount",
    "/topup 1755902 10 GBP": "Top-ups are in EUR or USDT, not in GBP.",
    "/topup 1755902 10GBP": "Top-ups are in EUR or USDT, not in GBP.",
    "/topup status": "A reference is 6 to 32 letters and digits.",
    "/holder": "/holder status",
    "/holder stats 101982": "Did you mean `status`?",
    "/holder status": "Which cardholder?",
    "/holder status pasport PS1": "Did you mean `passport`?",
    "/holder status 999999": "Cardholder does not exist.",
    "/approvals": "/approvals waiting",
    "/approvals wating": "Did you mean `waiting`?",
    "/approvals mine all": "I didn’t understand “all”.",
    "/approvals show": "Which request?",
    "/approvals show nothing": "No such request.",
    "/cardops whoam": "Did you mean `whoami`?",
}


def test_what_was_wrong_is_said_with_the_right_form_and_a_near_guess(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    for typed, words in WRONG.items():
        world.types(SUPPORT, typed)

        said = shown(world).replace("&lt;", "<").replace("&gt;", ">")
        assert words in said, typed
    assert world.requests() == []
    assert world.trail() == []


def test_help_lists_what_can_be_typed(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    world.types(SUPPORT, "/card HELP")
    assert "`/card info &lt;card&gt; [--all]`" in shown(world)
    world.types(ONCALL, "/cardops help")

    said = shown(world, ONCALL)
    for name in ("/card", "/topup", "/holder", "/approvals", "/cardops"):
        assert f"*{name}*" in said


def test_whoami_says_the_roles_and_what_they_may(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    world.types(MANAGER, "/cardops whoami")
    assert "You are mara with the roles: manager." in world.told(MANAGER)
    assert "/approvals waiting" in shown(world, MANAGER)
    assert "/card info" in shown(world, MANAGER)
    assert "/card found" not in shown(world, MANAGER)

    world.passes(seconds=31)
    world.slack.faults.answers("usergroups.list", "fatal_error", times=100)
    world.types(SUPPORT, "/cardops whoami")
    assert "Couldn’t read from Slack: manager, oncall, support" in shown(world)


def test_approvals_waiting_lists_what_one_can_decide(world: JourneyWorld) -> None:
    world.asks("10.00")
    world.asks("600.00", card="1755903")

    world.types(MANAGER, "/approvals waiting")
    assert "Needs your approval: 2" in world.told(MANAGER)
    assert "•••• 5097" in shown(world, MANAGER)
    world.types(SUPPORT, "/approvals waiting")
    assert "You’re all caught up." in world.told(SUPPORT)
    world.clicks(MANAGER, "request_approve")  # that of card 1755903, which needs two

    world.types(MANAGER, "/approvals waiting")
    assert "Needs your approval: 1" in world.told(MANAGER)
    world.types(OTHER_MANAGER, "/approvals waiting")
    assert "Needs your approval: 2" in world.told(OTHER_MANAGER)


def test_approvals_mine_and_history_page_with_a_button(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    for number in range(12):
        world.asks("1.00", card=str(1755902 + number % 3))
        world.clicks(SUPPORT, "request_withdraw")
        world.passes(minutes=11)

    world.types(SUPPORT, "/approvals mine")
    assert "Your requests: 10" in world.told(SUPPORT)
    newest = shown(world)
    world.clicks_reply(SUPPORT, "approvals_older")
    assert "Your requests: 2" in world.told(SUPPORT)
    assert "approvals_older" not in actions_of(world.slack.ephemerals(SUPPORT)[-1])
    assert not set(shown(world).splitlines()) & {
        line for line in newest.splitlines() if "·" in line and "Withdrawn" not in line
    }
    world.types(OTHER_SUPPORT, "/approvals mine")
    assert "No requests yet." in world.told(OTHER_SUPPORT)
    world.types(ADMIN, "/approvals history")
    assert "Withdrawn" in shown(world, ADMIN)


def test_approvals_show_opens_the_request_by_its_id_its_reference_or_its_button(
    sqlite_world: JourneyWorld,
) -> None:
    world = sqlite_world
    request = world.asks_and_approves()

    for typed in (request.id, request.reference):
        world.types(ONCALL, f"/approvals show {typed}")
        assert request.phrase in world.modal_text(ONCALL)
        world.slack.closes(ONCALL)
    world.types(MANAGER, "/approvals history")
    world.clicks_reply(MANAGER, "request_show")

    said = world.modal_text(MANAGER)
    assert "Completed" in said
    assert f"<@{MANAGER}> approved" in said
    assert request.reference in said


def test_lists_of_requests_are_for_those_with_a_role(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()

    for typed in ("/approvals history", "/approvals waiting", f"/approvals show {world.request().id}"):
        world.types("U0GUEST", typed)

        assert "Guests can’t use cardops" in world.told("U0GUEST")
    assert world.slack.modal("U0GUEST") is None


@pytest.mark.parametrize("scope", ["users:read", "usergroups:read"])
def test_s15_a_missing_scope_is_named_and_not_put_off_for_a_minute(sqlite_world: JourneyWorld, scope: str) -> None:
    world = sqlite_world
    world.slack.credentials.scopes = frozenset(SCOPES) - {scope}

    world.types(SUPPORT, "/card info 1755902")

    assert "The app lacks a Slack scope" in shown(world)
    assert scope in shown(world)
    assert "in a minute" not in shown(world)
