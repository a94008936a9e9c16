"""The modal of `/topup`: errors under the inputs, nothing typed is lost, the same request in the end."""

from typing import Any

from tests.journeys.world import CARD, MANAGER, SUPPORT, JourneyWorld, actions_of, text_of


def inputs_of(view: dict[str, Any] | None) -> dict[str, str]:
    """The initial values of the inputs of a modal."""
    found = {}
    for block in view["blocks"] if view else ():
        if block["type"] == "input":
            element = block["element"]
            found[block["block_id"]] = element.get("initial_value") or element.get("initial_option", {}).get(
                "value", ""
            )
    return found


def test_a_top_up_without_arguments_opens_a_form_that_asks_for_the_same(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, "/topup")

    delivery = world.submits(SUPPORT, card=CARD, amount="120,50", reason="customer called")

    assert delivery.is_fine
    assert world.request().phrase in world.modal_text(SUPPORT)
    assert "customer called" in text_of(world.card()["blocks"])
    world.clicks(MANAGER, "request_approve")
    assert world.request().status == "executed"
    assert world.request().amount_minor == 12050


def forged(card: str) -> dict[str, Any]:
    """An option that was never offered: another client than Slack's may send anything."""
    return {"text": {"type": "plain_text", "text": "a card"}, "value": card}


WRONG: list[tuple[dict[str, Any], set[str]]] = [
    ({"card": forged("no card!"), "amount": "1"}, {"card"}),
    ({"card": CARD, "amount": "much"}, {"amount"}),
    ({"card": CARD, "amount": "0"}, {"amount"}),
    ({"card": CARD, "amount": "1.005"}, {"amount"}),
    ({"card": CARD, "amount": "1 000"}, {"amount"}),
    ({"card": CARD, "amount": "10 20"}, {"amount"}),
    ({"card": CARD, "amount": "10 EUR", "currency": "USDT"}, {"amount"}),
    ({"card": forged(f"{CARD} 1755903"), "amount": "1", "currency": "EUR"}, {"card"}),
    ({"card": forged("?"), "amount": "?"}, {"card", "amount"}),
    ({"card": forged("4111111111111111"), "amount": "1"}, {"card"}),
    ({"card": CARD, "amount": "1", "reason": "his card 4111 1111 1111 1111"}, {"reason"}),
]


def test_what_is_wrong_stands_under_its_input(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, "/topup")

    for typed, where in WRONG:
        delivery = world.submits(SUPPORT, **typed)

        assert set(delivery.errors) == where, typed
    assert world.requests() == []
    assert world.paytend.calls == []


def test_after_a_refusal_the_form_comes_back_with_all_that_was_typed(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, "/topup")
    typed = {
        "card": "999",
        "amount": "33,00",
        "currency": "USDT",
        "reason": 'a "quoted" <reason> & more ' + "Ž" * 470,
    }
    world.submits(SUPPORT, **typed)
    assert "Card does not exist" in world.modal_text(SUPPORT)

    world.clicks_modal(SUPPORT, "form_go_on")

    assert inputs_of(world.slack.modal(SUPPORT)) == typed
    world.submits(SUPPORT, card=CARD, currency="EUR")
    assert (world.request().subject, world.request().amount_minor) == (CARD, 3300)


def test_a_long_reason_of_rare_characters_survives_a_refusal(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, "/topup")
    reason = '😀"\\<' * 100
    world.submits(SUPPORT, card="999", amount="1", reason=reason)

    world.clicks_modal(SUPPORT, "form_go_on")

    assert inputs_of(world.slack.modal(SUPPORT))["reason"] == reason


def test_the_form_asks_whether_again_too(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks_and_approves("20.00")
    world.types(SUPPORT, "/topup")
    world.submits(SUPPORT, card=CARD, amount="20")
    assert "Request it again?" in world.modal_text(SUPPORT)

    world.clicks_modal(SUPPORT, "topup_again")

    assert len(world.requests()) == 2
    assert "20.00 EUR for" in world.modal_text(SUPPORT)


def test_the_card_info_has_a_button_that_opens_the_form_with_the_card(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, f"/card info {CARD}")

    world.clicks_reply(SUPPORT, "topup_open")

    assert inputs_of(world.slack.modal(SUPPORT))["card"] == CARD
    world.submits(SUPPORT, amount="5")
    assert world.request().subject == CARD


def test_a_form_that_slack_does_not_open_is_not_passed_over_in_silence(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.slack.faults.answers("views.open", "expired_trigger_id")

    world.types(SUPPORT, "/topup")

    assert "Slack did not open the form" in world.told(SUPPORT)
    world.types(SUPPORT, "/topup")
    assert world.slack.modal(SUPPORT) is not None


def test_only_support_gets_the_form(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    world.types(MANAGER, "/topup")

    assert world.slack.modal(MANAGER) is None
    assert "Only support can do this" in world.told(MANAGER)


def test_a_card_info_of_a_card_that_cannot_be_topped_up_offers_none(sqlite_world: JourneyWorld) -> None:
    sqlite_world.types(SUPPORT, "/card info 1755907")  # it is lost

    assert actions_of(sqlite_world.slack.ephemerals(SUPPORT)[-1]) == ["card_pin"]


def test_the_answer_finds_whoever_closed_the_form_before_it_came(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, "/topup")
    world.slack.submits(SUPPORT, {"card": CARD, "amount": "20"})

    world.slack.closes(SUPPORT)
    world.settles()

    assert world.slack.modal(SUPPORT) is None
    # The bot is not in the channel of the command, so the answer comes as a direct message.
    assert world.request().phrase in text_of(world.slack.messages("D0SAM")[-1]["blocks"])


def test_a_refusal_finds_whoever_closed_the_form_before_it_came(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, "/topup")
    world.slack.submits(SUPPORT, {"card": "999", "amount": "20"})

    world.slack.closes(SUPPORT)
    world.settles()

    assert "Card does not exist" in text_of(world.slack.messages("D0SAM")[-1]["blocks"])
