"""axe-core finds nothing serious, in either theme, in any part of the page."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.demo import Windows, types

pytestmark = pytest.mark.browser


def found(page: Page) -> list[str]:
    violations = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in violations
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]


def sights(page: Page) -> Iterator[str]:
    """Lead through the parts of the page; at each name there is something new to see."""
    page.get_by_role("button", name="Outside world", exact=True).click()
    page.locator("summary").get_by_text("A card is used").click()
    types(page, "/card info 1755905")
    expect(page.locator(".ephemeral").get_by_text("1755905").first).to_be_visible()
    yield "a channel, the guide and the panel"
    page.get_by_role("button", name="Watch").click()
    page.locator(".row.of-paytend button").first.click()
    yield "an envelope beside its plaintext"
    page.keyboard.press("Escape")
    types(page, "/topup")
    expect(page.get_by_role("dialog", name="Ask for a top-up")).to_be_visible()
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("alert").first).to_be_visible()
    yield "a modal with errors"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="cardops Home").click()
    expect(page.get_by_role("heading", name="You asked for")).to_be_visible()
    yield "Home"
    page.locator("#tabs").get_by_text("Messages").click()
    page.locator("#composer-text").fill("/")
    yield "the completion of commands"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_is_found(windows: Windows, theme: str) -> None:
    page = windows.open("U0SAM", "C0SUPPORT", guide=True, color_scheme=theme)

    assert {sight: found(page) for sight in sights(page)} == {sight: [] for sight in SIGHTS}


SIGHTS = (
    "a channel, the guide and the panel",
    "an envelope beside its plaintext",
    "a modal with errors",
    "Home",
    "the completion of commands",
)
