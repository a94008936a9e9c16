"""Forms, the Home tab and private answers are valid for Slack with any number of rows and with hostile values."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sandbox.slack.blocks import message_problems, view_problems
from tests import once

SCHEMA = Path(__file__).parents[4] / "shared" / "schemas" / "slack-block-kit.schema.json"
HOSTILE = [
    "",
    "x",
    '"}],"text":"',
    "<!channel> & <@U0X>",
    "\u202eabc\x00\n",
    "é" * 5000,
    "{{ 7 * 7 }}",
    "4111111111111111",
]
RENDERER = once.renderer()


def place(value: str) -> dict[str, str]:
    names = ("line", "line2", "country", "country_name", "city", "city_name", "state", "postcode")
    return dict.fromkeys(names, value[:100])


def form(value: str, *names: str) -> dict[str, Any]:
    choices = [["1", "one"], ["2", value or "two"]]
    return {
        "metadata": {"channel": "C0GENERAL", "holder": value[:64]},
        "fields": dict.fromkeys(names, value[:100]),
        "place": place(value),
        "city_action": "city_LT",
        "asking": f"Asking about {value}",
        "genders": choices,
        "id_types": choices,
        "file_types": choices,
    }


def views(value: str) -> dict[str, dict[str, Any]]:
    person = ("first_name", "last_name", "gender", "nationality", "nationality_name", "id_type", "id_number")
    order = ("holder", "quantity", "design", "design_name", "contact_name", "contact_mobile", "remarks", "reason")
    dated = {"birthday": "1990-01-02"}
    created = form(value, *person, "mobile", "email")
    updated = form(value, "gender", "nationality", "nationality_name", "reason")
    return {
        "holder_create.view": created | {"fields": created["fields"] | dated},
        "holder_update.view": updated | {"fields": updated["fields"] | dated},
        "holder_documents.view": form(value, "file_type"),
        "card_apply.view": form(value, *order),
        "card_pick.view": {
            "callback": "card_pick_info",
            "title": value,
            "submit": "Look",
            "card": value[:64],
            "note": value,
            "metadata": {},
        },
    }


def row(value: str, number: int) -> dict[str, Any]:
    moment = "2026-11-22T10:00:00+00:00"
    texts = dict.fromkeys(
        ("summary", "status", "requester", "phrase", "name", "code", "state", "says", "next"), value
    )
    return texts | {"id": f"{number}", "created_at": moment, "decide_by": moment, "quorum": number}


def home(value: str, count: int) -> dict[str, Any]:
    rows = [row(value, number) for number in range(count)]
    balance = {"money": "12.00 EUR", "level": value, "asked_at": "", "bars": value, "trend": value}
    return {
        "roles": [value] * count,
        "waiting": rows[:8],
        "more_waiting": count,
        "even_more": True,
        "mine": rows[:5],
        "balances": [balance] * min(count, 3),
        "may_see_balance": True,
        "is_support": True,
    }


def messages(value: str, count: int) -> dict[str, dict[str, Any]]:
    rows = [row(value, number) for number in range(count)]
    turn = {"country": "LT", "text": value[:100], "start": 10}
    holder = (
        "name",
        "holder_id",
        "kyc",
        "kyc_code",
        "message",
        "birthday",
        "nationality",
        "document",
        "id_number",
    )
    facts = dict.fromkeys(holder, value[:60])
    return {
        "doctor": {"results": rows, "ok": 1, "warn": 2, "wrong": 3},
        "form_kept": {"title": value, "draft": {"draft": "1"}},
        "form_not_known": {"says": value},
        "holder_known": facts,
        "holder_created": facts,
        "holder_create_unknown": {"draft": {"draft": "1"}, "not_found": True},
        "holder_document_sent": {"holder_id": value[:60], "shows": value, "message": value, "deleted": False},
        "holder_file_left": {},
        "holder_cities": {
            "country": value,
            "text": value,
            "total": count,
            "rows": rows[:10],
            "previous": turn,
            "next": turn,
            "shown": value,
        },
        "request_private": {"private": [{"label": value, "text": value}] * min(count, 10)},
    }


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    if not SCHEMA.exists():
        pytest.skip("the folder with Slack's schemas is not beside the project")
    found: dict[str, Any] = json.loads(SCHEMA.read_text())
    return found


@pytest.mark.parametrize("value", HOSTILE)
def test_every_form_is_valid_whatever_was_typed(value: str) -> None:
    for name, facts in views(value).items():
        assert view_problems(RENDERER.view(name, facts)) == [], name


MANY = [pytest.param(value, 1000, marks=pytest.mark.soak) for value in HOSTILE]


@pytest.mark.parametrize(
    ("value", "count"),
    [*((value, count) for value in HOSTILE for count in (0, 1, 10)), (HOSTILE[3], 1000), *MANY],
)
def test_home_and_answers_are_valid_with_any_number_of_rows(value: str, count: int) -> None:
    assert view_problems(RENDERER.view("home.view", home(value, count))) == []
    for name, facts in messages(value, count).items():
        rendered = RENDERER.message(name, facts)
        assert rendered.text.strip(), name
        assert message_problems(rendered.blocks) == [], name


def test_an_independent_schema_says_the_same(schema: dict[str, Any]) -> None:
    modal = {**schema, "$ref": "#/$defs/modal_view"}
    tab = {**schema, "$ref": "#/$defs/home_view"}
    for part in (modal, tab):
        for key in ("type", "items", "minItems", "maxItems"):
            part.pop(key, None)
    for value in HOSTILE:
        for name, facts in views(value).items():
            found = jsonschema.Draft202012Validator(modal).iter_errors(RENDERER.view(name, facts))
            assert [error.message for error in found] == [], name
        view = RENDERER.view("home.view", home(value, 10))
        assert [error.message for error in jsonschema.Draft202012Validator(tab).iter_errors(view)] == []


def test_every_button_has_words_for_who_does_not_see_it() -> None:
    view = RENDERER.view("home.view", home("Top-up", 3))
    shown = [
        *view["blocks"],
        *(block for facts in messages("x", 3).items() for block in RENDERER.message(*facts).blocks),
    ]
    buttons = [
        element
        for block in shown
        for element in [*block.get("elements", []), block.get("accessory", {})]
        if element.get("type") == "button"
    ]

    assert len(buttons) > 15
    assert [button["action_id"] for button in buttons if not button.get("accessibility_label")] == []
