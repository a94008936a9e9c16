"""Posts, edits and finds messages through the Web API; every failure is a NotDelivered."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk import WebClient

from notifier.outbox.backoff import Trouble
from notifier.outbox.slack_errors import MAY_NOT_LOOK, NotDelivered, message_call, slack_call
from notifier.rendering.renderer import Rendered

EVENT_TYPE = "cardops_delivery"
_SKEW = timedelta(minutes=5)  # between our clock and Slack's, when looking for a post
_PAGE = 200
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_PAGES = 10


@dataclass(frozen=True, kw_only=True)
class MessagePlace:
    """Where a message goes: a channel, and the root of a thread there."""

    channel: str
    thread_ts: str | None = None
    broadcast: bool = False


class HistoryUnreadable(Exception):
    """Slack does not let this app read the history of the channel."""


def open_dm(slack: WebClient, person: str) -> str:
    """Return the channel id of the direct messages with a person; raises NotDelivered."""
    with slack_call():
        channel = slack.conversations_open(users=person).get("channel") or {}
    if not isinstance(channel, dict) or not channel.get("id"):
        raise NotDelivered(Trouble.IN_DOUBT, code="an answer without a channel")
    return str(channel["id"])


def post(slack: WebClient, place: MessagePlace, rendered: Rendered, *, delivery_id: str) -> str:
    """Post a message that carries the delivery's id as metadata; return its ts; raises NotDelivered."""
    arguments: dict[str, Any] = {"channel": place.channel, "text": rendered.text}
    if rendered.blocks:
        arguments["blocks"] = rendered.blocks
    if place.thread_ts:
        arguments |= {"thread_ts": place.thread_ts, "reply_broadcast": place.broadcast}
    with message_call():
        answer = slack.chat_postMessage(
            **arguments,
            # By this `find` recognises the post after an attempt without an answer.
            metadata={"event_type": EVENT_TYPE, "event_payload": {"delivery": delivery_id}},
            # A link in a text from outside must not become a preview.
            unfurl_links=False,
            unfurl_media=False,
        )
    if not answer.get("ts"):
        # It may be posted all the same.
        raise NotDelivered(Trouble.IN_DOUBT, code="an answer without a ts")
    return str(answer["ts"])


def edit(slack: WebClient, place: MessagePlace, rendered: Rendered, *, ts: str) -> None:
    """Replace the content of a message; raises NotDelivered."""
    # Without its parse argument chat.update links names and addresses that it finds in the text.
    with message_call():
        slack.chat_update(channel=place.channel, ts=ts, text=rendered.text, blocks=rendered.blocks, parse="none")


def find(slack: WebClient, place: MessagePlace, *, delivery_id: str, since: datetime) -> str | None:
    """Return the ts of the message that carries this delivery's id, None when there is none since then.

    Raises HistoryUnreadable, and NotDelivered when Slack does not answer.
    """
    cursor = ""
    for _ in range(_MOST_PAGES):
        page = _read_page(slack, place, since=since - _SKEW, cursor=cursor)
        for message in page.get("messages") or []:
            metadata = message.get("metadata") or {}
            if (metadata.get("event_payload") or {}).get("delivery") == delivery_id:
                return str(message["ts"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return None
    raise HistoryUnreadable  # too much was said since to be sure


def read_newest(slack: WebClient, channel: str) -> Iterator[dict[str, Any]]:
    """Yield a channel's newest 2,000 messages, the newest first; raises HistoryUnreadable and NotDelivered."""
    cursor = ""
    for _ in range(_MOST_PAGES):
        page = _read_page(slack, MessagePlace(channel=channel), since=_EVER, cursor=cursor)
        yield from page.get("messages") or []
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return


def _read_page(slack: WebClient, place: MessagePlace, *, since: datetime, cursor: str) -> dict[str, Any]:
    asked: dict[str, Any] = {"oldest": f"{since.timestamp():.6f}", "limit": _PAGE, "include_all_metadata": True}
    asked |= {"cursor": cursor} if cursor else {}
    try:
        with slack_call():
            if place.thread_ts:
                answer = slack.conversations_replies(channel=place.channel, ts=place.thread_ts, **asked)
            else:
                answer = slack.conversations_history(channel=place.channel, **asked)
    except NotDelivered as error:
        if error.code in MAY_NOT_LOOK:
            raise HistoryUnreadable from error
        if error.trouble is Trouble.GONE:  # no thread, so no reply in it
            return {}
        raise
    data = answer.data
    if not isinstance(data, dict):
        raise NotDelivered(Trouble.IN_DOUBT, code="an answer that is no JSON")
    return data
