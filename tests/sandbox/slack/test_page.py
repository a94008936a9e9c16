"""The page in a real browser: ask, be corrected, approve, see it in another window."""

from __future__ import annotations  # the types are Playwright's: see tests/browser/assertions.py

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from slack_sdk import WebClient

from sandbox.clock import Clock
from sandbox.slack import SlackWorkspace
from tests.browser.assertions import expect
from tests.sandbox.slack.samples import CARD, HOME, MODAL, option

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MANIFEST = {
    "features": {
        "slash_commands": [
            {
                "command": "/topup",
                "description": "Request top-up",
                "usage_hint": "<card> <amount> [currency]",
            },
            {"command": "/topic", "description": "Something else", "usage_hint": ""},
        ]
    }
}
PANEL = [{"title": "A purchase", "url": "http://127.0.0.1:9/", "fields": [{"name": "amount", "type": "number"}]}]


@pytest.fixture
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip("there is no /usr/bin/chromium")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - see tests/browser/assertions.py

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield found
        found.close()


class SmallApp:
    """An app that opens a modal for a command, refuses small amounts, and edits the card on a click."""

    def __init__(self) -> None:
        self.ws = SlackWorkspace(
            clock=Clock(),
            delivery=self.answer,
            request_url="http://app/slack/events",
            manifest=MANIFEST,
            panel=PANEL,
        )
        self.client = WebClient()
        self.entered: dict[str, Any] = {}

    def answer(self, _method: str, _path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
        if headers["Content-Type"] == "application/json":
            self.client.views_publish(user_id=json.loads(body)["event"]["user"], view=HOME)
            return 200, {}, b""
        form = {key: value[0] for key, value in parse_qs(body.decode(), keep_blank_values=True).items()}
        if "command" in form:
            if form["text"]:
                return 500, {}, b""
            self.client.views_open(trigger_id=form["trigger_id"], view=MODAL)
            return 200, {}, b""
        return 200, {}, json.dumps(self.interacted(json.loads(form["payload"]))).encode()

    def interacted(self, payload: dict[str, Any]) -> dict[str, Any]:
        if payload["type"] == "block_suggestion":
            return {"options": [option(payload["value"], f"City of {payload['value']}")]}
        if payload["type"] == "view_submission":
            if payload["view"]["state"]["values"]["amount"]["v"]["value"] == "0":
                return {"response_action": "errors", "errors": {"amount": "More than nothing, please."}}
            self.entered = payload["view"]["state"]["values"]
            self.client.chat_postMessage(channel="C0SUPPORT", text="Top-up of 10.50 EUR", blocks=CARD)
            return {}
        if payload["type"] == "block_actions" and "message" in payload:
            where = {"channel": payload["channel"]["id"]}
            ts = payload["message"]["ts"]
            done = f":white_check_mark: approved by <@{payload['user']['id']}>"
            self.client.chat_update(**where, ts=ts, text=done, blocks=[*CARD[:2], *CARD[4:]])
            self.client.chat_postMessage(**where, thread_ts=ts, text=done)
            self.client.chat_postEphemeral(**where, user=payload["user"]["id"], text="Thank you")
        return {}


@pytest.fixture
def app() -> Iterator[SmallApp]:
    made = SmallApp()
    with made.ws.serving():
        made.client = WebClient(token=made.ws.credentials.bot_token, base_url=made.ws.api_url)
        yield made


def opened(browser: Browser, app: SmallApp, where: str, problems: list[str], **options: Any) -> Page:
    page = browser.new_context(**options).new_page()
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "request",
        lambda request: problems.append(request.url) if not request.url.startswith(app.ws.base_url) else None,
    )
    page.goto(f"{app.ws.base_url}/#/{where}")
    return page


def fills_in_every_kind_of_input(modal: Locator) -> None:
    modal.get_by_label("Amount").fill("ten")
    modal.get_by_role("button", name="Apply").click()
    expect(modal.get_by_text("Please enter a number.")).to_be_visible()
    modal.get_by_label("Amount").fill("0")
    modal.get_by_label("Reason").fill("At the till")
    modal.get_by_label("Design").select_option("gold")
    modal.get_by_label("City").type("Vilnius")
    modal.get_by_role("option", name="City of Vilnius").click()
    modal.get_by_label("Document").set_input_files({"name": "id.txt", "mimeType": "text/plain", "buffer": b"me"})
    expect(modal.get_by_text("id.txt")).to_be_visible()
    modal.get_by_role("button", name="Apply").click()
    expect(modal.get_by_text("More than nothing, please.")).to_be_visible()
    expect(modal.get_by_label("Reason")).to_have_value("At the till")
    modal.get_by_label("Born").fill("1990-05-17")
    modal.get_by_label("Call back").check()
    modal.get_by_label("virtual").check()
    modal.get_by_label("Approver").select_option("U0MARA")
    modal.get_by_label("Amount").fill("10.50")
    modal.get_by_role("button", name="Apply").click()
    expect(modal).to_be_hidden()


def every_kind_of_input_arrived(app: SmallApp) -> None:
    assert app.entered["amount"]["v"]["value"] == "10.50"
    assert app.entered["born"]["v"]["selected_date"] == "1990-05-17"
    assert [each["value"] for each in app.entered["checks"]["v"]["selected_options"]] == ["call"]
    assert app.entered["kind"]["v"]["selected_option"]["value"] == "virtual"
    assert app.entered["who"]["v"]["selected_user"] == "U0MARA"
    assert app.entered["city"]["city"]["selected_option"]["value"] == "Vilnius"
    assert len(app.entered["document"]["v"]["files"]) == 1


@pytest.mark.browser
def test_ask_be_corrected_and_approve_in_two_windows(browser: Browser, app: SmallApp) -> None:
    problems: list[str] = []
    sam = opened(browser, app, "U0SAM/C0SUPPORT", problems, viewport={"width": 1280, "height": 800})
    mara = opened(browser, app, "U0MARA/C0GENERAL", problems, viewport={"width": 390, "height": 844})

    message = sam.get_by_role("textbox", name="Message # support")
    message.fill("/top")
    expect(sam.locator("#composer").get_by_role("option")).to_have_count(2)
    message.press("Tab")
    expect(sam.locator("#composer .command-hint")).to_contain_text("<card> <amount>")
    message.press("Enter")

    fills_in_every_kind_of_input(sam.get_by_role("dialog", name="Apply for a card"))
    expect(sam.get_by_role("heading", name="Top-up of 10.50 EUR")).to_be_visible()
    every_kind_of_input_arrived(app)

    mara.get_by_role("button", name="Channels").click()
    mara.get_by_role("button", name="support, 1 unread").click()
    mara.get_by_role("button", name="Approve").click()
    mara.get_by_role("dialog", name="Approve this?").get_by_role("button", name="Approve").click()
    expect(mara.get_by_text("Only visible to you")).to_be_visible()
    expect(sam.get_by_role("button", name="Approve")).to_have_count(0)
    sam.get_by_role("button", name="1 reply").click()
    expect(sam.get_by_role("complementary", name="Thread").get_by_text("approved by")).to_be_visible()
    sam.keyboard.press("Escape")
    expect(sam.get_by_role("complementary", name="Thread")).to_be_hidden()

    message.fill("/topup 1 2")
    message.press("Enter")
    expect(sam.get_by_role("status")).to_contain_text('/topup failed with the error "http_service_error"')
    sam.get_by_role("button", name="cardops Home").click()
    expect(sam.get_by_role("heading", name="Waiting for you")).to_be_visible()
    sam.get_by_label("Act as").select_option("U0MARA")
    expect(sam.locator(".myself")).to_contain_text("Mara Manager")
    assert problems == []
