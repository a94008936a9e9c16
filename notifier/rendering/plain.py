"""The built-in layout: what is posted when a template is missing or broken, and the marks on a message."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from notifier.rendering.escaping import escape_text
from notifier.rendering.renderer import Rendered
from notifier.rendering.slack_limits import (
    FALLBACK_TEXT,
    MOST_BLOCKS,
    cut,
    find_left_out,
    fit_blocks,
    list_said,
    split,
)

REPEAT = "(possible repeat)"
_SECTION = 2_900  # UTF-16 units of one block
_BUTTON = ("type", "text", "action_id", "value", "url", "style", "confirm")
_CLASSIC = {"button": _BUTTON, "overflow": ("type", "action_id", "options", "confirm")}  # and what of each
_WARNING = "This notice could not be laid out as usual; an admin finds the reason in the log."


def lay_out_plainly(kind: str, facts: Mapping[str, Any]) -> Rendered:
    """Return a message that only lists the facts; it needs no template and takes any values."""
    title = _escape(kind.replace("_", " ").capitalize()).strip() or "Notice"
    lines = [f"{_escape(name)}: {_escape(value)}" for name, value in facts.items() if value not in (None, "", [])]
    blocks = [
        _section(f"*{title}*"),
        *([_section("\n".join(cut(line, 500) for line in lines))] if lines else []),
        {"type": "context", "elements": [{"type": "mrkdwn", "text": _WARNING}]},
    ]
    text = cut("\n".join([title, *lines]), FALLBACK_TEXT)
    return Rendered(text=text, blocks=fit_blocks(blocks, surface="message"))


def lay_out_classically(rendered: Rendered) -> Rendered:
    """Return the message in the oldest blocks alone, with all its buttons, for a Slack that refuses others."""
    sections = [_section(part) for text in list_said(rendered.blocks) for part in split(text, _SECTION)]
    buttons = [_as_classic(each) for each in _list_elements(rendered.blocks) if each.get("type") in _CLASSIC]
    rows = [{"type": "actions", "elements": buttons[at : at + 5]} for at in range(0, len(buttons), 5)]
    blocks = fit_blocks([*sections[: MOST_BLOCKS["message"] - len(rows)], *rows], surface="message")
    lost = find_left_out(rendered.blocks, blocks) if len(sections) > len(blocks) - len(rows) else ()
    return replace(rendered, blocks=blocks, left_out=tuple(dict.fromkeys([*rendered.left_out, *lost])))


def strip_blocks(rendered: Rendered) -> Rendered:
    """Return the message as plain text, for a Slack that refuses its blocks; what they said is left out."""
    left_out = find_left_out(
        [{"text": text} for text in rendered.left_out] + rendered.blocks, [{"text": rendered.text}]
    )
    return Rendered(text=cut(rendered.text, FALLBACK_TEXT), blocks=[], left_out=left_out)


def mark_repeat(rendered: Rendered) -> Rendered:
    """Return the message with the mark that it may be there twice."""
    text = f"{cut(rendered.text, FALLBACK_TEXT - len(REPEAT) - 1)} {REPEAT}"
    # No room for a block more: the mark in the text has to do.
    if not rendered.blocks or len(rendered.blocks) >= MOST_BLOCKS["message"]:
        return replace(rendered, text=text)
    words = f"_{REPEAT} Slack did not confirm the first copy, and it was not found._"
    mark = {"type": "context", "elements": [{"type": "mrkdwn", "text": words}]}
    return replace(rendered, text=text, blocks=[*rendered.blocks, mark])


def put_below(rendered: Rendered, more: Rendered) -> Rendered:
    """Return the message with the blocks of another below it, as far as Slack takes them; buttons in one row."""
    last, first = rendered.blocks[-1:], more.blocks[:1]
    if last and first and last[0]["type"] == first[0]["type"] == "actions":
        # Slack takes 25 elements in a row.
        row = {**last[0], "elements": [*last[0]["elements"], *first[0]["elements"]][:25]}
        return replace(rendered, blocks=[*rendered.blocks[:-1], row, *more.blocks[1:]])
    room = MOST_BLOCKS["message"] - len(more.blocks)
    return replace(rendered, blocks=[*rendered.blocks[:room], *more.blocks])


def put_beside(rendered: Rendered, more: Rendered) -> Rendered:
    """Return the message with the menu of another in its row of buttons, else beside its first text, else below.

    A row that holds nothing but a menu would make each notice taller.
    """
    free = next((at for at, block in enumerate(rendered.blocks) if _has_room_beside(block)), None)
    if free is None or rendered.blocks[-1]["type"] == "actions":
        return put_below(rendered, more)
    beside = {**rendered.blocks[free], "accessory": more.blocks[0]["elements"][0]}
    return replace(rendered, blocks=[*rendered.blocks[:free], beside, *rendered.blocks[free + 1 :]])


def _has_room_beside(block: dict[str, Any]) -> bool:
    return block["type"] == "section" and "text" in block and "accessory" not in block


def has_button(rendered: Rendered, action: str) -> bool:
    """Whether the message has a button, in a row or beside a text, with this action id."""
    return any(element.get("action_id") == action for element in _list_elements(rendered.blocks))


def _list_elements(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what can be pressed or chosen, in rows and beside texts."""
    return [
        element
        for block in blocks
        for element in (*block.get("elements", ()), block.get("accessory") or {})
        if isinstance(element, dict)
    ]


def _as_classic(element: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in element.items() if name in _CLASSIC[element["type"]]}


def _escape(value: object) -> str:
    text: str = json.loads(f'"{escape_text(value)}"')
    return text


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}
