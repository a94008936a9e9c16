"""What a message may say: reads text, blocks and metadata of a call and refuses what Slack refuses."""

import json

from sandbox.slack.blocks import ALL_TEXT, message_problems, text_length
from sandbox.slack.methods.call import WebApiCall
from sandbox.slack.refusals import Invalid, SlackRefusal
from sandbox.slack.shapes import Json

TEXT_CUT = 40_000
UPDATE_TEXT = 4_000
METADATA_BYTES = 16_384
ATTACHMENTS = 100


def checked_blocks(blocks: object) -> list[Json]:
    """Return the blocks of a message; raises SlackRefusal with Slack's reasons when they are not valid."""
    if blocks is None:
        return []
    if not isinstance(blocks, list):
        raise SlackRefusal("invalid_blocks_format")
    problems = message_problems(blocks)
    if problems:
        raise Invalid(problems, code="invalid_blocks")
    if text_length(blocks) > ALL_TEXT:
        raise SlackRefusal("msg_blocks_too_long")
    return blocks


def _metadata(call: WebApiCall) -> Json | None:
    metadata = call.decoded("metadata")
    if metadata is None:
        return None
    if metadata == {}:
        return {}
    is_known = isinstance(metadata, dict) and isinstance(metadata.get("event_type"), str)
    if not is_known or not isinstance(metadata.get("event_payload"), dict) or not metadata["event_type"]:
        raise SlackRefusal("invalid_metadata_format")
    if len(json.dumps(metadata).encode()) > METADATA_BYTES:
        raise SlackRefusal("metadata_too_large")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def content(call: WebApiCall, *, text_limit: int | None = None) -> Json:
    """Return what a call wants said; raises SlackRefusal. A text over 40,000 characters is cut, as by Slack."""
    text = call.text("text")
    blocks = checked_blocks(call.decoded("blocks"))
    attachments = call.decoded("attachments") or []
    markdown = call.text("markdown_text")
    if markdown and (text or blocks):
        raise SlackRefusal("markdown_text_conflict")
    if not (text.strip() or blocks or attachments or markdown):
        raise SlackRefusal("no_text")
    if text_limit is not None and len(text) > text_limit:
        raise SlackRefusal("msg_too_long")
    if len(text) > TEXT_CUT:
        text = text[:TEXT_CUT]
        call.warnings.append("message_truncated")
    if blocks and not text.strip():
        call.warnings.append("missing_text_in_message")
    if len(attachments) > ATTACHMENTS:
        raise SlackRefusal("too_many_attachments")
    said: Json = {"text": text or markdown}
    if blocks:
        said["blocks"] = blocks
    if attachments:
        said["attachments"] = attachments
    metadata = _metadata(call)
    if metadata is not None:
        said["metadata"] = metadata
    return said
