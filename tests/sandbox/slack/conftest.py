"""A served workspace, and a client of Slack's own SDK for it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from slack_sdk import WebClient

from sandbox.clock import Clock
from sandbox.slack import SlackWorkspace

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(start=START)


@pytest.fixture
def ws(clock: Clock) -> Iterator[SlackWorkspace]:
    """A workspace with a stopped clock, whose app always answers 200."""
    workspace = SlackWorkspace(
        clock=clock,
        delivery=lambda *_: (200, {}, b""),
        request_url="http://app/slack/events",
        rate_limits=False,
    )
    with workspace.serving():
        yield workspace


@pytest.fixture
def client(ws: SlackWorkspace) -> WebClient:
    """Slack's own client; its retries are off, as they are in the bot."""
    return WebClient(token=ws.credentials.bot_token, base_url=ws.api_url, retry_handlers=[])
