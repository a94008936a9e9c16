"""Everything that a journey sent to Slack, checked by Slack's own schemas and limits."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sandbox.slack import SlackWorkspace
from sandbox.slack.blocks import message_problems, view_problems

SCHEMAS = Path(__file__).parents[3] / "shared" / "schemas"
SPEAKING = {"chat.postMessage", "chat.update", "chat.postEphemeral"}


def read_schema(name: str) -> dict[str, Any]:
    """A schema of Slack's; skips where the folder is not beside the project, but never in CI."""
    path = SCHEMAS / name
    if not path.exists() and os.environ.get("CI") != "true":
        pytest.skip("the folder with Slack's schemas is not beside the project")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def block_kit() -> Draft202012Validator:
    """What checks a list of blocks."""
    return Draft202012Validator(read_schema("slack-block-kit.schema.json"))


def messages_of(slack: SlackWorkspace) -> Iterator[Mapping[str, Any]]:
    """Every message: posted, edited, shown to one person, by whatever way it came."""
    for call in slack.api_calls:
        if call.method in SPEAKING:
            yield call.args
    for person in slack.state.people:
        yield from slack.ephemerals(person)
    for delivery in slack.deliveries:
        if isinstance(delivery.response, dict) and "text" in delivery.response:
            yield delivery.response


def views_of(slack: SlackWorkspace) -> Iterator[Mapping[str, Any]]:
    """Every modal: opened, updated, or given as the answer to a submission."""
    for call in slack.api_calls:
        if call.method.startswith("views."):
            yield call.args["view"]
    for delivery in slack.deliveries:
        if isinstance(delivery.response, dict) and "view" in delivery.response:
            yield delivery.response["view"]


def problems_of(slack: SlackWorkspace, schema: Draft202012Validator | None = None) -> list[str]:
    """What is wrong with what Slack was given; empty when nothing is."""
    problems: list[str] = []
    for message in messages_of(slack):
        if not message.get("text"):
            problems.append("a message without a fallback text")
        blocks = message.get("blocks") or []
        problems += message_problems(blocks)
        problems += _against(schema, blocks)
    for view in views_of(slack):
        problems += view_problems(dict(view))
        problems += _against(schema, view["blocks"])
    problems += [f"{call.method}: {call.warnings}" for call in slack.api_calls if call.warnings]
    return problems


def _against(schema: Draft202012Validator | None, blocks: object) -> list[str]:
    if schema is None or not blocks:
        return []
    return [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in schema.iter_errors(blocks)]
