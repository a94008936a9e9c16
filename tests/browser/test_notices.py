"""An ordinary purchase is one line of the channel; what it leaves out is behind *Details*."""

from __future__ import annotations  # the types are Playwright's: see tests/browser/assertions.py

import re

import pytest

from tests.browser.assertions import expect
from tests.browser.demo import Windows, happens

pytestmark = pytest.mark.browser
MOST_PX = 120


def test_an_ordinary_purchase_takes_one_line_and_details_the_rest(windows: Windows) -> None:
    page = windows.open("U0OLGA", "C0ALERTS")
    merchant = "MAXIMA LT, X-123 VILNIUS"
    happens(page, "A card is used", kind="purchase", cardId="1755902", amount="18.46", merchant=merchant)

    notice = page.get_by_role("article").filter(has_text="18.46 EUR")
    expect(notice).to_contain_text(f"Settled 18.46 EUR at {merchant} · Rūta Kazlauskaitė •••• 5097")
    box = notice.bounding_box()
    assert box is not None
    assert box["height"] <= MOST_PX
    expect(notice.get_by_role("button", name="Report")).to_have_count(0)

    notice.get_by_role("button", name=re.compile("^Details")).click()
    shown = page.locator(".ephemeral").last
    expect(shown).to_contain_text("Status (Paytend)")
    expect(shown).to_contain_text("Type")
