"""axe-core finds nothing serious, in either theme and at either width, in any part of the page."""

from __future__ import annotations  # the types are Playwright's: see tests/browser/assertions.py

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.assertions import expect
from tests.browser.demo import PHONE, WIDE, Windows, types

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

pytestmark = pytest.mark.browser

EVERYTHING: dict[str, object] = {"resultTypes": ["violations"]}
# The themes differ only in colours, and most rules are about everything else.
COLOURS: dict[str, object] = {**EVERYTHING, "runOnly": ["color-contrast", "link-in-text-block"]}


def found(page: Page, options: dict[str, object]) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - it imports Playwright

    violations = Axe().run(page, options=options).response["violations"]
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in violations
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]


def found_in_both_themes(page: Page) -> list[str]:
    light = found(page, EVERYTHING)
    page.emulate_media(color_scheme="dark")
    dark = found(page, COLOURS)
    page.emulate_media(color_scheme="light")
    return light + dark


def goes(page: Page, place: str) -> None:
    """Go there by the address: on a phone, the list of places is put away."""
    page.evaluate("place => { location.hash = `/U0SAM/${place}`; }", place)


def sights(page: Page) -> Iterator[str]:
    """Lead through the parts of the page; at each name there is something new to see."""
    amount = f"13.{(page.viewport_size or WIDE)['width'] % 100:02d}"
    types(page, f"/topup 1755905 {amount} EUR to be looked at")
    expect(page.locator(".ephemeral").get_by_text(f"{amount} EUR for").last).to_be_visible()
    yield "a channel and the guide"
    types(page, "/topup")
    expect(page.get_by_role("dialog", name="Request top-up")).to_be_visible()
    page.get_by_role("button", name="Request", exact=True).click()
    expect(page.get_by_role("alert").first).to_be_visible()
    yield "a modal with errors"
    page.keyboard.press("Escape")
    page.locator("#composer-text").fill("/")
    yield "the completion of commands"
    page.locator("#composer-text").fill("")
    goes(page, "C0APPROVALS")
    asked = page.get_by_role("article").filter(has_text=f"{amount} EUR")
    asked.get_by_role("button", name=re.compile("^Approve")).click()
    expect(page.get_by_role("dialog", name=re.compile("^Approve .*[?]$"))).to_be_visible()
    yield "a confirmation"
    page.keyboard.press("Escape")
    asked.hover()
    asked.get_by_role("button", name="Reply in thread").click()
    expect(page.get_by_role("complementary", name="Thread")).to_be_visible()
    yield "a thread"
    page.keyboard.press("Escape")
    goes(page, "home")
    expect(page.get_by_role("heading", name="Your requests")).to_be_visible()
    yield "Home"
    page.get_by_role("button", name="Outside world", exact=True).click()
    page.locator("summary").get_by_text("A card is used").click()
    yield "what can be made to happen"
    page.get_by_role("button", name="Watch").click()
    expect(page.locator(".row.of-paytend").first).to_be_visible()
    yield "the watch"
    page.locator(".row.of-paytend button").first.click()
    expect(page.locator("#passed")).to_be_visible()
    yield "an envelope beside its plaintext"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    goes(page, "C0APPROVALS")
    asked.get_by_role("button", name=re.compile("^Withdraw")).click()  # the card is free again for the next
    expect(asked.get_by_text("Withdrawn")).to_be_visible()
    if (page.viewport_size or WIDE)["width"] == PHONE["width"]:
        page.get_by_role("button", name="Channels", exact=True).click()
        yield "the list of places over a phone's screen"


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_serious_is_found(windows: Windows, size: ViewportSize) -> None:
    page = windows.open("U0SAM", "C0SUPPORT", guide=True, size=size, color_scheme="light")

    seen = {sight: found_in_both_themes(page) for sight in sights(page)}

    assert len(seen) >= 9
    assert {sight: problems for sight, problems in seen.items() if problems} == {}
