"""A passkey from its enrolment to a payment: Slack's private links, our pages, and what they refuse."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from approvals.step_up.assertions import decode
from bot.database.engine import SqlDatabase
from bot.doctor.table import examine
from bot.http.app import HttpRequest, HttpResponse
from tests.approvals.step_up.authenticator import Authenticator
from tests.journeys.world import ADMIN, CONFIG, MANAGER, OTHER_MANAGER, SUPPORT, JourneyWorld, build_world

URL = "https://cardops.example.com"
WITH_PASSKEY = CONFIG.replace("approvers: [manager]", "approvers: [manager], step_up: passkey")


@dataclass
class Browsers:
    """The browsers of people, each with a key of its own."""

    world: JourneyWorld
    keys: dict[str, Authenticator] = field(default_factory=dict)

    def opens(self, link: str) -> HttpResponse:
        return self._asks("GET", link)

    def proves(self, person: str, link: str, **fields: str) -> HttpResponse:
        """Open a page, do what its script does, and send the form."""
        found = re.search(r'data-options="([^"]*)"', self.opens(link).body.decode())
        assert found is not None
        asked: dict[str, Any] = json.loads(unescape(found.group(1)))
        key = self.keys.setdefault(person, Authenticator(name=person.encode().ljust(16, b"."), origin=URL))
        challenge = decode(asked["challenge"])
        proof = key.creates(challenge) if asked["kind"] == "create" else key.signs(challenge)
        return self.sends(link, proof=proof, **fields)

    def sends(self, link: str, **fields: str) -> HttpResponse:
        return self._asks("POST", link, urlencode(fields).encode())

    def _asks(self, method: str, link: str, body: bytes = b"") -> HttpResponse:
        answer = self.world.bot.web(HttpRequest(method=method, path=urlsplit(link).path, headers={}, body=body))
        assert isinstance(answer, HttpResponse)
        self.world.settles()
        return answer

    def link(self, person: str) -> str:
        """The link in the newest private message."""
        found = re.findall(
            r"https://cardops\.example\.com/\w+/[\w-]{43}", json.dumps(self.world.slack.ephemerals(person)[-1])
        )
        return str(found[0])

    def has_key(self, person: str) -> str:
        """Enrol a key, and let an admin approve it; return its fingerprint."""
        self.world.types(person, "/cardops passkey")
        said = self.proves(person, self.link(person), label="my phone").body.decode()
        fingerprint = re.search(r"([0-9a-f]{4}-){3}[0-9a-f]{4}", said)
        assert fingerprint is not None, said
        self.world.types(ADMIN, f"/cardops passkey approve {fingerprint.group()}")
        return fingerprint.group()


@pytest.fixture
def browsers(database: SqlDatabase, tmp_path: Path) -> Iterator[Browsers]:
    with build_world(database, tmp_path, config=WITH_PASSKEY, public_url=URL) as world:
        yield Browsers(world)


def status(response: HttpResponse) -> str:
    return response.status[:3]


def test_a_top_up_is_approved_with_a_passkey_and_carried_out(browsers: Browsers) -> None:
    world = browsers.world
    browsers.has_key(MANAGER)
    world.asks("10.00")

    world.clicks(MANAGER, "request_approve")
    assert world.request().status == "pending"
    link = browsers.link(MANAGER)
    shown = browsers.opens(link).body.decode()
    assert "10.00 EUR" in shown
    assert "not the requester, and a passkey" in shown
    assert world.request().status == "pending", "GET changes nothing"
    assert status(browsers.proves(MANAGER, link)) == "200"

    assert world.request().status == "executed"
    assert status(browsers.sends(link, proof="{}")) == "410"
    assert [row.event for row in world.trail() if row.event.startswith("passkey")] == [
        "passkey:enrolled",
        "passkey:approved",
    ]


def test_a_denial_gives_its_reason_on_the_page(browsers: Browsers) -> None:
    world = browsers.world
    browsers.has_key(MANAGER)
    world.asks("10.00")

    world.clicks(MANAGER, "request_deny")
    shown = json.dumps(world.slack.modal(MANAGER))
    link = re.findall(rf"{URL}/decide/[\w-]{{43}}", shown)[0]
    assert status(browsers.proves(MANAGER, link, reason="wrong card")) == "200"

    assert (world.request().status, world.request().reason) == ("denied", "Denied by mara: wrong card")


def test_links_and_proofs_that_are_not_good_are_refused_and_use_the_link_up(browsers: Browsers) -> None:
    world = browsers.world
    browsers.has_key(MANAGER)
    world.asks("10.00")
    world.clicks(MANAGER, "request_approve")
    link = browsers.link(MANAGER)
    browsers.keys[MANAGER].verifies = False

    assert status(browsers.proves(MANAGER, link)) == "409"
    assert status(browsers.opens(link)) == "410"
    assert "ProofRefused" in world.refusals()
    browsers.keys[MANAGER].verifies = True
    world.clicks(MANAGER, "request_approve")
    late = browsers.link(MANAGER)
    world.passes(minutes=5)
    assert status(browsers.sends(late, proof="{}")) == "410"
    world.clicks(MANAGER, "request_approve")
    over = browsers.link(MANAGER)
    world.clicks(SUPPORT, "request_withdraw")
    assert "withdrawn" in browsers.opens(over).body.decode()
    assert world.request().status == "withdrawn"


def test_who_has_no_passkey_is_told_how_to_get_one(browsers: Browsers) -> None:
    browsers.world.asks("10.00")

    browsers.world.clicks(OTHER_MANAGER, "request_approve")

    assert "/cardops passkey" in browsers.world.told(OTHER_MANAGER)
    assert browsers.world.request().status == "pending"


def test_the_doctor_says_who_has_none_and_which_rules_cannot_be_met(browsers: Browsers) -> None:
    [before] = [row for row in examine(browsers.world.bot.slack.context.doctor) if row.name == "passkeys"]
    for person in (MANAGER, OTHER_MANAGER):
        browsers.has_key(person)
    [after] = [row for row in examine(browsers.world.bot.slack.context.doctor) if row.name == "passkeys"]

    assert (before.state, after.state) == ("wrong", "warn")
    assert "“large top-ups”" in before.says
    assert MANAGER in before.says
    assert MANAGER not in after.says
