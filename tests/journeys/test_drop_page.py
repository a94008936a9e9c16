"""The drop page (S6): a document goes from a browser to Paytend through memory, once; Slack never has it."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from sqlmodel import select

from bot.database.tables import OpenWork
from bot.http.app import HttpRequest, HttpResponse
from bot.pages.drop import ALLOWANCE, LASTS
from tests.journeys.conftest import MakesWorld
from tests.journeys.test_holders import JPEG
from tests.journeys.world import CONFIG, HOLDER, MANAGER, SUPPORT, JourneyWorld, text_of

PUBLIC = "https://cardops.example.com"
MEGABYTE = 1024 * 1024
PNG, PDF = b"\x89PNG\r\n\x1a\n" + bytes(500), b"%PDF-1.7\n" + bytes(500)


@dataclass
class Desk:
    """Somebody at a browser."""

    world: JourneyWorld

    def link(self, person: str = SUPPORT, holder: str = HOLDER) -> str:
        """Ask for a link in Slack and return its path."""
        self.world.types(person, f"/holder documents {holder}")
        view = self.world.slack.modal(person)
        assert view is not None
        (address,) = [
            element["url"]
            for block in view["blocks"]
            for element in block.get("elements", [])
            if element.get("action_id") == "page_opened"
        ]
        assert address.startswith(f"{PUBLIC}/drop/")
        return str(address).removeprefix(PUBLIC)

    def opens(self, path: str, method: str = "GET") -> HttpResponse:
        answer = self.world.bot.web(HttpRequest(method=method, path=path, headers={}, sender="192.0.2.1"))
        assert isinstance(answer, HttpResponse)
        return answer

    def sends(self, path: str, content: bytes = JPEG, *, kind: str = "3", name: str = "a.jpg") -> HttpResponse:
        form = httpx.Request("POST", PUBLIC, data={"file_type": kind}, files={"file": (name, content)})
        return self.posts(path, form.read(), form.headers["content-type"])

    def posts(self, path: str, body: bytes, content_type: str) -> HttpResponse:
        large = len(body) > ALLOWANCE.keeps
        request = HttpRequest(
            method="POST",
            path=path,
            headers={"content-type": content_type, "content-length": str(len(body))},
            body=b"" if large else body,
            sender="192.0.2.1",
            is_too_large=large,
        )
        answer = self.world.bot.web(request)
        assert isinstance(answer, HttpResponse)
        self.world.settles()
        return answer

    def sent(self) -> list[tuple[str, str, int]]:
        return list(self.world.paytend.books.holders[HOLDER].documents)

    def events(self) -> list[str]:
        return [row.event for row in self.world.trail() if row.event.startswith("document:")]

    def told(self) -> str:
        """The newest direct message to support."""
        return str(self.world.slack.messages("D0SAM")[-1]["text"])


@pytest.fixture
def desk(make_world: MakesWorld) -> Iterator[Desk]:
    with make_world(public_url=PUBLIC) as world:
        yield Desk(world)


def status(answer: HttpResponse) -> int:
    return int(answer.status[:3])


def test_s6_a_document_goes_from_the_page_to_paytend_and_never_through_slack(desk: Desk) -> None:
    before, path = len(desk.sent()), desk.link()
    assert "Kazlauskaitė" in desk.world.modal_text(SUPPORT), "whose document it will be"
    shown = desk.opens(path)
    assert b"101982" in shown.body
    assert b"<dd>sam</dd>" in shown.body.lower()

    answer = desk.sends(path)

    assert status(answer) == 200
    assert b"Sent to Paytend" in answer.body
    assert desk.sent()[before:] == [("3", ".jpeg", len(JPEG))]
    assert desk.events() == ["document:link_made", "document:send_asked", "document:sent"]
    facts = json.loads(next(row.facts for row in desk.world.trail() if row.event == "document:sent"))
    assert (facts["kind"], facts["bytes"], len(facts["sha256"])) == ("jpeg", len(JPEG), 64)
    assert "Sent to Paytend: Passport of cardholder 101982." in desk.told()
    assert desk.world.slack.state.files.by_id == {}


def test_s6_following_the_link_is_no_old_button(desk: Desk) -> None:
    desk.link()
    before = len(desk.world.slack.ephemerals(SUPPORT))

    desk.world.clicks_modal(SUPPORT, "page_opened")

    assert len(desk.world.slack.ephemerals(SUPPORT)) == before
    assert "Open the page" in desk.world.modal_text(SUPPORT)


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"MZ\x90\x00 a program", 422, "A JPEG, PNG or PDF file is needed"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(50), 422, "no HEIC photo"),
        (b"", 422, "empty"),
        (JPEG + bytes(3 * MEGABYTE), 413, "At most 2 MB"),
        (JPEG + bytes(2 * MEGABYTE - len(JPEG) + 1), 422, "At most 2 MB"),
        (b"<svg onload=alert(1)>", 422, "A JPEG, PNG or PDF file is needed"),
    ],
    ids=["program", "HEIC", "empty", "too large", "a byte too many", "svg"],
)
def test_s6_a_wrong_file_is_told_and_another_one_can_follow(
    desk: Desk, content: bytes, code: int, words: str
) -> None:
    path = desk.link()

    wrong = desk.sends(path, content)

    assert status(wrong) == code
    assert words in wrong.body.decode()
    assert desk.world.paytend.calls_of("uploadDocument") == []
    assert status(desk.sends(path, PNG, name="../../etc/passwd.exe")) == 200
    assert desk.sent()[-1] == ("3", ".png", len(PNG))


def test_s6_exactly_two_megabytes_and_a_pdf_are_sent(desk: Desk) -> None:
    whole = PDF + bytes(2 * MEGABYTE - len(PDF))

    assert status(desk.sends(desk.link(), whole)) == 200
    assert desk.sent()[-1] == ("3", ".pdf", 2 * MEGABYTE)


def test_s6_a_link_is_used_once(desk: Desk) -> None:
    path = desk.link()
    desk.sends(path)

    assert [status(desk.sends(path)), status(desk.opens(path))] == [410, 410]
    assert len(desk.world.paytend.calls_of("uploadDocument")) == 1


def test_s6_a_link_ends_after_ten_minutes(desk: Desk) -> None:
    path = desk.link()
    desk.world.clock.advance(LASTS)

    assert [status(desk.opens(path)), status(desk.sends(path))] == [410, 410]
    assert desk.world.paytend.calls_of("uploadDocument") == []


def test_s6_each_person_has_a_link_of_their_own_and_acts_as_who_asked_for_it(desk: Desk) -> None:
    """A link says whose it is; who follows that of another person is seen in the trail as them."""
    mine, others = desk.link(), desk.link(person="U0SOFIA")
    assert mine != others
    assert b"<dd>sofia</dd>" in desk.opens(others).body.lower()

    desk.sends(others)

    actors = {row.actor for row in desk.world.trail() if row.event in {"document:send_asked", "document:sent"}}
    assert actors == {"U0SOFIA"}
    assert status(desk.opens(mine)) == 200


def test_s6_who_lost_the_role_sends_nothing_and_it_is_recorded(desk: Desk) -> None:
    path = desk.link()
    groups = desk.world.slack.state.groups
    groups["S0SUPPORT"] = replace(groups["S0SUPPORT"], people=("U0SOFIA",))
    desk.world.bot.base.clients.directory.forget()

    answer = desk.sends(path)

    assert status(answer) == 403
    assert desk.world.paytend.calls_of("uploadDocument") == []
    assert desk.world.refusals() == ["NotInRole"]


def test_s6_an_answer_that_is_lost_is_unknown_and_nothing_is_sent_again(desk: Desk) -> None:
    path = desk.link()
    desk.world.paytend.switches.lose_next_answer(operation="uploadDocument")

    answer = desk.sends(path)

    assert "We don’t know yet if it worked" in answer.body.decode()
    assert desk.events()[-1] == "document:unknown"
    assert "We don’t know yet if it worked" in desk.told()
    assert status(desk.sends(path)) == 410
    assert len(desk.world.paytend.calls_of("uploadDocument")) == 1


def test_s6_a_refusal_of_paytend_is_told(desk: Desk) -> None:
    path = desk.link()
    desk.world.paytend.switches.refuse_next("2104", operation="uploadDocument")

    answer = desk.sends(path)

    assert "Paytend said no" in answer.body.decode()
    assert desk.events()[-1] == "document:refused"


def test_s6_without_paytend_nothing_is_sent_and_a_new_link_is_needed(desk: Desk) -> None:
    path = desk.link()
    desk.world.paytend_stops()

    answer = desk.sends(path)

    assert (status(answer), desk.events()[-1]) == (503, "document:not_sent")
    assert "Nothing was sent" in answer.body.decode()


def test_s6_what_a_dead_process_leaves_is_told(desk: Desk) -> None:
    path = desk.link()
    desk.world.paytend.switches.lose_next_answer(operation="uploadDocument")
    desk.sends(path)
    with desk.world.bot.database.writing() as session:
        assert session.exec(select(OpenWork)).all() == [], "finished work leaves no row"
        row = OpenWork(key="page:1", account=SUPPORT, what="sending a document", taken_at=desk.world.clock.now())
        session.add(row)

    desk.world.bot.slack.interrupted_work.recover()
    desk.world.settles()

    assert "before it finished sending a document" in desk.told()


def test_s6_a_form_that_no_page_of_ours_sends_is_refused_and_leaves_the_link_as_it_is(desk: Desk) -> None:
    path = desk.link()

    assert status(desk.posts(path, b"file_type=3&file=x", "application/x-www-form-urlencoded")) == 400
    assert desk.events() == ["document:link_made"]
    assert status(desk.sends(path)) == 200


def test_s6_neither_the_token_nor_the_file_is_in_a_log_a_metric_or_the_database(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    path, marked = desk.link(), JPEG + b"PASSPORT-OF-ONA"
    token = path.rsplit("/", maxsplit=1)[1]
    with caplog.at_level(logging.DEBUG):
        for answer in (
            desk.opens(path),
            desk.sends(path, b"no" + marked),
            desk.sends(path, marked),
            desk.sends(path),
        ):
            assert token not in answer.body.decode()
            assert token not in str(answer.headers)

    metrics = desk.world.bot.web(HttpRequest(method="GET", path="/metrics", headers={}))
    assert isinstance(metrics, HttpResponse)
    folder = Path(str(desk.world.bot.database.url.database)).parent
    stored = [file.read_bytes() for file in folder.glob("*") if file.is_file()]
    assert any(b"page_token" in content for content in stored)
    for text in (caplog.text.encode(), metrics.body, *stored):
        assert token.encode() not in text
        assert b"PASSPORT-OF-ONA" not in text
    assert b'cardops_refused_total{door="page",reason="over"} 1.0' in metrics.body


def test_s6_without_a_public_address_the_file_goes_through_slack_and_the_form_says_so(
    sqlite_world: JourneyWorld,
) -> None:
    world = sqlite_world
    world.types(SUPPORT, f"/holder documents {HOLDER}")

    assert "stays in Slack until you delete it" in text_of(world.slack.modal(SUPPORT))
    answer = world.bot.web(HttpRequest(method="GET", path=f"/drop/{'A' * 43}", headers={}))
    assert isinstance(answer, HttpResponse)
    assert status(answer) == 404


def test_s6_cardops_yml_can_have_files_go_through_slack(make_world: MakesWorld) -> None:
    with make_world(public_url=PUBLIC, config=CONFIG + "documents: slack\n") as world:
        world.types(SUPPORT, f"/holder documents {HOLDER}")

        assert "stays in Slack until you delete it" in text_of(world.slack.modal(SUPPORT))


def test_s6_only_support_gets_a_link(desk: Desk) -> None:
    desk.world.types(MANAGER, f"/holder documents {HOLDER}")

    assert desk.world.slack.modal(MANAGER) is None
    assert desk.events() == []
