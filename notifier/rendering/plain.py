"""The built-in layout: what is posted when a template is missing or broken, and the marks on a message."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from notifier.rendering.escaping import escape_text
from notifier.rendering.renderer import Rendered
from notifier.rendering.slack_limits import FALLBACK_TEXT, MOST_BLOCKS, cut, find_left_out, fit_blocks

REPEAT = "(possible repeat)"
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


def has_button(rendered: Rendered, action: str) -> bool:
    """Whether the message has a button, in a row or beside a text, with this action id."""
    places = [
        element
        for block in rendered.blocks
        for element in (*block.get("elements", ()), block.get("accessory") or {})
    ]
    return any(element.get("action_id") == action for element in places)


def _escape(value: object) -> str:
    text: str = json.loads(f'"{escape_text(value)}"')
    return text


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}
