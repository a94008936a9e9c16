"""A request fits where people read it: 220 px in a wide window, one screen of a phone, two lines at its end."""

from __future__ import annotations  # the types are Playwright's: see tests/browser/assertions.py

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.assertions import expect
from tests.browser.demo import Windows, types

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, ViewportSize

pytestmark = pytest.mark.browser
WIDE: ViewportSize = {"width": 1280, "height": 860}
SMALL: ViewportSize = {"width": 390, "height": 680}
PICTURES = os.environ.get("CARDOPS_LOOK")  # a folder, for pictures that somebody looks at


def picture(page: Page, name: str) -> None:
    if PICTURES:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.screenshot(path=str(Path(PICTURES) / f"{name}-{scheme}.png"), animations="disabled")
        page.emulate_media(color_scheme="light")


def height(card: Locator) -> float:
    box = card.bounding_box()
    assert box is not None
    return box["height"]


def test_a_request_is_short_everywhere_and_shorter_when_it_has_ended(windows: Windows) -> None:
    sam = windows.open("U0SAM", "C0SUPPORT")
    types(
        sam, "/topup 1755902 61.20 EUR the customer waits at the till of a shop and has nothing else to pay with"
    )
    asked = sam.locator(".ephemeral").filter(has_text="61.20 EUR for")
    expect(asked.get_by_text("Decision by")).to_be_visible()
    mara = windows.open("U0MARA", "C0APPROVALS", size=WIDE)
    card = mara.get_by_role("article").filter(has_text="61.20 EUR to")
    approve = card.get_by_role("button", name=re.compile("^Approve"))
    expect(approve).to_be_visible()
    assert height(card) <= 220
    picture(mara, "pending-1280")

    phone = windows.open("U0MARA", "C0APPROVALS", size=SMALL)
    small = phone.get_by_role("article").filter(has_text="61.20 EUR to")
    expect(small.get_by_role("button", name=re.compile("^Approve"))).to_be_in_viewport()
    expect(small.get_by_text("61.20 EUR to")).to_be_in_viewport()
    picture(phone, "pending-390")

    card.get_by_role("button", name=re.compile("^Details")).click()
    details = mara.get_by_role("dialog", name="Details")
    expect(details.get_by_text("Checked with Paytend")).to_be_visible()
    expect(details.get_by_text("Partner balance")).to_be_visible()
    picture(mara, "details-1280")
    # The same person's second window shows the same modal.
    expect(phone.get_by_role("dialog", name="Details").get_by_text("Checked with Paytend")).to_be_visible()
    picture(phone, "details-390")

    details.get_by_role("button", name=re.compile("^Approve")).click()
    mara.get_by_role("dialog").last.get_by_role("button", name="Approve", exact=True).click()
    expect(details.get_by_text("Completed").or_(details.get_by_text("sending to Paytend")).first).to_be_visible()
    mara.keyboard.press("Escape")
    ended = mara.get_by_role("article").filter(has_text="61.20 EUR to").filter(has_text="Completed")
    expect(ended).to_be_visible()
    assert height(ended) <= 140, "with its author and the line of its thread"
    picture(mara, "ended-1280")
    picture(phone, "ended-390")
