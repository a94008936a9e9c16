"""The limits of Block Kit: each is accepted up to its end and refused one beyond it."""

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sandbox.slack.blocks import message_problems, view_problems
from tests.sandbox.slack.samples import CARD, HOME, MODAL, SURE, button, field, mrkdwn, option, plain

Json = dict[str, Any]
SCHEMA = Path(__file__).parents[4] / "shared" / "schemas" / "slack-block-kit.schema.json"


def section(**more: Any) -> Json:
    return {"type": "section", **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def select(options: int, **more: Any) -> Json:
    return {
        "type": "static_select",
        "action_id": "s",
        "options": [option(str(i)) for i in range(options)],
        **more,
    }


def sized(size: int) -> dict[str, Json]:
    """Return blocks with a text of this size in each place where there is a limit of its own."""
    text = "x" * size
    return {
        "section 3000": section(text=mrkdwn(text)),
        "field 2000": section(fields=[mrkdwn(text)]),
        "header 150": {"type": "header", "text": plain(text)},
        "button 75": actions(button("a", text)),
        "value 2000": actions(button("a", "b", value=text)),
        "action_id 255": actions(button(text, "b")),
        "block_id 255": {"type": "divider", "block_id": text},
        "option 75": actions(select(1) | {"options": [option("v", text)]}),
        "option_value 150": actions(select(1) | {"options": [option(text, "v")]}),
        "placeholder 150": actions(select(1, placeholder=plain(text))),
        "confirm_title 100": actions(button("a", "b", confirm=SURE | {"title": plain(text)})),
        "confirm_text 300": actions(button("a", "b", confirm=SURE | {"text": plain(text)})),
        "confirm_yes 30": actions(button("a", "b", confirm=SURE | {"confirm": plain(text)})),
        "confirm_no 30": actions(button("a", "b", confirm=SURE | {"deny": plain(text)})),
        "label 2000": field("b", text, {"type": "plain_text_input"}),
        "hint 2000": field("b", "c", {"type": "plain_text_input"}, hint=plain(text)),
        "markdown 12000": {"type": "markdown", "text": text},
        "context 3000": {"type": "context", "elements": [mrkdwn(text)]},
    }


@pytest.mark.parametrize("name", sized(1))
def test_a_text_may_be_as_long_as_its_limit(name: str) -> None:
    limit = int(name.split()[1])

    assert message_problems([sized(limit)[name]]) == []
    assert f"less than {limit + 1} characters" in message_problems([sized(limit + 1)[name]])[0]
    assert "more than 0 characters" in message_problems([sized(0)[name]])[0]


def counted(count: int) -> dict[str, Json]:
    """Return blocks with so many things in each place where their number is limited."""
    options = [option(str(i)) for i in range(count)]
    buttons = [button(str(i), "b") for i in range(count)]
    cell = {"type": "raw_text", "text": "x"}
    return {
        "fields 10": section(fields=[mrkdwn("x")] * count),
        "elements 25": actions(*buttons),
        "context 10": {"type": "context", "elements": [mrkdwn("x")] * count},
        "options 100": actions(select(count)),
        "overflow 5": actions({"type": "overflow", "action_id": "o", "options": options}),
        "checkboxes 10": actions({"type": "checkboxes", "action_id": "o", "options": options}),
        "radio 10": actions({"type": "radio_buttons", "action_id": "o", "options": options}),
        "rows 100": {"type": "table", "rows": [[cell]] * count},
        "cells 20": {"type": "table", "rows": [[cell] * count]},
    }


@pytest.mark.parametrize("name", counted(1))
def test_there_may_be_as_many_as_the_limit(name: str) -> None:
    limit = int(name.split()[1])

    assert message_problems([counted(limit)[name]]) == []
    assert f"no more than {limit} items" in message_problems([counted(limit + 1)[name]])[0]
    assert "no fewer than 1 items" in message_problems([counted(0)[name]])[0]


def test_a_message_has_fifty_blocks_and_a_view_a_hundred() -> None:
    divider = {"type": "divider"}

    assert message_problems([divider] * 50) == []
    assert "no more than 50 items" in message_problems([divider] * 51)[0]
    assert view_problems(HOME | {"blocks": [divider] * 100}) == []
    assert "no more than 100 items" in view_problems(HOME | {"blocks": [divider] * 101})[0]


FILE = field("f", "File", {"type": "file_input"})
WRONG: dict[str, tuple[list[Any], str]] = {
    "ids of blocks twice": ([{"type": "divider", "block_id": "a"}] * 2, "block_id already exists: a"),
    "ids of actions twice": ([actions(button("a", "b"), button("a", "c"))], "action_id already exists: a"),
    "file in a message": ([FILE], "only allowed in modals"),
    "two tables": ([{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}] * 2, "only_one_table"),
    "markdown in sum": ([{"type": "markdown", "text": "x" * 7000}] * 2, "in sum"),
    "initial not offered": ([actions(select(2, initial_option=option("9")))], "one of the options"),
    "values twice": ([actions(select(1) | {"options": [option("1")] * 2})], "must be unique"),
    "options and groups": ([actions(select(1) | {"option_groups": []})], "option_groups"),
    "section without text": ([section()], "at least one of: text, fields"),
    "header in mrkdwn": ([{"type": "header", "text": mrkdwn("x")}], "unsupported type: mrkdwn"),
    "button in mrkdwn": ([actions(button("a", "b") | {"text": mrkdwn("b")})], "unsupported type: mrkdwn"),
    "text as a string": ([section(text="x")], "must be an object"),
    "unknown block": ([{"type": "heading", "text": plain("x")}], "unsupported type: heading"),
    "unknown field": ([{"type": "divider", "colour": "red"}], "invalid additional property: colour"),
    "unknown style": ([actions(button("a", "b", style="warning"))], "must be one of primary, danger"),
    "input without label": (
        [{"type": "input", "element": {"type": "plain_text_input"}}],
        "required field: label",
    ),
    "input of a button": ([field("a", "b", button("a", "b"))], "unsupported type: button"),
    "text field in actions": ([actions({"type": "plain_text_input"})], "unsupported type: plain_text_input"),
    "image without source": ([{"type": "image", "alt_text": "x"}], "exactly one of: image_url, slack_file"),
    "image without words": ([{"type": "image", "image_url": "https://a.b/c"}], "required field: alt_text"),
    "no date": ([actions({"type": "datepicker", "initial_date": "2026-13-01"})], "expected format"),
    "no address": ([actions(button("a", "b", url="not a url"))], "expected format"),
    "lengths": (
        [field("a", "b", {"type": "plain_text_input", "min_length": 9, "max_length": 3})],
        "min_length",
    ),
    "numbers": (
        [
            field(
                "a",
                "b",
                {"type": "number_input", "is_decimal_allowed": True, "min_value": "9", "max_value": "1"},
            )
        ],
        "min_value",
    ),
    "two focused": (
        [field(each, "b", {"type": "plain_text_input", "focus_on_load": True}) for each in "ab"],
        "only one element",
    ),
    "not a list of objects": (["x"], "must be an object"),
    "a number for a flag": ([section(text=plain("x"), expand=1)], "must be a boolean"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_message_cannot_have(name: str) -> None:
    blocks, words = WRONG[name]

    assert any(words in each for each in message_problems(blocks)), message_problems(blocks)


MODALS: dict[str, tuple[Json, str]] = {
    "title": (MODAL | {"title": plain("x" * 25)}, "less than 25 characters"),
    "submit": (MODAL | {"submit": plain("x" * 25)}, "less than 25 characters"),
    "close": (MODAL | {"close": plain("x" * 25)}, "less than 25 characters"),
    "private_metadata": (MODAL | {"private_metadata": "x" * 3001}, "less than 3001 characters"),
    "callback_id": (MODAL | {"callback_id": "x" * 256}, "less than 256 characters"),
    "external_id": (MODAL | {"external_id": "x" * 256}, "less than 256 characters"),
    "no submit": ({k: v for k, v in MODAL.items() if k != "submit"}, "missing required field: submit"),
    "no blocks": (MODAL | {"blocks": []}, "no fewer than 1 items"),
    "title in mrkdwn": (MODAL | {"title": mrkdwn("x")}, "unsupported type: mrkdwn"),
    "home with a title": (HOME | {"title": plain("x")}, "invalid additional property: title"),
    "home with a file": (HOME | {"blocks": [FILE]}, "only allowed in modals"),
    "a file that acts": (
        MODAL | {"blocks": [FILE | {"dispatch_action": True}]},
        "not allowed with file_input",
    ),
}


@pytest.mark.parametrize("name", MODALS)
def test_what_a_view_cannot_have(name: str) -> None:
    view, words = MODALS[name]

    assert any(words in each for each in view_problems(view)), view_problems(view)


def test_the_samples_are_valid() -> None:
    assert message_problems(CARD) == []
    assert view_problems(MODAL) == []
    assert view_problems(HOME) == []


# What the schema cannot say (it says so itself), and our validator does.
BEYOND_THE_SCHEMA = {
    "ids of blocks twice",
    "ids of actions twice",
    "file in a message",
    "two tables",
    "markdown in sum",
    "initial not offered",
    "values twice",
    "lengths",
    "numbers",
    "two focused",
    "no address",  # a format, which validators only note
}


Judge = Callable[..., bool]


@pytest.fixture(scope="module")
def verdict() -> Judge:
    """Whether the schema takes a value as a message, or as the part that is named; prepared once for each."""
    if not SCHEMA.exists():
        pytest.skip("the folder with Slack's schemas is not beside the project")
    schema: Json = json.loads(SCHEMA.read_text())

    @cache
    def prepare(part: str | None) -> Draft202012Validator:
        if part is None:
            return Draft202012Validator(schema)
        left_out = {"type", "items", "minItems", "maxItems"}
        inner = {key: value for key, value in schema.items() if key not in left_out}
        return Draft202012Validator({**inner, "$ref": f"#/$defs/{part}"})

    return lambda value, part=None: prepare(part).is_valid(value)


@pytest.mark.parametrize(
    ("sizes", "counts"),
    [
        ((1, 76, 3001), (1, 11, 101)),
        pytest.param((75, 255, 2001), (5, 6, 10, 25, 26, 100), marks=pytest.mark.soak),
    ],
)
def test_an_independent_schema_says_the_same_of_messages(
    verdict: Judge, sizes: tuple[int, ...], counts: tuple[int, ...]
) -> None:
    samples = [([block], message_problems([block]) == []) for size in sizes for block in sized(size).values()]
    samples += [
        ([block], message_problems([block]) == []) for count in counts for block in counted(count).values()
    ]
    samples += [(blocks, False) for name, (blocks, _) in WRONG.items() if name not in BEYOND_THE_SCHEMA]
    for blocks, ours in samples:
        assert verdict(blocks) is ours, json.dumps(blocks)[:300]


def test_an_independent_schema_says_the_same_of_views(verdict: Judge) -> None:
    assert verdict(MODAL, "modal_view")
    assert verdict(HOME, "home_view")
    for name in MODALS.keys() - {"home with a file"}:
        view, _ = MODALS[name]
        assert not verdict(view, f"{view['type']}_view"), name


@pytest.mark.soak
def test_whatever_is_taken_away_or_made_wrong_is_judged_alike(verdict: Judge) -> None:
    """Every field of the samples is dropped once and replaced by a number once."""
    judged = 0
    for original in [*MODAL["blocks"], *HOME["blocks"], *CARD]:
        for path in list(paths(original)):
            for change in (drop, spoil):
                block = copy.deepcopy(original)
                change(block, path)
                found = view_problems(MODAL | {"blocks": [block]})
                assert verdict([block]) is (found == []), (path, change.__name__, found)
                judged += 1
    assert judged > 200


def paths(value: Any, before: tuple[Any, ...] = ()) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        if key != "type" or len(before) > 0:
            yield (*before, key)
        yield from paths(inner, (*before, key))


def drop(value: Any, path: tuple[Any, ...]) -> None:
    for key in path[:-1]:
        value = value[key]
    del value[path[-1]]


def spoil(value: Any, path: tuple[Any, ...]) -> None:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = -1
