"""Bringing a message or view within Slack's limits, whatever values were put into it (pure).

Limits: docs.slack.dev/reference/block-kit; the budget of all texts: github.com/slackapi/bolt-js issue 2509.
Texts are cut, lists shortened, empty things dropped; what a program reads (values, ids) is never cut: DoesNotFit.
"""

import re
from collections.abc import Iterator
from typing import Any

MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
TEXT_BUDGET = 10_000  # UTF-16 units of all texts in the blocks of a message
FALLBACK_TEXT = 3_900
_SMALLEST_CUT = 200
_EMPTY = "(empty)"  # Slack refuses empty texts
_LONGEST_VIEW = 240_000  # bytes of JSON; Slack takes 250 KB

_TEXTS = {
    ("section", "text"): 3000,
    ("section", "fields"): 2000,
    ("context", "elements"): 2000,
    ("header", "text"): 150,
    ("button", "text"): 75,
    ("input", "label"): 2000,
    ("input", "hint"): 2000,
    ("image", "title"): 2000,
    ("confirm", "title"): 100,
    ("confirm", "text"): 300,
    ("confirm", "confirm"): 30,
    ("confirm", "deny"): 30,
    ("option", "text"): 75,
    ("option", "description"): 75,
    ("option_groups", "label"): 75,
    ("modal", "title"): 24,
    ("modal", "submit"): 24,
    ("modal", "close"): 24,
}
_PLACEHOLDER = 150
_LISTS = {
    ("section", "fields"): 10,
    ("context", "elements"): 10,
    ("actions", "elements"): 25,
    ("overflow", "options"): 5,
    ("checkboxes", "options"): 10,
    ("radio_buttons", "options"): 10,
}
_OPTIONS = 100
_CUT_STRINGS = {"accessibility_label": 75, "alt_text": 2000, "initial_value": 3000, "title": 150}
_EXACT_STRINGS = {
    "action_id": 255,
    "block_id": 255,
    "callback_id": 255,
    "external_id": 255,
    "private_metadata": 3000,
}
_LONGEST_VALUE = {"option": 150}
_NEEDED = {"section": ("text", "fields"), "context": ("elements",), "actions": ("elements",)}
_PART = re.compile(r"<[^<>]*>|&(?:amp|lt|gt);|.", re.DOTALL)


class DoesNotFit(ValueError):
    """Something that must not be cut is too long for Slack, or a part that must be there is missing."""


def fit_blocks(blocks: list[Any], *, surface: str) -> list[dict[str, Any]]:
    """Return the blocks within Slack's limits for a "message", "modal" or "home"; raises DoesNotFit."""
    fitted = [block for raw in blocks if isinstance(raw, dict) and (block := _fit(raw, "block")) is not None]
    most = MOST_BLOCKS[surface]
    if len(fitted) > most:
        note = f"_{len(fitted) - most + 1} more parts are not shown._"
        fitted = [*fitted[: most - 1], {"type": "context", "elements": [{"type": "mrkdwn", "text": note}]}]
    if surface == "message":
        _keep_budget(fitted)
    return fitted


def fit_view(view: dict[str, Any]) -> dict[str, Any]:
    """Return a modal or Home view within Slack's limits; raises DoesNotFit."""
    surface = str(view.get("type"))
    if surface not in {"modal", "home"} or not isinstance(view.get("blocks"), list):
        raise DoesNotFit("a view is a modal or home with blocks")
    rest = _fit({name: value for name, value in view.items() if name != "blocks"}, surface) or {}
    fitted = {**rest, "blocks": fit_blocks(view["blocks"], surface=surface)}
    if not fitted["blocks"] or len(repr(fitted).encode()) > _LONGEST_VIEW:
        raise DoesNotFit("a view without blocks, or of more than 250 KB")
    return fitted


def find_left_out(blocks: list[Any], fitted: list[Any]) -> tuple[str, ...]:
    """Return the texts (mrkdwn), whole, of which the fitted blocks lack something; buttons do not count."""
    shown = set(_said_texts(fitted))
    return tuple(text for text in dict.fromkeys(_said_texts(blocks)) if text.strip() and text not in shown)


def list_said(blocks: list[Any]) -> tuple[str, ...]:
    """Return the texts of the blocks (mrkdwn) in their order, each once; buttons do not count."""
    return tuple(text for text in dict.fromkeys(_said_texts(blocks)) if text.strip())


def split(text: str, limit: int) -> Iterator[str]:
    """Yield the text in parts of at most `limit` UTF-16 units, divided between characters, escapes and markups."""
    part, length = "", 0
    for match in _PART.finditer(text):
        size = measure(match.group())
        if part and length + size > limit:
            yield part
            part, length = "", 0
        part += match.group()
        length += size
    if part:
        yield part


def cut(text: str, limit: int) -> str:
    """Return the text with at most `limit` UTF-16 units, cut between characters, escapes and markups."""
    if measure(text) <= limit:
        return text
    kept, length = [], 0
    for match in _PART.finditer(text):
        length += measure(match.group())
        if length > limit - 1:
            break
        kept.append(match.group())
    return "".join(kept) + "…"


def measure(text: str) -> int:
    """Return the length in UTF-16 units, the most that Slack may count."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _fit(node: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Return a block, element or object within its limits; None when nothing is left of it."""
    kind = name if name in {"confirm", "option"} else str(node.get("type", name))
    fitted = {}
    for key, value in node.items():
        inner = _fit_value(value, kind=kind, key=key)
        if inner is not None and inner != []:
            fitted[key] = inner
    needed = _NEEDED.get(kind)
    return None if needed and not any(part in fitted for part in needed) else fitted


def _fit_value(value: Any, *, kind: str, key: str) -> Any:
    match value:
        case {"type": "plain_text" | "mrkdwn", "text": str()}:
            return _fit_text(value, _PLACEHOLDER if key == "placeholder" else _TEXTS.get((kind, key), 3000))
        case dict():
            return _fit(value, "option" if key.startswith("initial_option") else key)
        case list():
            return _fit_list(value, kind=kind, key=key)
        case str():
            return _fit_string(value, kind=kind, key=key)
        case _:
            return value


def _fit_text(text: dict[str, Any], limit: int) -> dict[str, Any]:
    fitted = {**text, "text": cut(text["text"] if text["text"].strip() else _EMPTY, limit)}
    if text["type"] == "mrkdwn":
        # Else Slack makes links of the addresses and names that it finds in values.
        fitted["verbatim"] = True
    return fitted


def _fit_list(values: list[Any], *, kind: str, key: str) -> list[Any]:
    inner_name = "option" if key in {"options", "initial_options"} else key
    most = _LISTS.get((kind, key), _OPTIONS)
    fitted = []
    for value in values[:most]:
        if isinstance(value, dict) and value.get("type") not in {"plain_text", "mrkdwn"}:
            inner = _fit(value, inner_name)
        else:
            inner = _fit_value(value, kind=kind, key=key)
        if inner is not None:
            fitted.append(inner)
    return fitted


def _fit_string(text: str, *, kind: str, key: str) -> str | None:
    if key in _CUT_STRINGS:
        return cut(text, _CUT_STRINGS[key]) or None
    if kind == "markdown" and key == "text":
        return cut(text or _EMPTY, TEXT_BUDGET)
    limit = _LONGEST_VALUE.get(kind, 2000) if key == "value" else _EXACT_STRINGS.get(key)
    if limit is not None and measure(text) > limit:
        raise DoesNotFit(f"{key} of a {kind} is longer than {limit}")
    return text


def _keep_budget(blocks: list[dict[str, Any]]) -> None:
    """Shorten the longest texts until all together keep the budget."""
    texts = list(_all_texts(blocks))
    while sum(measure(text["text"]) for text in texts) > TEXT_BUDGET:
        longest = max(texts, key=lambda text: measure(text["text"]))
        length = measure(longest["text"])
        if length <= _SMALLEST_CUT:
            _drop_last(blocks)
            texts = list(_all_texts(blocks))
            continue
        longest["text"] = cut(longest["text"], max(length // 2, _SMALLEST_CUT))


def _drop_last(blocks: list[dict[str, Any]]) -> None:
    """Give up the last block that is not a row of buttons: what can be done is worth more than more text."""
    places = [at for at, block in enumerate(blocks) if block["type"] != "actions"]
    del blocks[places[-1] if places else -1]


def _all_texts(node: Any) -> list[dict[str, Any]]:
    match node:
        case {"text": str()}:
            return [node]
        case dict():
            return [text for value in node.values() for text in _all_texts(value)]
        case list():
            return [text for value in node for text in _all_texts(value)]
        case _:
            return []


def _said_texts(node: Any) -> list[str]:
    match node:
        case {"type": "button" | "overflow" | "input"}:
            return []
        case {"type": "plain_text", "text": str(text)}:
            return [text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")]
        case {"text": str(text)}:
            return [text]
        case dict():
            return [text for value in node.values() for text in _said_texts(value)]
        case list():
            return [text for value in node for text in _said_texts(value)]
        case _:
            return []
