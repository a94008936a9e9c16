"""The page behaves like the chat that people know: keyboard, modals, Home, unread marks, a phone, trouble."""

from __future__ import annotations  # the types are Playwright's: see tests/browser/assertions.py

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.assertions import expect
from tests.browser.demo import PHONE, Windows, types

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser


def asks(page: Page, card: str, amount: str, reason: str) -> None:
    types(page, f"/topup {card} {amount} EUR {reason}")
    expect(page.locator(".ephemeral").get_by_text(f"{amount} EUR for").last).to_be_visible()


def sticks_out(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_a_slash_completes_commands_and_a_modal_shows_what_is_wrong_where_it_is(windows: Windows) -> None:
    page = windows.open("U0SOFIA", "C0SUPPORT")
    field = page.get_by_role("textbox", name="Message # support")

    field.press_sequentially("/to")
    expect(page.locator("#composer").get_by_role("option")).to_have_count(1)
    field.press("Enter")
    expect(page.locator("#composer .command-hint")).to_contain_text("<card> <amount> [currency]")
    field.press("Enter")

    modal = page.get_by_role("dialog", name="Request top-up")
    expect(modal.get_by_label("Card")).to_be_focused()
    # By its id until the bot has seen the card, by its holder's name afterwards.
    searches(modal, "Card", "1755904", "Card 1755904|Zoë Müller-Strauß")
    modal.get_by_label("Amount").fill("twelve")
    modal.get_by_label("Reason").fill("a modal")
    modal.get_by_role("button", name="Request", exact=True).click()
    expect(modal.get_by_role("alert")).to_be_visible()
    expect(modal.get_by_label("Amount")).to_be_focused()
    expect(modal.get_by_label("Amount")).to_have_attribute("aria-invalid", "true")
    expect(modal.get_by_label("Reason")).to_have_value("a modal")
    modal.get_by_label("Amount").fill("12.30")
    modal.get_by_role("button", name="Request", exact=True).click()
    expect(page.get_by_role("dialog").get_by_text("needs 1 approval")).to_be_visible()
    page.keyboard.press("Escape")
    expect(modal).to_be_hidden()

    searched: list[str] = []
    page.on("request", lambda asked: searched.append(asked.url) if '"search"' in (asked.post_data or "") else None)
    types(page, "/topup")
    expect(modal.get_by_label("Card")).to_be_focused()
    page.keyboard.press("Escape")
    expect(modal).to_be_hidden()
    assert searched == [], "a list that comes by itself would take the Escape"
    types(page, "/topup")
    modal.get_by_label("Card").press("ArrowDown")
    expect(modal.locator(".list")).to_be_visible()
    page.keyboard.press("Escape")
    expect(modal.locator(".list")).to_be_hidden()
    expect(modal).to_be_visible()
    page.keyboard.press("Escape")
    expect(modal).to_be_hidden()
    types(page, "/nothing here")
    expect(page.get_by_role("status").get_by_text("/nothing is not a valid command.")).to_be_visible()


def test_a_form_with_a_date_and_selects_that_search(windows: Windows) -> None:
    page = windows.open("U0SAM", "C0SUPPORT")
    types(page, "/holder create")
    modal = page.get_by_role("dialog", name="New cardholder")

    modal.get_by_label("First name").fill("Ada")
    modal.get_by_label("Birthday").fill("1990-05-17")
    modal.get_by_label("Gender").select_option(index=1)
    searches(modal, "Country", "Lithua", "Lithuania")
    searches(modal, "City", "Vil", "Vilnius")

    expect(modal.get_by_label("First name")).to_have_value("Ada")
    expect(modal.get_by_label("Birthday")).to_have_value("1990-05-17")
    expect(modal.locator(".chip")).to_contain_text(["Lithuania", "Vilnius"])
    modal.get_by_role("button", name="Create").click()
    expect(modal.locator("[aria-invalid=true]").first).to_be_focused()


def searches(modal: Locator, label: str, text: str, choice: str) -> None:
    modal.get_by_role("combobox", name=label).press_sequentially(text)
    found = modal.get_by_role("option", name=re.compile(choice)).first
    expect(modal.locator(".list:not([hidden])")).to_contain_text(re.compile(choice))  # or says what came instead
    found.click()


def test_home_shows_what_waits_and_unread_marks_are_live(windows: Windows) -> None:
    milan = windows.open("U0MILAN", "home")
    expect(milan.get_by_role("tab", name="Home")).to_have_attribute("aria-selected", "true")
    expect(milan.get_by_role("heading", name="Needs your approval")).to_be_visible()
    lena = windows.open("U0LEAD", "C0APPROVALS")
    types(lena, "I am here until noon.")  # something that is read, so that what comes then is new
    expect(lena.get_by_text("I am here until noon.").first).to_be_visible()
    lena.get_by_role("button", name=re.compile("^general")).click()
    sam = windows.open("U0SAM", "C0SUPPORT")

    asks(sam, "1755906", "15.10", "for Home")

    expect(milan.get_by_text("15.10 EUR").first).to_be_visible()
    lena.get_by_role("button", name=re.compile(r"^card-approvals, \d+ unread")).click()
    expect(lena.get_by_role("separator").get_by_text("New")).to_be_visible()
    expect(lena.get_by_text("for Home").first).to_be_visible()
    milan.get_by_role("tab", name="Messages").click()
    expect(milan.get_by_text("Sending messages to this app has been turned off.")).to_be_visible()
    expect(milan.get_by_role("textbox")).to_have_count(0)
    milan.get_by_label("Act as").select_option("U0SAM")
    expect(milan.locator(".myself")).to_contain_text("Sam Support")


def test_everything_is_within_reach_on_a_phone(windows: Windows) -> None:
    page = windows.open("U0SAM", "C0SUPPORT", guide=True, size=PHONE, has_touch=True)
    asks(page, "1755905", "11.20", "on a phone")
    assert not sticks_out(page)

    page.get_by_label("Act as").select_option("U0MARA")
    page.get_by_role("button", name="Channels", exact=True).click()
    page.get_by_role("button", name=re.compile("^card-approvals")).click()
    card = page.get_by_role("article").filter(has_text="11.20 EUR to")
    card.get_by_role("button", name=re.compile("^Approve")).click()
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(card.get_by_text("Completed")).to_be_visible()
    assert not sticks_out(page)

    card.locator(".replies").click()
    thread = page.get_by_role("complementary", name="Thread")
    expect(thread.get_by_text(re.compile("EUR added to"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(thread).to_be_hidden()
    page.get_by_role("button", name="Outside world", exact=True).click()
    expect(page.get_by_role("complementary", name="Outside world")).to_be_visible()
    assert not sticks_out(page)


def test_slack_breaks_and_the_message_comes_all_the_same(windows: Windows) -> None:
    page = windows.open("U0OLGA", "C0ONCALL")
    page.get_by_role("button", name="Outside world", exact=True).click()
    panel = page.get_by_role("complementary", name="Outside world")

    trouble = offer(panel, "The next calls of Slack go wrong")
    trouble.get_by_label("Calls of").select_option("chat.postMessage")
    trouble.get_by_label("How many calls").fill("1")
    trouble.get_by_label("Seconds (429, slow)").fill("1")
    trouble.get_by_role("button", name="Do it").click()
    expect(trouble.locator("output")).to_contain_text("Done")
    use = offer(panel, "A card is used")
    use.get_by_label("What").select_option("decline")
    use.get_by_label("Merchant").fill("BROKEN SLACK")
    use.get_by_role("button", name="Do it").click()

    expect(page.get_by_text("BROKEN SLACK").first).to_be_visible()
    panel.get_by_role("button", name="Watch").click()
    limited = panel.locator(".row").filter(has_text="chat.postMessage").filter(has_text="ratelimited")
    expect(limited.first).to_be_visible()
    page.get_by_role("button", name="Close the outside world").press("Escape")
    expect(panel).to_be_hidden()


def offer(panel: Locator, title: str) -> Locator:
    found = panel.locator("details").filter(has=panel.page.get_by_text(title, exact=True))
    found.locator("summary").click()
    return found
