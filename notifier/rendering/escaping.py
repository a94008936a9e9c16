"""Making any value harmless inside the JSON texts of a template, exactly once, and the few safe markups.

Slack's escapes are exactly `&amp;` `&lt;` `&gt;` (docs.slack.dev/messaging/formatting-message-text).
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from jinja2 import Undefined
from markupsafe import Markup

from notifier.rendering.facts import make_plain
from paytend import Money, NotMoney
from paytend.redaction import mask_text, redact

NOTHING = "unknown"
_PERSON = re.compile(r"[UW][A-Z0-9]{2,20}")
_GROUP = re.compile(r"S[A-Z0-9]{2,20}")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,20}")
_PLAIN = frozenset({"accessibility_label", "alt_text"})  # beside the objects of type plain_text
_WRITTEN_MOMENT = re.compile(r"\b(\d{4}-\d\d-\d\d \d\d:\d\d) UTC\b", re.ASCII)
# Controls, format characters (bidi, zero width, tags), surrogates, private use.
_REMOVED = frozenset({"Cc", "Cf", "Cs", "Co"})


def clean(value: object, *, lines: bool = False) -> str:
    """Return a value as text: no control, bidi or invisible characters, card numbers masked, on one line.

    With `lines` its line breaks stay: without, nothing from outside can add a line that looks like ours.
    """
    if isinstance(value, Undefined):
        return str(value)  # raises UndefinedError
    text = NOTHING if value is None else _as_text(value)
    breaks = "\n" if lines else " "
    text = re.sub(r"\r\n?|[\n\v\f\x85\u2028\u2029]", breaks, text).replace("\t", " ")
    if not (text.isascii() and text.isprintable()):
        text = "".join(
            character for character in text if character == "\n" or unicodedata.category(character) not in _REMOVED
        )
    # Last: removing invisible characters may join digits into a card number.
    return mask_text(text)


def finalize(value: object) -> Markup:
    """Return a hole's value for a JSON text of mrkdwn or plain text; ready markup passes as it is."""
    return value if isinstance(value, Markup) else escape_text(value)


def escape_text(value: object, *, lines: bool = False) -> Markup:
    """Return a value cleaned, escaped for mrkdwn and for JSON."""
    text = clean(value, lines=lines)
    # "&" first: the other two escapes have one.
    return _for_json(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def keep_lines(value: object) -> Markup:
    """Return a value like any other, with its line breaks (filter `lines`)."""
    return escape_text(value, lines=True)


def as_value(value: object) -> Markup:
    """Return what only machines read (button values, metadata, initial values): escaped for JSON alone.

    Slack keeps it too, so card numbers are masked: a button about an id that looks like one finds nothing.
    """
    if isinstance(value, Mapping | list | tuple):
        return _for_json(json.dumps(redact(make_plain(value)), ensure_ascii=False, separators=(",", ":")))
    return _for_json(mask_text(_as_text(value)))


def mention(value: object) -> Markup:
    """Return the mention of a person (U…, W…) or of a user group (S…); anything else stays text."""
    text = str(value)
    if _PERSON.fullmatch(text):
        return Markup(f"<@{text}>")  # noqa: S704 - the pattern allows only letters and digits
    if _GROUP.fullmatch(text):
        return Markup(f"<!subteam^{text}>")  # noqa: S704 - as above
    return escape_text(value)


def link_channel(value: object) -> Markup:
    """Return the link to a channel (filter `channel`); anything else stays text."""
    text = str(value)
    return Markup(f"<#{text}>") if _CHANNEL.fullmatch(text) else escape_text(value)  # noqa: S704 - as above


def show_moment(value: object) -> Markup:
    """Return a time (ISO 8601) that each reader sees in their own zone; anything else stays text."""
    moment = _read_moment(value)
    if moment is None:
        return escape_text(value)
    fallback = f"{moment:%Y-%m-%d %H:%M} UTC"
    return Markup(f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>")  # noqa: S704 - ours


def localise_times(value: object) -> Markup:
    """Return a sentence in which each time such as "2026-11-22 14:05 UTC" is shown in the reader's own zone."""
    text = clean(value)
    shown, at = [], 0
    for match in _WRITTEN_MOMENT.finditer(text):
        moment = f"{match[1]}+00:00"
        if _read_moment(moment):
            shown += [escape_text(text[at : match.start()]), show_moment(moment)]
            at = match.end()
    return Markup("").join([*shown, escape_text(text[at:])])


def show_money(value: object) -> Markup:
    """Return money ("1200.00 EUR") with its thousands separated; anything else stays text."""
    try:
        return escape_text(str(Money.read(value)) if isinstance(value, str) else value)
    except NotMoney:
        return escape_text(value)


def join_values(values: Iterable[object], separator: str = ", ") -> Markup:
    """Return several values, each escaped (filter `join`)."""
    return escape_text(separator).join([finalize(value) for value in values])


def unescape_plain(node: Any) -> Any:
    """Return a part of a filled template whose plain texts are as people read them.

    A hole does not know whether it is in mrkdwn. Slack reads no markup in plain text, so there is nothing to
    escape there, and the escapes would be shown.
    """
    match node:
        case {"type": "plain_text", "text": str(text)}:
            return {**node, "text": unescape(text)}
        case dict():
            return {
                key: unescape(value) if key in _PLAIN and isinstance(value, str) else unescape_plain(value)
                for key, value in node.items()
            }
        case list():
            return [unescape_plain(each) for each in node]
        case _:
            return node


def unescape(text: str) -> str:
    """Return a text without Slack's three escapes."""
    # "&amp;" last: what is escaped twice stays escaped once.
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


FILTERS: dict[str, Callable[..., Markup]] = {
    "as_value": as_value,
    "channel": link_channel,
    "join": join_values,
    "lines": keep_lines,
    "local_times": localise_times,
    "mention": mention,
    "moment": show_moment,
    "money": show_money,
}


def _as_text(value: object) -> str:
    plain: Any = make_plain(value)
    match plain:
        case str():
            return plain
        case bool():
            return "yes" if plain else "no"
        case dict() | list():
            return json.dumps(plain, ensure_ascii=False)
        case _:
            return str(plain)


def _for_json(text: str) -> Markup:
    """Return the inside of a JSON string: quotes, backslashes and line breaks cannot end it."""
    return Markup(json.dumps(text)[1:-1])  # noqa: S704 - this is the one place where text becomes safe


def _read_moment(value: object) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, date):
        return None
    moment = value if isinstance(value, datetime) else None
    return moment.astimezone(UTC) if moment and moment.tzinfo and moment.year > 1970 else None
