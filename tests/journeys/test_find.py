"""A card is found by what people know of it, in every command and form; whose name is shown is in the trail."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.database.card_index import CardFacts
from tests.journeys.world import (
    ADMIN,
    CARD,
    GUEST,
    HOLDER,
    MANAGER,
    ONCALL,
    OTHER_SUPPORT,
    STRANGER,
    SUPPORT,
    JourneyWorld,
    actions_of,
    text_of,
)

RUTA = CardFacts(last_four="5097", holder_id=HOLDER, holder_name="Rūta Kazlauskaitė", status="5")
OTHER_RUTA = CardFacts(last_four="4242", holder_id="101999", holder_name="Rūta Petrauskienė", status="6")


def knows(world: JourneyWorld, **cards: CardFacts) -> None:
    world.bot.base.cards.note({name.removeprefix("c"): facts for name, facts in cards.items()})


def searched(world: JourneyWorld) -> list[list[str]]:
    """The cards of each search that the trail has."""
    return [json.loads(row.facts)["cards"] for row in world.trail() if row.event == "cards:searched"]


def offered(world: JourneyWorld, person: str, text: str) -> list[str]:
    found = world.slack.suggests(person, text, action_id="card")
    return [option["text"]["text"] for option in found.options]


def newest(world: JourneyWorld, person: str = SUPPORT) -> dict[str, Any]:
    message: dict[str, Any] = world.slack.ephemerals(person)[-1]
    return message


def test_a_card_is_looked_at_by_its_holders_name(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    knows(world, c1755902=RUTA)

    for typed in ("ruta", "Rūta kazlausk", "5097", "kazlauskaite 5097", HOLDER, CARD):
        world.types(SUPPORT, f"/card balance {typed}")
        assert "64.10 EUR" in text_of(newest(world)["blocks"]), typed

    assert searched(world) == [[CARD]] * 5  # an id reveals nobody
    assert "ruta" not in "".join(row.facts.lower() for row in world.trail() if row.event == "cards:searched")


def test_a_top_up_is_asked_for_by_name_or_last_four(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    knows(world, c1755902=RUTA)

    world.types(SUPPORT, "/topup kazlauskaite 5097 12.50 EUR she called")
    assert (world.request().subject, world.request().amount_minor) == (CARD, 1250)
    assert "she called" in text_of(world.card()["blocks"])

    world.clicks(MANAGER, "request_approve")

    world.types(OTHER_SUPPORT, "/topup 5097 50")
    assert (world.request().subject, world.request().amount_minor) == (CARD, 5000)


def test_of_several_cards_one_is_chosen_and_what_was_typed_goes_on(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    knows(world, c1755902=RUTA, c1755903=OTHER_RUTA)

    world.types(SUPPORT, "/topup ruta 20 lunch")
    shown = newest(world)
    texts = [element["text"]["text"] for element in shown["blocks"][1]["elements"]]
    assert sorted(texts) == ["Rūta Kazlauskaitė •••• 5097 · active", "Rūta Petrauskienė •••• 4242 · lost"]
    assert world.requests() == []
    assert sorted(searched(world)[-1]) == [CARD, "1755903"]
    button = next(each for each in shown["blocks"][1]["elements"] if "5097" in each["text"]["text"])

    world.clicks(SUPPORT, button["action_id"], message=shown)

    assert (world.request().subject, world.request().amount_minor) == (CARD, 2000)
    assert "lunch" in text_of(world.card()["blocks"])
    world.clicks(SUPPORT, button["action_id"], message=shown)
    assert len(world.requests()) == 1, "a choice is made once"


@pytest.mark.parametrize(
    "typed",
    [
        "/topup kazlauskaite ruta 20 lunch",
        "/topup ruta 20 lunch",
        f"/topup {HOLDER} 20 lunch",
    ],
)
def test_a11_the_only_card_of_somebody_is_shown_before_anything_is_asked_for_it(
    sqlite_world: JourneyWorld, typed: str
) -> None:
    """They may have another one that never passed here: whoever types a name has named no card."""
    world = sqlite_world
    knows(world, c1755902=RUTA)

    world.types(SUPPORT, typed)

    assert world.requests() == []
    shown = newest(world)
    assert "Is it this one?" in text_of(shown["blocks"])
    [button] = shown["blocks"][1]["elements"]
    assert button["text"]["text"].startswith("Rūta Kazlauskaitė •••• 5097")
    assert searched(world) == [[CARD]], "once"
    world.clicks(SUPPORT, button["action_id"], message=shown)
    [request] = world.requests()
    assert request.subject == CARD
    assert "lunch" in text_of(world.card()["blocks"])
    assert "Rūta Kazlauskaitė •••• 5097" in world.told(SUPPORT) + str(newest(world)["blocks"])
    assert "Rūta Kazlauskaitė" in text_of(world.card()["blocks"])
    assert "•••• 5097" in text_of(world.card()["blocks"])


@pytest.mark.parametrize("typed", ["found ruta", f"found {HOLDER}", f"activate ruta {HOLDER}"])
def test_a11_whatever_asks_for_a_change_shows_the_only_card_of_somebody_first(
    sqlite_world: JourneyWorld, typed: str
) -> None:
    world = sqlite_world
    knows(world, c1755902=RUTA)

    world.types(SUPPORT, f"/card {typed}")

    assert "Is it this one?" in text_of(newest(world)["blocks"])
    assert world.paytend.calls == []


def test_a11_an_id_that_is_one_persons_card_and_another_persons_own_is_asked_about(
    sqlite_world: JourneyWorld,
) -> None:
    world = sqlite_world
    knows(world, c1755902=RUTA, c1755903=replace(OTHER_RUTA, holder_id=CARD))

    world.types(SUPPORT, f"/topup {CARD} 20 lunch")

    assert world.requests() == []
    assert len(newest(world)["blocks"][1]["elements"]) == 2
    world.types(SUPPORT, f"/topup #{CARD} 20 lunch")
    assert world.request().subject == CARD, "with its sign it is the card's"


def test_a_form_that_opens_a_modal_is_chosen_for_as_well(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    knows(world, c1755902=RUTA, c1755903=OTHER_RUTA)
    world.types(SUPPORT, "/holder update ruta")
    shown = newest(world)
    button = next(each for each in shown["blocks"][1]["elements"] if "5097" in each["text"]["text"])

    world.clicks(SUPPORT, button["action_id"], message=shown)

    assert HOLDER in str(world.slack.modal(SUPPORT))


def test_the_select_of_a_form_offers_pinned_and_recent_cards_and_finds_the_others(
    sqlite_world: JourneyWorld,
) -> None:
    world = sqlite_world
    knows(world, c1755902=RUTA, c1755903=OTHER_RUTA)
    world.types(SUPPORT, "/topup")
    assert offered(world, SUPPORT, "") == ["Type a name or the last four digits"]

    assert offered(world, SUPPORT, "petr") == ["Rūta Petrauskienė •••• 4242 · lost"]
    assert offered(world, SUPPORT, "petra") == ["Rūta Petrauskienė •••• 4242 · lost"]
    assert searched(world) == [["1755903"]], "each letter is a search, and one reveals what the other did"
    assert offered(world, SUPPORT, "zebra") == ["No card here is known by “zebra”"]
    assert offered(world, SUPPORT, "999") == ["Card 999"]
    assert "Never type a whole card number" in offered(world, SUPPORT, "4111111111111111")[0]

    world.types(SUPPORT, f"/card info {CARD}")
    world.clicks(SUPPORT, "card_pin", message=newest(world))
    world.types(SUPPORT, "/card info 1755903")
    world.types(SUPPORT, "/topup")
    assert [text[-16:-9] for text in offered(world, SUPPORT, "")] == ["•• 5097", "•• 0475"]
    assert offered(world, SUPPORT, "ruta") == ["Rūta Kazlauskaitė •••• 5097 · active"]


def test_nobody_without_a_role_finds_anything(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    knows(world, c1755902=RUTA)
    world.types(SUPPORT, "/topup")
    view = world.slack.modal(SUPPORT)

    for person in (GUEST, STRANGER):
        found = world.slack.suggests(person, "ruta", action_id="card", view=view)
        assert "Rūta" not in str(found.options), person
    world.types(GUEST, "/card info ruta")
    assert "can’t use cardops" in world.told(GUEST)
    assert searched(world) == []


def test_what_passes_is_found_afterwards(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, "/card balance kazlauskaite")
    assert "No card here is known by" in world.told(SUPPORT)

    world.paytend.events.purchase(CARD, "3.00", merchant="SHOP")
    world.hears_from_paytend()  # the webhook names the card, and the look that completes its notice the name

    world.types(SUPPORT, "/card balance kazlauskaite")
    assert "61.10 EUR" in text_of(newest(world)["blocks"])


def test_managers_oncall_and_admins_look_too_and_oncall_reports_lost(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    for person in (MANAGER, ONCALL, ADMIN):
        world.types(person, f"/card info {CARD}")
        assert "Rūta Kazlauskaitė" in str(newest(world, person)), person
        assert "topup_open" not in actions_of(newest(world, person)), person
        world.types(person, f"/holder status {HOLDER}")
        assert HOLDER in str(newest(world, person)["blocks"]), person
        world.types(person, f"/card transactions {CARD} today")
        assert "Transactions of card" in str(newest(world, person)), person

    world.types(MANAGER, f"/card lost {CARD}")
    assert "can do this. Ask an admin" in world.told(MANAGER)
    world.types(ONCALL, f"/card lost {CARD}")
    world.clicks_reply(ONCALL, "card_lost")
    assert world.paytend.books.cards[CARD].status.name == "LOST"


def test_a_card_is_not_found_by_the_cardholder_for_whom_somebody_asks_to_activate_it(
    sqlite_world: JourneyWorld,
) -> None:
    world = sqlite_world
    world.types(SUPPORT, f"/card activate 1755910 {HOLDER}")

    world.types(OTHER_SUPPORT, f"/card balance {HOLDER}")
    assert "1755910" not in world.told(OTHER_SUPPORT)


def test_an_initial_tells_people_of_one_name_apart(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    knows(world, c1755902=RUTA)

    world.types(SUPPORT, "/card balance ruta p")

    assert "64.10 EUR" not in text_of(newest(world)["blocks"])
