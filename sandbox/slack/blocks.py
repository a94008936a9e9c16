"""What Slack takes as the blocks of a message, a modal and the Home tab; pure.

Limits: docs.slack.dev/reference/block-kit/blocks. Newer blocks that only some workspaces have
(cards, carousels, plans, charts) are not known here and are refused.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sandbox.slack import elements
from sandbox.slack.elements import AS_ACCESSORY, IN_ACTIONS, IN_CONTEXT, IN_INPUT, URL, plain, text
from sandbox.slack.rich_text import CONTAINERS
from sandbox.slack.shapes import (
    Check,
    Json,
    array,
    at_least_one,
    boolean,
    exactly_one,
    integer,
    one_of,
    problem,
    record,
    string,
    variant,
)

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
ALL_TEXT = 13_200  # measured, not documented: github.com/slackapi/bolt-js issue 2509
MARKDOWN_TEXT = 12_000
TABLE_TEXT = 10_000
INTERACTIVE = frozenset(elements.ELEMENTS) - {"image"}


def _file_input_waits(block: Any, pointer: str) -> Iterator[str]:
    if block["element"]["type"] == "file_input" and block.get("dispatch_action"):
        yield problem("dispatch_action is not allowed with file_input", pointer)


ANY_BLOCK = {"block_id": string(255)}
CELL = variant(
    {
        "raw_text": record(required={"text": string(3000, least=0)}),
        "rich_text": record(required={"elements": CONTAINERS}),
    }
)
COLUMN = record(optional={"align": one_of("left", "center", "right"), "is_wrapped": boolean})


def _column(value: Any, pointer: str) -> Iterator[str]:
    if value is not None:  # null skips a column
        yield from COLUMN(value, pointer)


BLOCKS: dict[str, Check] = {
    "section": record(
        optional={
            **ANY_BLOCK,
            "text": text(3000),
            "fields": array(text(2000), most=10),
            "accessory": AS_ACCESSORY,
            "expand": boolean,
        },
        also=[at_least_one("text", "fields")],
    ),
    "divider": record(optional=ANY_BLOCK),
    "header": record(required={"text": plain(150)}, optional={**ANY_BLOCK, "level": integer(1, 4)}),
    "context": record(required={"elements": array(IN_CONTEXT, most=10)}, optional=ANY_BLOCK),
    "actions": record(required={"elements": array(IN_ACTIONS, most=25)}, optional=ANY_BLOCK),
    "input": record(
        required={"label": plain(2000), "element": IN_INPUT},
        optional={**ANY_BLOCK, "hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
        also=[_file_input_waits],
    ),
    "image": record(
        required={"alt_text": string(2000)},
        optional={
            **ANY_BLOCK,
            "image_url": string(3000, pattern=URL),
            "slack_file": elements.SLACK_FILE,
            "title": plain(2000),
        },
        also=[exactly_one("image_url", "slack_file")],
    ),
    "rich_text": record(required={"elements": CONTAINERS}, optional=ANY_BLOCK),
    "markdown": record(required={"text": string(MARKDOWN_TEXT)}, optional=ANY_BLOCK),
    "table": record(
        required={"rows": array(array(CELL, most=20), most=100)},
        optional={**ANY_BLOCK, "column_settings": array(_column, least=0, most=20)},
    ),
}
BLOCK = variant(BLOCKS)


def interactive(block: Json) -> list[Json]:
    """Return the elements of a block that a person can use, in order."""
    found = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
    return [each for each in found if isinstance(each, dict) and each.get("type") in INTERACTIVE]


def text_length(value: Any) -> int:
    """Return how many characters of text blocks contain, as Slack counts for msg_blocks_too_long."""
    if isinstance(value, list):
        return sum(map(text_length, value))
    if isinstance(value, dict):
        own = value.get("text")
        inner = sum(text_length(each) for key, each in value.items() if key != "text" or isinstance(each, dict))
        return inner + (len(own) if isinstance(own, str) else 0)
    return 0


def _said_once(blocks: list[Json], pointer: str) -> Iterator[str]:
    ids = Counter(block["block_id"] for block in blocks if "block_id" in block)
    for name, times in ids.items():
        if times > 1:
            yield problem(f"block_id already exists: {name}", pointer)
    for place, block in enumerate(blocks):
        actions = Counter(each["action_id"] for each in interactive(block) if "action_id" in each)
        for name, times in actions.items():
            if times > 1:
                yield problem(f"action_id already exists: {name}", f"{pointer}/{place}")
    if sum(bool(each.get("focus_on_load")) for block in blocks for each in interactive(block)) > 1:
        yield problem("only one element may have focus_on_load", pointer)


def _in_sum(blocks: list[Json], pointer: str) -> Iterator[str]:
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MARKDOWN_TEXT:
        yield problem(f"markdown blocks must be less than {MARKDOWN_TEXT + 1} characters in sum", pointer)
    tables = [block for block in blocks if block["type"] == "table"]
    if len(tables) > 1:
        yield problem("only_one_table_allowed", pointer)
    if text_length([block["rows"] for block in tables]) > TABLE_TEXT:
        yield problem(f"a table must be less than {TABLE_TEXT + 1} characters", pointer)


def _blocks(blocks: Any, most: int, *, files: bool) -> list[str]:
    found = list(array(BLOCK, least=0, most=most)(blocks, "/blocks"))
    if found:
        return found
    found = [*_said_once(blocks, "/blocks"), *_in_sum(blocks, "/blocks")]
    for place, block in enumerate(blocks):
        kinds = {each["type"] for each in interactive(block)}
        if "file_input" in kinds and not files:
            found.append(problem("file_input is only allowed in modals", f"/blocks/{place}"))
    return found


def message_problems(blocks: Any) -> list[str]:
    """Return what Slack would say against these blocks of a message; nothing when they are valid."""
    found = _blocks(blocks, MESSAGE_BLOCKS, files=False)
    if not found and any("response_url_enabled" in each for block in blocks for each in interactive(block)):
        found = [problem("response_url_enabled is only allowed in modals", "/blocks")]
    return found


VIEW_FIELDS: dict[str, Check] = {
    "private_metadata": string(3000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
}


def _listed(value: Any, pointer: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield problem("must be an array", pointer)


MODAL = record(
    required={"title": plain(24), "blocks": _listed},
    optional={
        **VIEW_FIELDS,
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
HOME = record(required={"blocks": _listed}, optional=VIEW_FIELDS)
VIEW = variant({"modal": MODAL, "home": HOME})


def view_problems(view: Any) -> list[str]:
    """Return what Slack would say against a modal or Home tab; nothing when it is valid."""
    found = [each.replace("json-pointer:", "json-pointer:/view") for each in VIEW(view, "")]
    if found:
        return found
    is_modal = view["type"] == "modal"
    found = _blocks(view["blocks"], VIEW_BLOCKS, files=is_modal)
    if not found and is_modal and not view["blocks"]:
        found = [problem("no fewer than 1 items allowed", "/view/blocks")]
    if not found and is_modal and "submit" not in view and any(b["type"] == "input" for b in view["blocks"]):
        found = [problem("missing required field: submit", "/view")]
    return found
