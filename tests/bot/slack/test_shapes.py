"""Forms, the Home tab and private answers are valid for Slack with any number of rows and with hostile values."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.doctor.findings import CheckState, DoctorRow
from bot.slack.handlers.cardops import DoctorReply
from bot.slack.handlers.closed_forms import FormKept
from bot.slack.handlers.form_completion import FormNotKnown
from bot.slack.handlers.holder.create import HolderCreateUnknown
from bot.slack.handlers.home import CardPickView
from bot.slack.home import HomeBalance, HomeView, WaitingRequest
from commands.card.order_form import CardApplyView
from commands.cardops.stops import StopRow
from commands.holder.document import HolderDocumentSent, HolderDocumentsView, HolderFileLeft
from commands.holder.forms import HolderCreateView, HolderUpdateView
from commands.holder.lookup import (
    CityRow,
    HolderCitiesReply,
    HolderCreatedReply,
    HolderKnownReply,
    HolderSummary,
)
from commands.reading.address import AddressFields
from commands.slash_command import ButtonValue, Choice, Reply, View
from paytend import Money
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
MOMENT = datetime(2026, 11, 22, 10, tzinfo=UTC)


def place(value: str) -> AddressFields:
    text = value[:100]
    return AddressFields(
        line=text,
        line2=text,
        country=text,
        country_name=text,
        city=text,
        city_name=text,
        city_action="city_LT",
        state=text,
        postcode=text,
    )


def views(value: str) -> list[View]:
    text, choices = value[:100], [Choice(value="1", text="one"), Choice(value="2", text=value or "two")]
    metadata = {"channel": "C0GENERAL", "holder": value[:64]}
    asking = f"Asking about {value}"
    return [
        HolderCreateView(
            metadata=metadata,
            first_name=text,
            last_name=text,
            birthday="1990-01-02",
            gender=text,
            genders=choices,
            nationality=text,
            nationality_name=text,
            id_type=text,
            id_types=choices,
            id_number=text,
            mobile=text,
            email=text,
            place=place(value),
        ),
        HolderUpdateView(
            metadata=metadata,
            asking=asking,
            birthday="1990-01-02",
            gender=text,
            genders=choices,
            nationality=text,
            nationality_name=text,
            place=place(value),
            reason=text,
        ),
        HolderDocumentsView(metadata=metadata, asking=asking, file_type=text, file_types=choices),
        CardApplyView(
            metadata=metadata,
            design=text,
            design_name=text,
            holder=text,
            quantity=text,
            contact_name=text,
            contact_mobile=text,
            place=place(value),
            remarks=text,
            reason=text,
        ),
        CardPickView(callback="card_pick_info", title=value, note=value),
    ]


def home(value: str, count: int) -> HomeView:
    rows = [
        WaitingRequest(
            id=f"{number}",
            summary=value,
            status=value,
            requester=value,
            created_at=MOMENT,
            phrase=value,
            decide_by=MOMENT,
            quorum=number,
            missing=number,
        )
        for number in range(count)
    ]
    balance = HomeBalance(money=Money.read("12.00 EUR"), level=value, asked_at=None, bars=value, trend=value)
    return HomeView(
        roles=[value] * count,
        stopped=[
            StopRow(what=value, by=value, reason=value, since=MOMENT, typed=value, button_value={"stop": value})
        ]
        * min(count, 5),
        waiting=rows[:8],
        more_waiting=count,
        even_more=True,
        mine=rows[:5],
        balances=[balance] * min(count, 3),
        may_see_balance=True,
        may_ask=True,
        may_report_lost=True,
        may_look=True,
    )


def holder(text: str) -> HolderSummary:
    return HolderSummary(
        holder_id=text,
        name=text,
        kyc=text,
        kyc_code=text,
        message=text,
        document=text,
        id_number=text,
        nationality=text,
        birthday=text,
        mobile=text,
        email=text,
    )


def messages(value: str, count: int) -> list[Reply]:
    turn: ButtonValue = {"country": "LT", "text": value[:100], "start": 10}
    found = DoctorRow(name=value, state=CheckState.WRONG, says=value, next=value)
    return [
        DoctorReply(results=[found] * count, ok=1, warn=2, wrong=3),
        FormKept(title=value, draft={"draft": "1"}),
        FormNotKnown(says=value),
        HolderKnownReply(holder=holder(value[:60])),
        HolderCreatedReply(holder=holder(value[:60])),
        HolderCreateUnknown(draft={"draft": "1"}, not_found=True),
        HolderDocumentSent(holder_id=value[:60], shows=value, message=value, deleted=False),
        HolderFileLeft(),
        HolderCitiesReply(
            country=value,
            text=value,
            total=count,
            rows=[CityRow(code=value, name=value)] * min(count, 10),
            previous=turn,
            next=turn,
            shown=value,
        ),
    ]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    if not SCHEMA.exists():
        pytest.skip("the folder with Slack's schemas is not beside the project")
    found: dict[str, Any] = json.loads(SCHEMA.read_text())
    return found


@pytest.mark.parametrize("value", HOSTILE)
def test_every_form_is_valid_whatever_was_typed(value: str) -> None:
    for view in views(value):
        assert view_problems(RENDERER.view(view.template, view)) == [], view.template


MANY = [pytest.param(value, 1000, marks=pytest.mark.soak) for value in HOSTILE]


@pytest.mark.parametrize(
    ("value", "count"),
    [*((value, count) for value in HOSTILE for count in (0, 1, 10)), (HOSTILE[3], 1000), *MANY],
)
def test_home_and_answers_are_valid_with_any_number_of_rows(value: str, count: int) -> None:
    assert view_problems(RENDERER.view("home.view", home(value, count))) == []
    for reply in messages(value, count):
        rendered = RENDERER.message(reply.template, reply)
        assert rendered.text.strip(), reply.template
        assert message_problems(rendered.blocks) == [], reply.template


def test_an_independent_schema_says_the_same(schema: dict[str, Any]) -> None:
    modal = {**schema, "$ref": "#/$defs/modal_view"}
    tab = {**schema, "$ref": "#/$defs/home_view"}
    for part in (modal, tab):
        for key in ("type", "items", "minItems", "maxItems"):
            part.pop(key, None)
    for value in HOSTILE:
        for filled in views(value):
            found = jsonschema.Draft202012Validator(modal).iter_errors(RENDERER.view(filled.template, filled))
            assert [error.message for error in found] == [], filled.template
        view = RENDERER.view("home.view", home(value, 10))
        assert [error.message for error in jsonschema.Draft202012Validator(tab).iter_errors(view)] == []


def test_every_button_has_words_for_who_does_not_see_it() -> None:
    view = RENDERER.view("home.view", home("Top-up", 3))
    shown = [
        *view["blocks"],
        *(block for reply in messages("x", 3) for block in RENDERER.message(reply.template, reply).blocks),
    ]
    buttons = [
        element
        for block in shown
        for element in [*block.get("elements", []), block.get("accessory", {})]
        if element.get("type") == "button"
    ]

    assert len(buttons) > 15
    assert [button["action_id"] for button in buttons if not button.get("accessibility_label")] == []
