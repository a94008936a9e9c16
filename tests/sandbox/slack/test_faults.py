"""What can be made to go wrong between the app and Slack."""

from urllib.error import URLError

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack import SlackWorkspace

# What slack_sdk raises when no trustworthy answer came.
NO_ANSWER = (ConnectionError, TimeoutError, URLError, OSError)


def post(client: WebClient, text: str = "x") -> str:
    return str(client.chat_postMessage(channel="C0ALERTS", text=text)["ts"])


def test_a_named_error_for_so_many_calls(ws: SlackWorkspace, client: WebClient) -> None:
    ws.faults.answers("chat.postMessage", "internal_error", times=2)

    for _ in range(2):
        with pytest.raises(SlackApiError, match="internal_error"):
            post(client)
    post(client)

    assert len(ws.messages("C0ALERTS")) == 1


def test_an_http_500(ws: SlackWorkspace, client: WebClient) -> None:
    ws.faults.fails("*", status=503)

    with pytest.raises(SlackApiError):
        post(client)

    assert ws.api_calls[-1].status == 503
    assert ws.messages("C0ALERTS") == []


def test_429_with_its_pause(ws: SlackWorkspace, client: WebClient) -> None:
    ws.faults.limits("chat.postMessage", retry_after=30)

    with pytest.raises(SlackApiError) as refused:
        post(client)

    assert refused.value.response.headers["Retry-After"] == "30"


@pytest.mark.parametrize(("accepted", "posted"), [(True, 1), (False, 0)])
def test_a_reset_tells_nothing_of_what_was_done(
    ws: SlackWorkspace, client: WebClient, accepted: bool, posted: int
) -> None:
    ws.faults.resets("chat.postMessage", accepted=accepted)

    with pytest.raises(NO_ANSWER):
        post(client)

    assert len(ws.messages("C0ALERTS")) == posted


@pytest.mark.parametrize(("accepted", "posted"), [(True, 1), (False, 0)])
def test_an_answer_that_never_comes(ws: SlackWorkspace, accepted: bool, posted: int) -> None:
    client = WebClient(token=ws.credentials.bot_token, base_url=ws.api_url, retry_handlers=[], timeout=1)
    ws.faults.hangs("chat.postMessage", accepted=accepted)

    with pytest.raises(NO_ANSWER):
        post(client)

    assert len(ws.messages("C0ALERTS")) == posted


def test_a_slow_answer_is_an_answer(ws: SlackWorkspace, client: WebClient) -> None:
    ws.faults.slows("chat.postMessage", seconds=0.1)

    post(client)

    assert len(ws.messages("C0ALERTS")) == 1


def test_faults_can_be_called_off(ws: SlackWorkspace, client: WebClient) -> None:
    ws.faults.answers("chat.postMessage", "fatal_error", times=100)
    assert ws.faults.armed[0].times == 100
    ws.faults.clear()

    post(client)
