"""The drop page (S6) in Chromium at a phone's size, over the bot's own server: one visit after another."""

from __future__ import annotations  # the types are Playwright's: see tests/browser/assertions.py

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.database.engine import SqlDatabase
from bot.pages.drop import LASTS
from tests.browser.assertions import expect
from tests.journeys.conftest import checked_world
from tests.journeys.world import HOLDER, SUPPORT, JourneyWorld

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
WIDTH, HEIGHT = 390, 680
MEGABYTE = 1024 * 1024
SENDS_MS = 30_000  # a photo is made smaller and sent, on a slow machine
PDF = b"%PDF-1.7\n" + bytes(1000)
# Draws a photo as a camera makes one, which does not become small by itself, and puts it into the input.
TAKE_PHOTO = """async () => {
  const canvas = document.createElement("canvas"), noise = new ImageData(1400, 1050);
  canvas.width = 1400; canvas.height = 1050;
  for (let at = 0; at < noise.data.length; at += 65536)
    crypto.getRandomValues(noise.data.subarray(at, Math.min(at + 65536, noise.data.length)));
  for (let at = 3; at < noise.data.length; at += 4) noise.data[at] = 255;
  canvas.getContext("2d").putImageData(noise, 0, 0);
  const photo = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 1));
  const files = new DataTransfer();
  files.items.add(new File([photo], "IMG_0001.jpg", { type: "image/jpeg" }));
  const input = document.getElementById("photo");
  input.files = files.files;
  input.dispatchEvent(new Event("change"));
  return photo.size;
}"""


@dataclass
class Phone:
    """A person with a phone; `problems` are errors on its console and questions to other machines."""

    world: JourneyWorld
    page: Page
    address: str
    problems: list[str]

    def opens_link(self) -> str:
        self.world.types(SUPPORT, f"/holder documents {HOLDER}")
        path = re.search(r"/drop/[\w-]{43}", str(self.world.slack.modal(SUPPORT)))
        assert path is not None
        self.page.goto(self.address + path.group())
        return path.group()

    def says(self) -> str:
        return self.page.locator("main").inner_text()

    def sends(self, *, kind: str = "3") -> str:
        self.page.get_by_label("What does it show?").select_option(kind)
        self.page.get_by_role("button", name="Send to Paytend").click()
        # Not a function that waits in the page: its policy lets nobody evaluate a text.
        expect(self.page.locator("button:disabled")).to_have_count(0, timeout=SENDS_MS)
        self.world.settles()
        return self.says()

    def chooses(self, content: bytes, name: str = "a.pdf") -> None:
        self.page.locator("#file").set_input_files({"name": name, "mimeType": "", "buffer": content})


@pytest.fixture
def phone(browser: Browser, sqlite: SqlDatabase, tmp_path: Path) -> Iterator[Phone]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    public = f"http://127.0.0.1:{port}"
    with checked_world(sqlite, tmp_path, over_http=True, public_url=public, port=port) as world:
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, has_touch=True, is_mobile=True, device_scale_factor=2
        )
        page, problems = context.new_page(), list[str]()
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("request", lambda asked: None if asked.url.startswith(public) else problems.append(asked.url))
        yield Phone(world, page, public, problems)
        assert context.cookies() == []
        context.close()


def test_s6_a_phone_sends_photos_and_files_and_is_told_what_is_wrong(phone: Phone) -> None:
    sent = phone.world.paytend.books.holders[HOLDER].documents
    phone.opens_link()
    assert phone.page.evaluate("document.documentElement.scrollWidth") == WIDTH
    assert phone.page.get_by_label("Take a photo").get_attribute("capture") == "environment"
    assert phone.page.evaluate(TAKE_PHOTO) > 2 * MEGABYTE, "as large as photos are"
    assert "Sent to Paytend" in phone.sends()
    assert sent[-1][:2] == ("3", ".jpeg")
    assert 0 < sent[-1][2] <= 2 * MEGABYTE

    phone.page.go_back()  # the link is over now
    phone.page.reload()
    assert "This link is over" in phone.says()

    path = phone.opens_link()
    phone.chooses(b"GIF89a" + bytes(100), "a.jpg")
    assert "A JPEG, PNG or PDF file is needed" in phone.sends()
    phone.chooses(PDF + bytes(3 * MEGABYTE))
    assert "At most 2 MB; this file has 3.0 MB" in phone.sends(), "before it is sent"
    phone.chooses(PDF)
    assert "Sent to Paytend" in phone.sends(kind="5")
    assert sent[-1] == ("5", ".pdf", len(PDF))
    phone.page.goto(phone.address + path)
    assert "This link is over" in phone.says()

    phone.opens_link()
    phone.chooses(PDF)
    phone.world.clock.advance(LASTS)
    assert "This link is over" in phone.sends()

    # What the browser itself says of the statuses above.
    assert [each for each in phone.problems if "the server responded with a status of 4" not in each] == []


def test_s6_a_phone_is_told_when_paytend_is_down_or_unsure(phone: Phone) -> None:
    phone.opens_link()
    phone.chooses(PDF)
    phone.world.paytend.switches.lose_next_answer(operation="uploadDocument")
    assert "We don’t know yet if it worked" in phone.sends()

    phone.opens_link()
    phone.chooses(PDF)
    phone.page.get_by_label("What does it show?").select_option("3")
    phone.page.evaluate("document.forms[0].requestSubmit(); setTimeout(() => window.stop(), 0)")
    phone.page.close()  # in the middle: it was sent or it was not, and nothing is left over
    phone.page = phone.page.context.new_page()

    phone.opens_link()
    phone.chooses(PDF)
    phone.world.paytend_stops()
    assert "Nothing was sent" in phone.sends()


def test_s6_without_scripts_the_page_works_as_well(browser: Browser, phone: Phone) -> None:
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, java_script_enabled=False)
    phone.page = context.new_page()
    phone.opens_link()
    phone.chooses(PDF + bytes(5 * MEGABYTE))
    phone.page.get_by_label("What does it show?").select_option("3")
    phone.page.get_by_role("button", name="Send to Paytend").click()
    phone.page.get_by_text("At most 2 MB; this file is larger").wait_for()
    phone.chooses(PDF)
    phone.page.get_by_label("What does it show?").select_option("3")
    phone.page.get_by_role("button", name="Send to Paytend").click()
    phone.page.get_by_role("heading", name="Sent to Paytend").wait_for()
    context.close()
