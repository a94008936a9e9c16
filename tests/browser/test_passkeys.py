"""Passkeys in a real Chromium with virtual authenticators: enrol, approve, deny, a quorum of two."""

from __future__ import annotations  # the types are Playwright's: see tests/browser/assertions.py

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.database.engine import SqlDatabase
from tests.browser.assertions import expect
from tests.browser.test_accessible import found_in_both_themes
from tests.journeys.test_passkeys import WITH_PASSKEY
from tests.journeys.world import ADMIN, MANAGER, OTHER_MANAGER, JourneyWorld, build_world

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser


@dataclass
class People:
    """People with a phone each: a window of 390 points, and an authenticator that knows them."""

    world: JourneyWorld
    browser: Browser
    url: str
    phones: dict[str, BrowserContext] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)

    def page(self, person: str) -> Page:
        if person not in self.pages:
            phone = self.browser.new_context(viewport={"width": 390, "height": 780})
            page = phone.new_page()
            devtools = phone.new_cdp_session(page)
            devtools.send("WebAuthn.enable")
            options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True}
            options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
            devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
            self.phones[person], self.pages[person] = phone, page
        return self.pages[person]

    def opens(self, person: str, shown: object) -> Page:
        """Open the link that Slack shows."""
        [link] = re.findall(rf"{self.url}/\w+/[\w-]{{43}}", json.dumps(shown))
        page = self.page(person)
        page.goto(link)
        return page

    def private(self, person: str) -> object:
        return self.world.slack.ephemerals(person)[-1]

    def enrols(self, person: str) -> None:
        self.world.types(person, "/cardops passkey")
        self.world.settles()
        page = self.opens(person, self.private(person))
        page.get_by_label("What is it?").fill("my phone")
        if len(self.pages) == 1:
            assert found_in_both_themes(page) == []
        page.get_by_role("button").click()
        expect(page.get_by_role("heading")).to_have_text("Your passkey is enrolled")
        fingerprint = re.search(r"([0-9a-f]{4}-){3}[0-9a-f]{4}", page.content())
        assert fingerprint is not None
        self.world.types(ADMIN, f"/cardops passkey approve {fingerprint.group()}")
        self.world.settles()

    def approves(self, person: str, heading: str = "Approved") -> None:
        self.world.clicks(person, "request_approve")
        self.world.settles()
        page = self.opens(person, self.private(person))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_role("button").click()
        expect(page.get_by_role("heading")).to_have_text(heading)
        self.world.settles()


@pytest.fixture
def people(browser: Browser, sqlite: SqlDatabase, tmp_path: Path) -> Iterator[People]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://localhost:{port}"
    with build_world(sqlite, tmp_path, config=WITH_PASSKEY, over_http=True, public_url=url, port=port) as world:
        opened = People(world=world, browser=browser, url=url)
        yield opened
        for phone in opened.phones.values():
            phone.close()


def test_enrol_approve_deny_and_a_quorum_of_two_with_real_keys(people: People) -> None:
    world = people.world
    people.enrols(MANAGER)
    people.enrols(OTHER_MANAGER)

    world.asks("10.00")
    people.approves(MANAGER)
    assert world.request().status == "executed"

    world.passes(minutes=11)
    world.asks("600.00")
    people.approves(MANAGER)
    assert world.request().status == "pending"
    people.approves(OTHER_MANAGER)
    assert world.request().status == "executed"

    world.asks("11.00")
    world.clicks(MANAGER, "request_deny")
    world.settles()
    page = people.opens(MANAGER, world.slack.modal(MANAGER))
    page.get_by_label("Why?").fill("wrong card")
    assert found_in_both_themes(page) == []
    page.get_by_role("button").click()
    expect(page.get_by_role("heading")).to_have_text("Denied")
    assert world.request().status == "denied"
