"""Files from Slack: the bot's token goes to Slack's file server alone, and 2 MB are read, not a byte more."""

from collections.abc import Callable

import httpx
import pytest
from slack_sdk import WebClient

from bot.slack.files import FileNotHandedOut, FileTooLarge, FileUnreadable, SlackFiles
from commands.holder.document import AttachedFile
from paytend.operations.encoding import LARGEST_DOCUMENT

TOKEN = "xoxb-made-up"


def attached(url: str) -> AttachedFile:
    return AttachedFile(id="F1", name="passport.pdf", size=8, url=url)


def make_files(
    answer: Callable[[httpx.Request], httpx.Response], *, slack_url: str = "https://slack.com/api/"
) -> SlackFiles:
    return SlackFiles(
        http=httpx.Client(transport=httpx.MockTransport(answer)),
        slack=WebClient(token=TOKEN, base_url=slack_url),
        token=TOKEN,
    )


def test_a_file_is_read_from_slacks_file_server_with_the_token() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=b"%PDF-1.7")

    content = make_files(answer).read(attached("https://files.slack.com/files-pri/T0-F0/passport.pdf"))

    assert content == b"%PDF-1.7"
    assert [request.headers["Authorization"] for request in asked] == [f"Bearer {TOKEN}"]


@pytest.mark.parametrize(
    "url",
    [
        "https://files.example.org/passport.pdf",
        "https://files.slack.com.example.org/passport.pdf",
        "https://slack.com@example.org/passport.pdf",
        "http://files.slack.com/passport.pdf",
        "https://docs.google.com/document/1",
        "",
    ],
)
def test_the_token_goes_to_no_other_host(url: str) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=b"%PDF-1.7")

    with pytest.raises(FileUnreadable, match="does not lie at Slack"):
        make_files(answer).read(attached(url))

    assert asked == []


def test_a_slack_of_ones_own_keeps_its_files_beside_its_methods() -> None:
    files = make_files(lambda _request: httpx.Response(200, content=b"%PDF-"), slack_url="http://127.0.0.1:9/api/")

    assert files.read(attached("http://127.0.0.1:9/files/1")) == b"%PDF-"
    with pytest.raises(FileUnreadable):
        files.read(attached("http://127.0.0.1:10/files/1"))


def test_two_megabytes_are_read_and_one_byte_more_is_too_large() -> None:
    url = attached("https://files.slack.com/files-pri/T0-F0/passport.pdf")

    whole = make_files(lambda _request: httpx.Response(200, content=b"x" * LARGEST_DOCUMENT)).read(url)
    assert len(whole) == LARGEST_DOCUMENT

    with pytest.raises(FileTooLarge):
        make_files(lambda _request: httpx.Response(200, content=b"x" * (LARGEST_DOCUMENT + 1))).read(url)


def test_what_slack_does_not_hand_out_is_unreadable() -> None:
    def break_off(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("too slow", request=request)

    url = attached("https://files.slack.com/files-pri/T0-F0/passport.pdf")

    with pytest.raises(FileUnreadable, match="status 404"):
        make_files(lambda _request: httpx.Response(404)).read(url)
    with pytest.raises(FileUnreadable, match="ReadTimeout"):
        make_files(break_off).read(url)


@pytest.mark.parametrize(
    "page",
    [
        httpx.Response(200, content=b"\n<!DOCTYPE html><html><body>Sign in to Slack</body></html>"),
        httpx.Response(302, headers={"Location": "https://example.slack.com/?redir=1"}),
        httpx.Response(403),
    ],
    ids=["page", "redirect", "forbidden"],
)
def test_s11_slacks_login_page_is_no_file_and_the_scope_is_named(page: httpx.Response) -> None:
    url = attached("https://files.slack.com/files-pri/T0-F0/passport.pdf")

    with pytest.raises(FileNotHandedOut, match="files:read"):
        make_files(lambda _request: page).read(url)
