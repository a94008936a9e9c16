"""What Slack takes inside blocks: texts, options, confirmations and the elements that people use.

Limits: docs.slack.dev/reference/block-kit/block-elements and /composition-objects.
"""

from collections.abc import Iterator
from typing import Any

from sandbox.slack.shapes import (
    Check,
    array,
    boolean,
    exactly_one,
    integer,
    one_of,
    problem,
    record,
    string,
    variant,
)

PERSON_ID = r"[UW][A-Z0-9]+"
CHANNEL_ID = r"[CG][A-Z0-9]+"
DATE = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
TIME = r"([01]\d|2[0-3]):[0-5]\d"
NUMBER = r"-?\d+(\.\d+)?"
URL = r"[a-zA-Z][a-zA-Z0-9+.-]*:\S+"


def plain(limit: int = 3000) -> Check:
    """Check for a plain_text object of at most `limit` characters."""
    return variant({"plain_text": record(required={"text": string(limit)}, optional={"emoji": boolean})})


def text(limit: int = 3000) -> Check:
    """Check for a plain_text or mrkdwn object of at most `limit` characters."""
    return variant(
        {
            "plain_text": record(required={"text": string(limit)}, optional={"emoji": boolean}),
            "mrkdwn": record(required={"text": string(limit)}, optional={"verbatim": boolean}),
        }
    )


def option(*, rich: bool = False, url: bool = False) -> Check:
    """Check for one choice; `rich` allows mrkdwn (checkboxes, radio), `url` a link (overflow)."""
    words = text(75) if rich else plain(75)
    more = {"description": words} | ({"url": string(3000, pattern=URL)} if url else {})
    return record(required={"text": words, "value": string(150)}, optional=more)


CONFIRM = record(
    required={"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    optional={"style": one_of("primary", "danger")},
)
SLACK_FILE = record(
    optional={"url": string(3000, pattern=URL), "id": string(255)}, also=[exactly_one("url", "id")]
)
FILTER = record(
    optional={
        "include": array(one_of("im", "mpim", "private", "public"), most=4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    }
)
ACTION_ID = {"action_id": string(255)}
COMMON = {**ACTION_ID, "confirm": CONFIRM, "focus_on_load": boolean}
SELECT = {**COMMON, "placeholder": plain(150)}
TYPED = {
    **ACTION_ID,
    "focus_on_load": boolean,
    "placeholder": plain(150),
    "dispatch_action_config": record(
        required={"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), most=2)}
    ),
}
OPTION_GROUP = record(required={"label": plain(75), "options": array(option(), most=100)})
CHOICES = {"options": array(option(), most=100), "option_groups": array(OPTION_GROUP, most=100)}
MANY = {"max_selected_items": integer(1, 10_000)}


def offered(element: dict[str, Any]) -> list[Any]:
    """Return the options of an element, those in groups too."""
    groups = element.get("option_groups", ())
    return [*element.get("options", ()), *(each for group in groups for each in group["options"])]


def _initial_among_options(element: Any, pointer: str) -> Iterator[str]:
    known = offered(element)
    chosen = [element["initial_option"]] if "initial_option" in element else []
    for each in [*chosen, *element.get("initial_options", ())]:
        if each not in known:
            yield problem("initial_option must be one of the options", pointer)


def _values_once(element: Any, pointer: str) -> Iterator[str]:
    values = [each["value"] for each in offered(element)]
    if len(values) != len(set(values)):
        yield problem("option values must be unique", pointer)


def _lengths_in_order(element: Any, pointer: str) -> Iterator[str]:
    if element.get("min_length", 0) > element.get("max_length", 3000):
        yield problem("min_length must not be greater than max_length", pointer)


def _numbers_in_order(element: Any, pointer: str) -> Iterator[str]:
    low, high = element.get("min_value"), element.get("max_value")
    if low is not None and high is not None and float(low) > float(high):
        yield problem("min_value must not be greater than max_value", pointer)
    if not element["is_decimal_allowed"] and "." in element.get("initial_value", ""):
        yield problem("initial_value must be a whole number", pointer)


def _select(**more: Check) -> Check:
    return record(optional={**SELECT, **more})


def _typed(**more: Check) -> Check:
    return record(optional={**TYPED, "initial_value": string(3000, least=0), **more})


def _static(**more: Check) -> Check:
    return record(
        optional={**SELECT, **CHOICES, **more},
        also=[exactly_one("options", "option_groups"), _initial_among_options, _values_once],
    )


def _boxes(**more: Check) -> Check:
    return record(
        required={"options": array(option(rich=True), most=10)},
        optional={**COMMON, **more},
        also=[_initial_among_options, _values_once],
    )


ELEMENTS: dict[str, Check] = {
    "button": record(
        required={"text": plain(75)},
        optional={
            **ACTION_ID,
            "confirm": CONFIRM,
            "url": string(3000, pattern=URL),
            "value": string(2000),
            "style": one_of("primary", "danger"),
            "accessibility_label": string(75),
        },
    ),
    "overflow": record(
        required={"options": array(option(url=True), most=5)}, optional={**ACTION_ID, "confirm": CONFIRM}
    ),
    "checkboxes": _boxes(initial_options=array(option(rich=True), most=10)),
    "radio_buttons": _boxes(initial_option=option(rich=True)),
    "datepicker": _select(initial_date=string(10, pattern=DATE)),
    "timepicker": _select(initial_time=string(5, pattern=TIME), timezone=string(64)),
    "datetimepicker": record(optional={**COMMON, "initial_date_time": integer(0, 9_999_999_999)}),
    "static_select": _static(initial_option=option()),
    "multi_static_select": _static(initial_options=array(option(), most=100), **MANY),
    "external_select": _select(initial_option=option(), min_query_length=integer(0, 3000)),
    "multi_external_select": _select(
        initial_options=array(option(), most=100), min_query_length=integer(0, 3000), **MANY
    ),
    "users_select": _select(initial_user=string(20, pattern=PERSON_ID)),
    "multi_users_select": _select(initial_users=array(string(20, pattern=PERSON_ID), most=1000), **MANY),
    "conversations_select": _select(
        initial_conversation=string(20),
        default_to_current_conversation=boolean,
        response_url_enabled=boolean,
        filter=FILTER,
    ),
    "multi_conversations_select": _select(
        initial_conversations=array(string(20), most=1000),
        default_to_current_conversation=boolean,
        filter=FILTER,
        **MANY,
    ),
    "channels_select": _select(initial_channel=string(20, pattern=CHANNEL_ID), response_url_enabled=boolean),
    "multi_channels_select": _select(initial_channels=array(string(20, pattern=CHANNEL_ID), most=1000), **MANY),
    "plain_text_input": record(
        optional={
            **TYPED,
            "initial_value": string(3000, least=0),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
        also=[_lengths_in_order],
    ),
    "email_text_input": _typed(),
    "url_text_input": _typed(),
    "number_input": record(
        required={"is_decimal_allowed": boolean},
        optional={
            **TYPED,
            **{name: string(50, pattern=NUMBER) for name in ("initial_value", "min_value", "max_value")},
        },
        also=[_numbers_in_order],
    ),
    "file_input": record(
        optional={**ACTION_ID, "filetypes": array(string(20), most=100), "max_files": integer(1, 10)}
    ),
    "image": record(
        required={"alt_text": string(2000)},
        optional={"image_url": string(3000, pattern=URL), "slack_file": SLACK_FILE},
        also=[exactly_one("image_url", "slack_file")],
    ),
}

_SELECTS = {name for name in ELEMENTS if name.endswith("_select")}
_PICKED = _SELECTS | {"checkboxes", "radio_buttons", "datepicker", "timepicker"}
_TEXTS = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}


def _only(names: set[str]) -> Check:
    return variant({name: ELEMENTS[name] for name in names})


IN_ACTIONS = _only(_PICKED | {"button", "overflow", "datetimepicker"})
AS_ACCESSORY = _only(_PICKED | {"button", "overflow", "image"})
IN_INPUT = _only(_PICKED | _TEXTS | {"datetimepicker", "file_input"})
IN_CONTEXT = variant(
    {
        "image": ELEMENTS["image"],
        "plain_text": record(required={"text": string(3000)}, optional={"emoji": boolean}),
        "mrkdwn": record(required={"text": string(3000)}, optional={"verbatim": boolean}),
    }
)
