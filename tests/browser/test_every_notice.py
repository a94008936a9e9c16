"""Every notice on the page, wide and on a phone, light and dark: nothing is cut off, and all of it can be read."""

from __future__ import annotations  # the types are Playwright's: see tests/browser/assertions.py

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from slack_sdk import WebClient

from sandbox.slack import seed
from sandbox.slack.workspace import SlackWorkspace
from tests import once
from tests.browser.assertions import expect
from tests.browser.demo import PHONE, WIDE
from tests.browser.test_accessible import COLOURS, found
from tests.every_notice import GROUPS, draw

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

pytestmark = pytest.mark.browser
MOST_PX = 120
ORDINARY = ("an ordinary purchase", "authorised only", "abroad", "a long merchant", "partial captures", "a fee")
# What is wider than its own box, or reaches out of the window; what may be scrolled is not cut off.
CUT_OFF = """nodes => nodes.flatMap(node => [node, ...node.querySelectorAll("*")])
  .filter(each => each.getBoundingClientRect().right > window.innerWidth + 1
    || (each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX !== "visible"))
  .map(each => each.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def workspace() -> Iterator[SlackWorkspace]:
    """A workspace with one channel for each group of notices; nobody listens to what is clicked."""
    workspace = SlackWorkspace(request_url=None, rate_limits=False)
    with workspace.serving():
        yield workspace


# The ordinary ones in `make test`, all in `make soak`: judging the colours of a page takes seconds.
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize(
    "group", [group if group == "purchases" else pytest.param(group, marks=pytest.mark.soak) for group in GROUPS]
)
def test_every_notice_can_be_read(
    browser: Browser, workspace: SlackWorkspace, group: str, size: ViewportSize
) -> None:
    slack = WebClient(token=seed.BOT_TOKEN, base_url=workspace.api_url)
    channel = slack.conversations_open(users="U0OLGA")["channel"]["id"]
    for message in slack.conversations_history(channel=channel)["messages"]:
        slack.chat_delete(channel=channel, ts=message["ts"])
    for sample in GROUPS[group]:
        message = draw(once.renderer(), sample)
        slack.chat_postMessage(channel=channel, text=message.text, blocks=message.blocks)
    context = browser.new_context(viewport=size, bypass_csp=True)
    try:
        page = context.new_page()
        page.goto(f"{workspace.base_url}/#/U0OLGA/{channel}")
        notices = page.get_by_role("article")
        expect(notices).to_have_count(len(GROUPS[group]))

        assert notices.evaluate_all(CUT_OFF) == []
        heights = [box["height"] for each in notices.all() if (box := each.bounding_box())]
        named = dict(zip((sample.name for sample in GROUPS[group]), heights, strict=True))
        if size == WIDE:
            assert {name: named[name] for name in ORDINARY if named.get(name, 0) > MOST_PX} == {}
        light = found(page, COLOURS)
        page.emulate_media(color_scheme="dark")
        assert light + found(page, COLOURS) == []
    finally:
        context.close()
