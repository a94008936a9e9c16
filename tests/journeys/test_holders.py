"""Cardholders: created, looked up, documents sent; nothing typed is lost, nothing personal leaks."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlmodel import select

from approvals.tables import AuditEvent
from sandbox.slack.deliveries import Delivery
from tests.journeys.world import GUEST, HOLDER, MANAGER, SUPPORT, JourneyWorld, actions_of, text_of

CARD_NUMBER = "4111 1111 1111 1111"
NEW = {
    "first_name": "Ona",
    "last_name": "Petraitė",
    "birthday": "1990-04-01",
    "gender": "2",
    "id_type": "2",
    "id_number": "PS7654321",
    "mobile": "+370 612 34567",
    "email": "ona@example.org",
    "line": "Gedimino 1-2",
    "postcode": "LT-01103",
}
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 2000


def searches(world: JourneyWorld, person: str, text: str, *, action: str) -> list[str]:
    """Type into a select of the open form and return the texts of its options."""
    found: Delivery = world.slack.suggests(person, text, action_id=action)
    world.settles()
    return [str(option["text"]["text"]) for option in found.options]


def chooses_place(world: JourneyWorld, person: str = SUPPORT) -> None:
    """Choose a country and make its cities known, as a person would who searches for one."""
    searches(world, person, "lithu", action="country")
    world.slack.clicks(person, action_id="country", value="LT")
    world.settles()
    world.bot.slack.context.inputs.choices.cities("LT")
    searches(world, person, "vil", action="city_LT")


def creates(world: JourneyWorld, values: Mapping[str, Any] = NEW) -> Delivery:
    world.types(SUPPORT, "/holder create")
    searches(world, SUPPORT, "lithuania", action="nationality")
    chooses_place(world)
    return world.submits(SUPPORT, **values, nationality="LT", city="LT_VI", country="LT")


def events(world: JourneyWorld) -> list[str]:
    with world.bot.database.reading() as session:
        return [row.event for row in session.exec(select(AuditEvent))]


def test_a_cardholder_is_created_from_a_form(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    before = len(world.paytend.books.holders)

    creates(world)

    assert "Ona Petraitė was created" in world.modal_text(SUPPORT)
    assert len(world.paytend.books.holders) == before + 1
    made = list(world.paytend.books.holders.values())[-1]
    assert (made.mobile, made.address["cityCode"], made.nationality) == ("+37061234567", "LT_VI", "LT")
    assert {"cardholder:create_asked", "cardholder:created"} <= set(events(world))


def test_what_is_wrong_is_said_under_its_field_at_once(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    done = creates(world, NEW | {"mobile": "612 34567", "email": "ona@nowhere", "id_number": "12"})

    assert set(done.errors) == {"mobile", "email", "id_number"}
    assert world.paytend.calls_of("createCardholder") == []


def test_a_national_id_card_is_for_nationals_of_the_eea(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, "/holder create")
    searches(world, SUPPORT, "japan", action="nationality")
    chooses_place(world)

    done = world.submits(SUPPORT, **NEW | {"id_type": "1"}, nationality="JP", city="LT_VI", country="LT")

    assert "passport" in done.errors["id_type"]


def test_a_card_number_in_a_form_is_refused_under_its_field_and_not_kept(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    done = creates(world, NEW | {"line": f"pay with {CARD_NUMBER}"})

    assert "card number" in done.errors["line"].lower()
    world.slack.closes(SUPPORT)
    world.settles()
    world.clicks(SUPPORT, "form_go_on", message=world.slack.messages("D0SAM")[-1])
    assert CARD_NUMBER not in str(world.slack.modal(SUPPORT))
    assert "Petraitė" in str(world.slack.modal(SUPPORT))


def test_a_refusal_of_paytend_loses_nothing_that_was_typed(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    creates(world, NEW | {"id_number": "PS1234567"})

    assert "Cardholder has exists" in world.modal_text(SUPPORT)
    world.clicks_modal(SUPPORT, "form_go_on")
    assert {"PS1234567", "Ona", "LT_VI", "Vilnius"} <= set(initials(world))


def initials(world: JourneyWorld) -> list[str]:
    view = world.slack.modal(SUPPORT) or {}
    found = []
    for block in view["blocks"]:
        element = block.get("element") or {}
        option = element.get("initial_option") or {"value": "", "text": {"text": ""}}
        found += [element.get("initial_value", ""), option["value"], option["text"]["text"]]
    return found


def test_a_form_that_was_closed_is_offered_again_privately(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, "/holder create")
    searches(world, SUPPORT, "lithu", action="country")
    world.slack.clicks(SUPPORT, action_id="country", value="LT", values=NEW)
    world.settles()

    world.slack.closes(SUPPORT)
    world.settles()

    kept = world.slack.messages("D0SAM")[-1]  # the bot is not in the channel, so it comes as a direct message
    assert "Draft saved for 30 minutes" in kept["text"]
    world.slack.clicks(SUPPORT, action_id="form_go_on", message=kept)
    world.settles()
    assert "Petraitė" in initials(world)
    assert "PS7654321" in initials(world)


def test_a_kept_form_is_gone_after_half_an_hour_and_never_for_others(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    creates(world, NEW | {"id_number": "PS1234567"})
    world.passes(minutes=31)

    world.clicks_modal(SUPPORT, "form_go_on")

    assert "this one is gone" in world.modal_text(SUPPORT)
    assert world.bot.slack.context.inputs.drafts.sweep() == 1


def test_a_form_without_anything_typed_is_closed_silently(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, "/holder create")

    world.slack.closes(SUPPORT)
    world.settles()

    assert world.slack.ephemerals(SUPPORT) == []


def test_when_the_answer_is_lost_it_is_looked_for_and_not_created_twice(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.switches.lose_next_answer(operation="createCardholder")

    creates(world)

    assert "was created" in world.modal_text(SUPPORT)
    assert len(world.paytend.calls_of("createCardholder")) == 1


def test_what_cannot_be_found_after_a_lost_answer_can_be_looked_for_again(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.switches.add("late", operation="createCardholder", seconds=60)
    creates(world)
    assert "can’t tell yet if the cardholder was created" in world.modal_text(SUPPORT)

    world.passes(seconds=90)
    world.clicks_modal(SUPPORT, "holder_look_again")

    assert "was created" in world.modal_text(SUPPORT)
    assert len(world.paytend.calls_of("createCardholder")) == 1


def test_paytend_down_is_said_in_the_form_with_a_way_back(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.switches.add("lose_before", operation="createCardholder", count=None)
    world.paytend.switches.add("lose_before", operation="getHolder", count=None)

    creates(world)

    assert "can’t tell yet" in world.modal_text(SUPPORT)  # the connection died after sending: it may have happened


def test_whoever_has_no_right_gets_no_form(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    world.types(MANAGER, "/holder create")
    world.types(GUEST, "/holder create")

    assert "support" in world.told(MANAGER)
    assert world.slack.modal(MANAGER) is None
    assert world.slack.modal(GUEST) is None


@pytest.mark.parametrize(
    "typed", ["/holder documents", "/holder update a b", "/holder cities", "/holder cities Atlantis"]
)
def test_a_wrong_argument_is_answered_with_the_right_form(sqlite_world: JourneyWorld, typed: str) -> None:
    sqlite_world.types(SUPPORT, typed)

    assert "Write `/holder" in sqlite_world.told(SUPPORT)


def test_the_search_for_a_city_says_in_words_what_there_is_not(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.bot.slack.context.inputs.choices.patience = 0.01
    world.types(SUPPORT, "/holder create")

    assert searches(world, SUPPORT, "", action="city_") == ["Choose the country first"]
    searches(world, SUPPORT, "lithu", action="country")
    world.slack.clicks(SUPPORT, action_id="country", value="LT")
    world.settles()
    assert "Still asking" in searches(world, SUPPORT, "siau", action="city_LT")[0]
    assert searches(world, SUPPORT, "siau", action="city_LT") == ["Šiauliai (LT_SI)"]
    assert "Nothing fits" in searches(world, SUPPORT, "xyz", action="city_LT")[0]


def test_the_search_says_when_paytend_does_not_answer(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.bot.slack.context.inputs.choices.patience = 0.01
    world.paytend.switches.add("error_before", operation="getCities", count=None)
    world.types(SUPPORT, "/holder create")
    searches(world, SUPPORT, "lithu", action="country")
    world.slack.clicks(SUPPORT, action_id="country", value="LT")
    world.settles()
    searches(world, SUPPORT, "v", action="city_LT")

    assert "isn’t responding" in searches(world, SUPPORT, "v", action="city_LT")[0]


def test_cities_are_listed_ten_at_a_time(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    world.types(SUPPORT, "/holder cities germany")
    first = world.slack.ephemerals(SUPPORT)[-1]
    world.clicks_reply(SUPPORT, "holder_cities_next")
    second = world.slack.ephemerals(SUPPORT)[-1]

    assert "Germany: 36" in first["text"]
    assert "Aachen" in text_of(first["blocks"])
    assert "11 to 20 of 36" in text_of(second["blocks"])
    assert actions_of(second) == ["holder_cities_previous", "holder_cities_next"]


def test_cities_are_found_without_their_accents(sqlite_world: JourneyWorld) -> None:
    sqlite_world.types(SUPPORT, "/holder cities LT siau")

    assert "Šiauliai" in sqlite_world.told(SUPPORT)


def attaches(
    world: JourneyWorld, content: bytes = JPEG, *, name: str = "passport.jpg", kind: str = "3"
) -> Delivery:
    world.types(SUPPORT, f"/holder documents {HOLDER}")
    file = world.slack.uploads(SUPPORT, name, content)
    return world.submits(SUPPORT, file_type=kind, file=[file])


def test_s16_a_document_goes_to_paytend_and_its_owner_is_asked_to_delete_it(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    attaches(world)

    assert "Sent to Paytend" in world.modal_text(SUPPORT)
    assert "could not be deleted" in world.modal_text(SUPPORT)
    assert world.paytend.books.holders[HOLDER].documents[-1] == ("3", ".jpeg", len(JPEG))
    assert not any(file.is_deleted for file in world.slack.state.files.by_id.values()), "it is a person's"
    assert {"document:sent", "cardholder:read"} <= set(events(world))


def test_the_form_shows_whose_document_it_will_be(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    world.types(SUPPORT, f"/holder documents {HOLDER}")

    assert "Kazlauskaitė" in world.modal_text(SUPPORT)
    assert "PS1234567" not in world.modal_text(SUPPORT)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("passport.gif", b"GIF89a", "JPEG, PNG or PDF"),
        ("passport.pdf", b"", "empty"),
        ("passport.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * (2 * 1024 * 1024), "2 MB"),
    ],
)
def test_type_and_size_are_checked_before_anything_is_read(
    sqlite_world: JourneyWorld, name: str, content: bytes, words: str
) -> None:
    done = attaches(sqlite_world, content, name=name)

    assert words in done.errors["file"]
    assert sqlite_world.paytend.calls_of("uploadDocument") == []


def test_a_document_of_exactly_two_megabytes_is_sent(sqlite_world: JourneyWorld) -> None:
    content = JPEG + b"\x00" * (2 * 1024 * 1024 - len(JPEG))

    attaches(sqlite_world, content)

    assert "Sent to Paytend" in sqlite_world.modal_text(SUPPORT)
    assert sqlite_world.paytend.books.holders[HOLDER].documents[-1] == ("3", ".jpeg", 2 * 1024 * 1024)


def test_a_file_that_is_not_what_its_name_says_is_not_sent(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    attaches(world, b"MZ\x90\x00 a program", name="passport.jpg")

    assert "whatever its name says" in world.modal_text(SUPPORT)
    assert world.paytend.calls_of("uploadDocument") == []
    assert "could not be deleted from Slack" in world.slack.messages("D0SAM")[-1]["text"]


def test_the_person_is_told_when_slack_does_not_delete_the_file(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.slack.faults.answers("files.delete", "cant_delete_file")

    attaches(world)

    assert "could not be deleted" in world.modal_text(SUPPORT)
    assert len(world.paytend.calls_of("uploadDocument")) == 1


def test_the_person_is_told_beside_a_refusal_when_the_file_stays_in_slack(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.switches.refuse_next("2104", operation="uploadDocument")
    world.slack.faults.answers("files.delete", "cant_delete_file")

    attaches(world)

    assert "Paytend said no" in world.modal_text(SUPPORT)
    assert "could not be deleted from Slack" in world.slack.messages("D0SAM")[-1]["text"]


def test_personal_data_is_shown_privately_masked_and_each_look_is_recorded(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    world.types(SUPPORT, f"/holder status {HOLDER}")

    shown = text_of(world.slack.ephemerals(SUPPORT)[-1]["blocks"])
    assert "PS•••••67" in shown
    assert "PS1234567" not in shown
    assert "Rūta" in shown
    assert events(world).count("cardholder:read") == 1


@pytest.mark.parametrize(
    "typed", ["/holder create", f"/holder update {HOLDER}", f"/holder documents {HOLDER}", "/card apply"]
)
def test_a_form_opens_before_paytend_is_asked_for_anything(sqlite_world: JourneyWorld, typed: str) -> None:
    world = sqlite_world
    asked = len(world.paytend.calls)

    done = world.slack.types(SUPPORT, typed, channel="C0GENERAL")
    world.pool.waiting.pop(0)()  # the threads for clicks; those that wait for Paytend come later

    assert done.status == 200
    assert world.slack.modal(SUPPORT) is not None
    assert len(world.paytend.calls) == asked
    world.settles()
