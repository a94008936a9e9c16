"""What people enter: plain values become the state that Slack sends; checks what its client checks."""

import re
from typing import Any

from sandbox.slack.blocks import interactive
from sandbox.slack.elements import offered
from sandbox.slack.refusals import CannotAct
from sandbox.slack.shapes import Json

REQUIRED = "Please complete this required field."
ONE_VALUE = {
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "file_input": ("files", ""),
}
PATTERNS = {
    "email_text_input": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "Please enter a valid email address."),
    "url_text_input": (r"https?://\S+\.\S+", "Please enter a valid URL."),
}
ONE_OPTION = frozenset({"static_select", "external_select", "radio_buttons", "overflow"})
OPTIONS = frozenset({"multi_static_select", "multi_external_select", "checkboxes"})


def entry(element: Json, value: Any, *, found: list[Json] | None = None) -> Json:
    """Return what Slack sends for an element into which `value` was entered.

    Options may be given by their value; those of external selects are looked for in `found`.
    """
    kind = element["type"]
    known = [*offered(element), *(found or ())]
    if kind in ONE_OPTION:
        return {"type": kind, "selected_option": None if value is None else _option(value, known)}
    if kind in OPTIONS:
        chosen = [value] if isinstance(value, (str, dict)) else list(value or ())
        return {"type": kind, "selected_options": [_option(each, known) for each in chosen]}
    if kind not in ONE_VALUE:
        raise CannotAct(f"nothing can be entered into a {kind}")
    return {"type": kind, ONE_VALUE[kind][0]: value}


def _option(value: Any, known: list[Json]) -> Json:
    if isinstance(value, dict):
        return value
    for each in known:
        if each["value"] == value:
            return {key: each[key] for key in ("text", "value", "description") if key in each}
    raise CannotAct(f"{value!r} is not among the options")


def initial(element: Json) -> Json:
    """Return the initial value of an element."""
    kind = element["type"]
    if kind in ONE_OPTION:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in OPTIONS:
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    name, start = ONE_VALUE[kind]
    if kind == "file_input" or kind.startswith("multi_"):
        return {"type": kind, name: element.get(start, [])}
    return {"type": kind, name: element.get(start)}


def filled(blocks: list[Json], entered: Json, values: Json, *, found: dict[str, list[Json]]) -> Json:
    """Return `state.values` of blocks: initial values, what was entered before, and `values` on top.

    `values` is keyed by block_id or by action_id; a dict under a block_id may name action_ids.
    """
    state: Json = {}
    for block in blocks:
        for element in interactive(block):
            kind, action_id, block_id = element["type"], element["action_id"], block["block_id"]
            if kind in {"button", "overflow"}:
                continue
            held = entered.get(block_id, {}).get(action_id) or initial(element)
            given, has_value = _given(values, block_id, action_id)
            if has_value:
                held = entry(element, given, found=found.get(action_id))
            state.setdefault(block_id, {})[action_id] = held
    return state


def unfound(blocks: list[Json], values: Json, *, found: dict[str, list[Json]]) -> list[tuple[str, str]]:
    """Return the external selects by action_id, with the plain values that they have not offered yet."""
    wanted = []
    for block in blocks:
        for element in interactive(block):
            given, _ = _given(values, block["block_id"], element["action_id"])
            if element["type"] != "external_select" or not isinstance(given, str):
                continue
            known = [*offered(element), *found.get(element["action_id"], [])]
            if all(option["value"] != given for option in known):
                wanted.append((element["action_id"], given))
    return wanted


def _given(values: Json, block_id: str, action_id: str) -> tuple[Any, bool]:
    inner = values.get(block_id)
    if isinstance(inner, dict) and action_id in inner:
        return inner[action_id], True
    if block_id in values:
        return inner, True
    return values.get(action_id), action_id in values


def content(held: Json) -> Any:
    """Return the value inside an entry of `state.values`."""
    return next((value for key, value in held.items() if key != "type"), None)


def mistakes(blocks: list[Json], state: Json) -> dict[str, str]:
    """Return what Slack's own client finds wrong before it submits, by block_id."""
    wrong: dict[str, str] = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        value = content(state[block["block_id"]][element["action_id"]])
        if value is None or value in ("", []):
            words = "" if block.get("optional") else REQUIRED
        else:
            words = _mistake(element, value)
        if words:
            wrong[block["block_id"]] = words
    return wrong


def _mistake(element: Json, value: Any) -> str:
    kind = element["type"]
    if kind == "number_input":
        return _number_mistake(element, str(value))
    if kind == "plain_text_input":
        return _length_mistake(element, len(value))
    if kind in PATTERNS:
        pattern, words = PATTERNS[kind]
        return "" if re.fullmatch(pattern, str(value)) else words
    most = element.get("max_files", 10) if kind == "file_input" else element.get("max_selected_items", 1000)
    return f"Please choose at most {most}." if isinstance(value, list) and len(value) > most else ""


def _length_mistake(element: Json, length: int) -> str:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if length < least:
        return f"Please enter at least {least} characters."
    return f"Please enter at most {most} characters." if length > most else ""


def _number_mistake(element: Json, value: str) -> str:
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", value):
        return "Please enter a number."
    if not element["is_decimal_allowed"] and "." in value:
        return "Please enter a whole number."
    if "min_value" in element and float(value) < float(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and float(value) > float(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return ""
