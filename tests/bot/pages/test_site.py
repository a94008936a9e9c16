"""The web part of our pages: headers, methods, rates, and what is said to a link that does not work."""

import logging
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from bot.database.engine import SqlDatabase
from bot.http.app import Allowance, HttpRequest, HttpResponse
from bot.pages.html import PageRenderer, PageView
from bot.pages.site import Page, PageRefusal, PageSite, Submission, tell
from bot.pages.tokens import PageGrant, PageTokens
from sandbox.clock import Clock
from tests.bot.pages.test_tokens import START, make_tokens

ALLOWANCE = Allowance(keeps=100, reads=1000, seconds=9, answered_within=9)


@dataclass
class Desk:
    """A site with one page, whose POST spends its token."""

    tokens: PageTokens
    clock: Clock
    refused: list[PageRefusal] = field(default_factory=list)
    done: list[Submission] = field(default_factory=list)
    fails: Exception | None = None

    def __post_init__(self) -> None:
        page = Page(purpose="drop", show=self.show, submit=self.submit, allowance=ALLOWANCE)
        self.site = PageSite(
            (page,),
            tokens=self.tokens,
            renderer=PageRenderer(),
            monotonic=lambda: self.clock.now().timestamp(),
            refuse=self.refused.append,
        )

    def show(self, grant: PageGrant) -> PageView:
        if self.fails:
            raise self.fails
        return tell("200 OK", f"For <{grant.account}>", grant.subject)

    def submit(self, submission: Submission) -> PageView:
        self.tokens.spend(submission.token, purpose="drop")
        self.done.append(submission)
        return tell("200 OK", "Done", "It was done.")

    def link(self) -> str:
        made = self.tokens.make(purpose="drop", account="U0SAM", subject="1", lasts=timedelta(minutes=10))
        return f"/drop/{made}"

    def ask(self, method: str, path: str, *, sender: str = "192.0.2.1", **headers: str) -> HttpResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.site(HttpRequest(method=method, path=path, headers=named, sender=sender))


@pytest.fixture
def desk(sqlite: SqlDatabase) -> Desk:
    clock = Clock(start=START)
    return Desk(make_tokens(sqlite, clock), clock)


def status(response: HttpResponse) -> int:
    return int(response.status[:3])


def headers(response: HttpResponse) -> dict[str, str]:
    return dict(response.headers)


def test_s6_every_answer_has_the_headers_that_keep_it_private(desk: Desk) -> None:
    link = desk.link()
    answers = [desk.ask("GET", link), desk.ask("PUT", link), desk.ask("GET", "/drop/x"), desk.ask("POST", link)]

    for answer in answers:
        found = headers(answer)
        assert found["Cache-Control"] == "no-store"
        assert found["Referrer-Policy"] == "no-referrer"
        assert found["X-Content-Type-Options"] == "nosniff"
        assert found["X-Frame-Options"] == "DENY"
        policy = found["Content-Security-Policy"]
        for part in ("default-src 'none'", "script-src 'none'", "frame-ancestors 'none'", "form-action 'self'"):
            assert part in policy
        assert "unsafe" not in policy
        assert "Set-Cookie" not in found
        assert answer.type == "text/html; charset=utf-8"
    assert [status(answer) for answer in answers] == [200, 405, 404, 200]
    assert headers(answers[1])["Allow"] == "GET, HEAD, POST"


def test_s6_looking_changes_nothing_and_values_are_escaped(desk: Desk) -> None:
    link = desk.link()

    shown = [desk.ask(method, link) for method in ("GET", "HEAD", "GET")]

    assert [status(each) for each in shown] == [200, 200, 200]
    assert b"For &lt;U0SAM&gt;" in shown[0].body
    assert status(desk.ask("POST", link)) == 200


def test_s6_no_page_names_another_host_or_the_token(desk: Desk) -> None:
    link = desk.link()

    for method in ("GET", "POST", "GET"):
        body = desk.ask(method, link).body.decode()
        assert link.rsplit("/", maxsplit=1)[1] not in body
        assert "://" not in body
        assert "//" not in body.replace("<!doctype", "")


def test_s6_a_link_works_once_and_says_so_afterwards(desk: Desk) -> None:
    link = desk.link()
    desk.ask("POST", link)

    assert [status(desk.ask(method, link)) for method in ("GET", "POST")] == [410, 410]
    assert len(desk.done) == 1
    assert desk.refused == [PageRefusal.OVER, PageRefusal.OVER]


def test_s6_a_link_is_over_after_its_time(desk: Desk) -> None:
    link = desk.link()
    desk.clock.advance(timedelta(minutes=10))

    assert [status(desk.ask(method, link)) for method in ("GET", "POST")] == [410, 410]
    assert desk.done == []


@pytest.mark.parametrize(
    "path",
    [
        "/drop",
        "/drop/",
        f"/drop/{'A' * 43}",
        f"/drop/{'A' * 43}/",
        f"/drop/{'A' * 42}",
        f"/drop/../decide/{'A' * 43}",
        f"/drop/{'A' * 42}\n",
        f"/drop/{'A' * 42}é",
        f"//drop/{'A' * 43}",
        f"/DROP/{'A' * 43}",
        f"/drop/{'A' * 4000}",
    ],
)
def test_s6_a_path_that_is_no_link_is_one_calm_page(desk: Desk, path: str) -> None:
    answer = desk.ask("GET", path)

    assert status(answer) == 404
    assert b"This link does not work" in answer.body


def test_s6_a_form_of_another_site_is_refused(desk: Desk) -> None:
    link = desk.link()

    for site in ("cross-site", "same-site"):
        assert status(desk.ask("POST", link, sec_fetch_site=site)) == 403
    assert desk.done == []
    assert status(desk.ask("POST", link, sec_fetch_site="same-origin")) == 200


@pytest.mark.parametrize(
    "headers", [{"transfer_encoding": "chunked", "content_length": "2"}, {"content_encoding": "gzip"}]
)
def test_s6_a_body_that_servers_read_differently_is_refused(desk: Desk, headers: dict[str, str]) -> None:
    assert status(desk.ask("POST", desk.link(), **headers)) == 400
    assert desk.done == []


def test_s6_guessing_and_asking_often_ends_in_a_pause(desk: Desk) -> None:
    guesses = [status(desk.ask("GET", f"/drop/{number:043}")) for number in range(21)]
    assert guesses == [404] * 20 + [429]
    link = desk.link()
    assert status(desk.ask("GET", link, sender="192.0.2.2")) == 200

    often = [status(desk.ask("GET", link, sender="192.0.2.2")) for _ in range(20)]

    assert often == [200] * 19 + [429]
    assert status(desk.ask("GET", link, sender="192.0.2.3")) == 429, "of the token, whoever asks"
    assert headers(desk.ask("GET", link))["Retry-After"] == "60"
    desk.clock.advance(timedelta(minutes=1))
    assert status(desk.ask("GET", link)) == 200


def test_s6_one_address_cannot_ask_for_ever(desk: Desk) -> None:
    found = [status(desk.ask("GET", "/drop/x")) for _ in range(121)]

    assert found == [404] * 120 + [429]


@pytest.mark.parametrize(
    ("error", "code"), [(OperationalError("SELECT", {}, Exception("away")), 503), (RuntimeError("details"), 500)]
)
def test_s6_what_breaks_is_told_without_detail_and_logged_without_the_token(
    desk: Desk, caplog: pytest.LogCaptureFixture, error: Exception, code: int
) -> None:
    link, desk.fails = desk.link(), error

    with caplog.at_level(logging.DEBUG):
        answer = desk.ask("GET", link)

    assert status(answer) == code
    assert b"details" not in answer.body
    assert caplog.records
    assert link.rsplit("/", maxsplit=1)[1] not in caplog.text


def test_s6_only_a_token_of_ours_lets_somebody_send_much(desk: Desk) -> None:
    def admit(method: str, path: str) -> Allowance | None:
        return desk.site.admit(HttpRequest(method=method, path=path, headers={}))

    link = desk.link()
    assert (allowed := admit("POST", link)) is not None
    assert allowed.keeps == 100
    assert b"Nothing was done" in allowed.late.body
    assert admit("GET", link) is None
    assert admit("POST", f"/drop/{'A' * 43}") is None
    desk.ask("POST", link)
    assert admit("POST", link) is not None, "so that who comes late hears of it"
