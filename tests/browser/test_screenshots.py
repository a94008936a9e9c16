"""The pictures of the documents, taken from the running demo; with `CARDOPS_SCREENSHOTS=1` they are renewed."""

from __future__ import annotations  # the types are Playwright's: see tests/browser/assertions.py

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.assertions import expect
from tests.browser.demo import PHONE, ROOT, Windows, happens, types
from tests.browser.pictures import make_small

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
IMAGES = ROOT / "docs" / "images"
IS_WANTED = os.environ.get("CARDOPS_SCREENSHOTS") == "1"
LARGEST = 150_000  # bytes
STORM_MS = 60_000  # as in the stories


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return IMAGES if IS_WANTED else tmp_path


def take(page: Page, file: Path) -> None:
    page.mouse.move(0, 0)
    picture = page.screenshot(animations="disabled", caret="hide")
    file.write_bytes(make_small(page, picture) if IS_WANTED else picture)


def test_the_pictures_in_the_documents_are_small() -> None:
    sizes = {file.name: file.stat().st_size for file in IMAGES.glob("*.png")}

    assert {name for name, size in sizes.items() if size >= LARGEST} == set()


def asks(page: Page, card: str, amount: str, reason: str) -> None:
    types(page, f"/topup {card} {amount} EUR {reason}")
    asked = page.locator(".ephemeral").filter(has_text=f"{amount} EUR for")
    expect(asked.get_by_text("Decision by")).to_be_visible()


def test_the_approval_thread_waiting_on_a_phone_and_done(windows: Windows, images: Path) -> None:
    sam = windows.open("U0SAM", "C0SUPPORT")
    asks(sam, "1755902", "85.40", "the customer stands at the till")
    phone = windows.open("U0MARA", "C0APPROVALS", size=PHONE, device_scale_factor=1.5)
    card = phone.get_by_role("article").filter(has_text="85.40 EUR to")
    expect(card.get_by_role("button", name=re.compile("^Approve"))).to_be_visible()
    take(phone, images / "phone.png")

    mara = windows.open("U0MARA", "C0APPROVALS", size={"width": 1280, "height": 860})
    card = mara.get_by_role("article").filter(has_text="85.40 EUR to")
    card.get_by_role("button", name=re.compile("^Approve")).click()
    mara.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(card.get_by_text("Completed")).to_be_visible()
    card.locator(".replies").click()
    expect(
        mara.get_by_role("complementary", name="Thread").get_by_text(re.compile("EUR added to"))
    ).to_be_visible()
    take(mara, images / "approval-thread.png")


def test_home_in_both_themes(windows: Windows, images: Path) -> None:
    sam = windows.open("U0SAM", "C0SUPPORT")
    asks(sam, "1755905", "240.00", "a hotel wants a deposit")
    mara = windows.open("U0MARA", "C0ONCALL", size={"width": 1280, "height": 720})
    types(mara, "/partner balance")
    expect(mara.locator(".ephemeral").get_by_text(re.compile(r"2\d,\d+\.\d\d EUR")).last).to_be_visible()
    mara.get_by_role("button", name="cardops Home").click()
    expect(mara.get_by_text("240.00 EUR").first).to_be_visible()
    take(mara, images / "home.png")

    mara.emulate_media(color_scheme="dark")
    take(mara, images / "dark.png")


def test_the_notices(windows: Windows, images: Path) -> None:
    page = windows.open("U0OLGA", "C0ALERTS", size={"width": 1280, "height": 860})
    happens(page, "A card is used", kind="refund", cardId="1755902", amount="12.00", merchant="ZALANDO SE")
    happens(page, "A card is used", kind="authorise", cardId="1755902", amount="18.45", merchant="BOLT TALLINN")
    happens(
        page, "A cardholder was reviewed", holderId="101986", auditStatus="3", errMsg="The document has expired."
    )

    expect(page.get_by_text("BOLT TALLINN").first).to_be_visible()
    expect(page.get_by_text("The document has expired.").first).to_be_visible()
    used = page.get_by_role("article").filter(has_text="BOLT TALLINN")
    expect(used.get_by_text("Rūta Kazlauskaitė")).to_be_visible()
    take(page, images / "notices.png")


def test_the_storm_with_what_passes_beside_it(windows: Windows, images: Path) -> None:
    page = windows.open("U0OLGA", "C0ALERTS", guide=True, size={"width": 1440, "height": 900})
    page.get_by_role("button", name="Start again").click()
    page.get_by_role("button", name="Outside world", exact=True).click()
    page.get_by_role("button", name="Watch").click()
    page.get_by_role("button", name="Start 60 payments").click()

    storm = page.get_by_role("article", name="A storm of transactions")
    expect(storm.locator(".mark.done")).to_have_count(3, timeout=STORM_MS)
    expect(
        page.locator(".row").filter(has_text=re.compile("chat.postMessage · #card-alerts")).first
    ).to_be_visible()
    take(page, images / "storm.png")
