"""pins.add and pins.remove: docs.slack.dev/reference/methods/pins.add and pins.remove."""

import re

from sandbox.slack.methods.call import WebApiCall
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import Json

MOST_PINS = 100  # slack.com/help/articles/205239997: pins of a conversation
_TS = re.compile(r"[0-9]+\.[0-9]+")
_NOT_PINNABLE = frozenset({"channel_join", "tombstone", "pinned_item"})


def add(call: WebApiCall) -> Json:
    """Pin a message to its channel."""
    message = _find(call)
    if message.get("subtype") in _NOT_PINNABLE:
        raise SlackRefusal("not_pinnable")
    pinned_to = message.setdefault("pinned_to", [])
    if message["channel"] in pinned_to:
        raise SlackRefusal("already_pinned")
    others = call.state.messages[message["channel"]].values()
    if sum(bool(other.get("pinned_to")) for other in others) >= MOST_PINS:
        raise SlackRefusal("too_many_pins")
    pinned_to.append(message["channel"])
    call.state.touch()
    return {}


def remove(call: WebApiCall) -> Json:
    """Unpin a message."""
    message = _find(call)
    if message["channel"] not in message.get("pinned_to", []):
        raise SlackRefusal("no_pin")
    del message["pinned_to"]
    call.state.touch()
    return {}


def _find(call: WebApiCall) -> Json:
    channel = call.own_channel()
    if channel.is_archived:
        raise SlackRefusal("is_archived")
    ts = call.text("timestamp")
    if not ts:
        raise SlackRefusal("no_item_specified")
    if not _TS.fullmatch(ts):
        raise SlackRefusal("bad_timestamp")
    return call.state.message(channel.id, ts)
