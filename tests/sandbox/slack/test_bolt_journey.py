"""Slack's own SDK and framework find in the stand-in what they find in Slack."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler

from sandbox.slack import SlackWorkspace
from tests.sandbox.slack.bolt_app import door_of, make_app

Json = dict[str, Any]


class Door:
    """An app that is put in later: it needs the workspace's address, and the workspace its door."""

    def __call__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
        answer: tuple[int, Any, bytes] = self.app(method, path, headers, body)
        return answer

    app: Any = None


@contextmanager
def over_http(seen: list[Json]) -> Iterator[SlackWorkspace]:
    door = Door()
    ws = SlackWorkspace(delivery=door, request_url="http://app/slack/events")
    with ws.serving():
        app = make_app(
            api_url=ws.api_url,
            token=ws.credentials.bot_token,
            signing_secret=ws.courier.signing_secret,
            seen=seen,
        )
        door.app = door_of(app)
        yield ws


@contextmanager
def over_sockets(seen: list[Json]) -> Iterator[SlackWorkspace]:
    ws = SlackWorkspace()
    with ws.serving():
        app = make_app(
            api_url=ws.api_url,
            token=ws.credentials.bot_token,
            signing_secret=ws.courier.signing_secret,
            seen=seen,
        )
        handler = SocketModeHandler(app, app_token=ws.credentials.app_token, ping_interval=1)
        handler.client.web_client.base_url = ws.api_url
        handler.connect()  # type: ignore[no-untyped-call] # Bolt leaves it untyped
        ws.wait_for(lambda: ws.sockets.connections)
        yield ws
        # Ended from this side first: the SDK's client would wait for its receive timeout.
        handler.client.auto_reconnect_enabled = False
        ws.drops_sockets()
        session = handler.client.current_session
        ws.wait_for(lambda: session is None or session.sock is None)
        handler.close()  # type: ignore[no-untyped-call] # Bolt leaves it untyped


@pytest.fixture(params=[over_http, over_sockets], ids=["http", "socket"])
def journey(request: pytest.FixtureRequest) -> Iterator[tuple[SlackWorkspace, list[Json]]]:
    seen: list[Json] = []
    with request.param(seen) as ws:
        yield ws, seen


def test_command_modal_message_click(journey: tuple[SlackWorkspace, list[Json]]) -> None:
    ws, seen = journey

    assert ws.types("U0SAM", "/topup", channel="C0SUPPORT").is_fine
    form = ws.wait_for(lambda: ws.modal("U0SAM"))
    assert form["callback_id"] == "topup"

    assert ws.submits("U0SAM", {"amount": "ten"}).errors == {"amount": "Please enter a number."}
    assert ws.submits("U0SAM", {}).errors == {"amount": "Please enter a number."}
    assert ws.submits("U0SAM", {"amount": "0"}).errors == {"amount": "More than nothing, please."}
    found = ws.suggests("U0SAM", "17", action_id="card")
    assert [each["value"] for each in found.options] == ["1755902"]
    assert ws.submits("U0SAM", {"amount": "10.50", "card": "1755902"}).is_fine
    assert ws.modal("U0SAM") is None

    (card,) = ws.wait_for(lambda: ws.messages("C0APPROVALS"))
    assert card["metadata"]["event_payload"] == {"id": "7"}
    assert ws.clicks("U0MARA", message=card, action_id="approve").is_fine
    _, reply = ws.wait_for(lambda: len(ws.messages("C0APPROVALS", card["ts"])) == 2 and _thread(ws, card))
    assert reply["text"] == "<@U0MARA> approved"
    (edited,) = ws.messages("C0APPROVALS")
    assert edited["blocks"][1]["elements"][0]["text"] == "by <@U0MARA>"
    assert edited["reply_count"] == 1
    assert [each.get("type", "command") for each in seen] == [
        "command",
        "view_submission",
        "block_suggestion",
        "view_submission",
        "block_actions",
    ]


def _thread(ws: SlackWorkspace, card: Json) -> list[Json]:
    return ws.messages("C0APPROVALS", card["ts"])


def test_an_immediate_answer_is_ephemeral(journey: tuple[SlackWorkspace, list[Json]]) -> None:
    ws, _ = journey

    ws.types("U0SAM", "/topup help", channel="C0SUPPORT")

    assert [each["text"] for each in ws.ephemerals("U0SAM")] == ["You said help"]
    assert ws.ephemerals("U0MARA") == []


def test_closing_a_modal_is_told_when_asked_for(journey: tuple[SlackWorkspace, list[Json]]) -> None:
    ws, seen = journey
    ws.types("U0SAM", "/topup", channel="C0SUPPORT")
    ws.wait_for(lambda: ws.modal("U0SAM"))

    ws.closes("U0SAM")

    assert ws.modal("U0SAM") is None
    assert seen[-1]["type"] == "view_closed"
    assert seen[-1]["is_cleared"] is False


def test_opening_home_lets_the_app_publish_it(journey: tuple[SlackWorkspace, list[Json]]) -> None:
    ws, _ = journey

    assert ws.opens_home("U0MARA").is_fine

    home = ws.wait_for(lambda: ws.home("U0MARA"))
    assert home["blocks"][0]["text"]["text"] == "*Nothing waits for you*"


def test_an_unhandled_command_is_told_to_the_person(journey: tuple[SlackWorkspace, list[Json]]) -> None:
    ws, _ = journey
    ws.courier.acknowledge_seconds = 0.3

    delivery = ws.types("U0SAM", "/nothing", channel="C0SUPPORT")

    assert not delivery.is_fine
    assert delivery.shown.startswith('/nothing failed with the error "')
    assert ws.toasts("U0SAM") == [delivery.shown]
