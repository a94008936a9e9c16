"""What reaches the app: signed, in Slack's shapes, once and again; and what the person sees when it fails."""

import asyncio
import json
import subprocess
import time
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook import WebhookClient

from sandbox.clock import Clock
from sandbox.running import Running
from sandbox.slack import CannotAct, SlackWorkspace
from tests.sandbox.slack.samples import CARD, MODAL, button, field

Json = dict[str, Any]


class Listener:
    """An app that keeps what it gets and answers as a test configures it."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answer: tuple[int, dict[str, str], str] = (200, {}, "")

    def __call__(self, _method: str, _path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
        self.got.append((headers, body))
        status, found, text = self.answer
        return status, found, text.encode()

    @property
    def payload(self) -> Json:
        """The last payload."""
        headers, body = self.got[-1]
        if headers["Content-Type"] == "application/json":
            found: Json = json.loads(body)
            return found
        form = {key: each[0] for key, each in parse_qs(body.decode(), keep_blank_values=True).items()}
        return json.loads(form["payload"]) if "payload" in form else form


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def ws(clock: Clock, listener: Listener) -> Any:
    workspace = SlackWorkspace(clock=clock, delivery=listener, rate_limits=False)
    with workspace.serving():
        yield workspace


def test_a_delivery_is_signed_as_slack_signs(ws: SlackWorkspace, listener: Listener) -> None:
    ws.types("U0SAM", "/card info 1755902", channel="C0SUPPORT")

    headers, body = listener.got[0]
    verifier = SignatureVerifier(ws.courier.signing_secret)
    assert verifier.is_valid_request(body, headers)
    assert not verifier.is_valid_request(body + b"x", headers)
    base = b"v0:" + headers["X-Slack-Request-Timestamp"].encode() + b":" + body
    openssl = subprocess.run(
        ["openssl", "dgst", "-sha256", "-hmac", ws.courier.signing_secret],
        input=base,
        capture_output=True,
        check=True,
    )
    assert headers["X-Slack-Signature"] == "v0=" + openssl.stdout.decode().split("= ")[1].strip()


@pytest.mark.parametrize("age", [301, -301])
def test_a_signature_can_be_too_old_or_from_the_future(ws: SlackWorkspace, listener: Listener, age: int) -> None:
    ws.courier.signature_age = age

    ws.types("U0SAM", "/card", channel="C0SUPPORT")

    headers, body = listener.got[0]
    assert not SignatureVerifier(ws.courier.signing_secret).is_valid_request(body, headers)


def test_a_command_has_slacks_fields(ws: SlackWorkspace, listener: Listener) -> None:
    ws.types("U0SAM", "/card info  1755902 & <b>", channel="C0SUPPORT")

    form = listener.payload
    assert (form["command"], form["text"]) == ("/card", "info  1755902 & <b>")
    assert (form["team_id"], form["user_id"], form["channel_id"]) == ("T0CARDOPS", "U0SAM", "C0SUPPORT")
    assert (form["api_app_id"], form["is_enterprise_install"]) == ("A0CARDOPS", "false")
    assert form["response_url"].startswith(f"{ws.base_url}/commands/T0CARDOPS/")
    ws.types("U0MARA", "/card", channel="C0AUDIT")
    assert listener.payload["channel_name"] == "privategroup"


def test_nobody_acts_where_they_are_not(ws: SlackWorkspace) -> None:
    for person, channel in (("U0GUEST", "C0ALERTS"), ("U0GONE", "C0GENERAL"), ("U0STRANGER", "C0APPROVALS")):
        with pytest.raises(CannotAct):
            ws.types(person, "/card", channel=channel)


@pytest.mark.parametrize(
    ("answer", "error"),
    [((404, "x"), "http_client_error"), ((500, "x"), "http_service_error")],
)
def test_a_failed_command_is_told(
    ws: SlackWorkspace, listener: Listener, answer: tuple[int, str], error: str
) -> None:
    listener.answer = (answer[0], {}, answer[1])

    delivery = ws.types("U0SAM", "/card", channel="C0SUPPORT")

    assert delivery.error == error
    assert ws.toasts("U0SAM") == [f'/card failed with the error "{error}"']


def test_an_immediate_answer_may_be_for_everybody(ws: SlackWorkspace, listener: Listener) -> None:
    listener.answer = (200, {}, json.dumps({"response_type": "in_channel", "text": "hello all"}))
    ws.types("U0SAM", "/card", channel="C0SUPPORT")
    listener.answer = (200, {}, json.dumps({"blocks": [{"type": "section"}]}))
    broken = ws.types("U0SAM", "/card", channel="C0SUPPORT")

    assert [each["text"] for each in ws.messages("C0SUPPORT")] == ["hello all"]
    assert "invalid_blocks" in broken.shown


def test_unknown_commands_are_refused_when_the_manifest_is_known(clock: Clock) -> None:
    manifest = {
        "features": {"slash_commands": [{"command": "/card"}]},
        "oauth_config": {"scopes": {"bot": ["commands"]}},
    }
    ws = SlackWorkspace(clock=clock, manifest=manifest, delivery=lambda *_: (200, {}, b""), base_url="http://x")

    assert ws.types("U0SAM", "/cart", channel="C0SUPPORT").shown == "/cart is not a valid command."
    assert ws.types("U0SAM", "/card", channel="C0SUPPORT").is_fine
    assert ws.credentials.scopes == {"commands"}


@pytest.fixture
def card(ws: SlackWorkspace) -> Json:
    client = WebClient(token=ws.credentials.bot_token, base_url=ws.api_url)
    ts = client.chat_postMessage(channel="C0APPROVALS", text="Top-up", blocks=CARD)["ts"]
    return ws.message("C0APPROVALS", ts)


def test_a_click_carries_the_message_and_the_clickers_own_team(
    ws: SlackWorkspace, listener: Listener, card: Json
) -> None:
    ws.clicks("U0STRANGER", message=card, action_id="approve")

    payload = listener.payload
    assert payload["user"]["team_id"] == "T0ELSEWHERE"
    assert payload["team"]["id"] == "T0CARDOPS"
    assert payload["message"]["blocks"][0] == {**CARD[0], "block_id": card["blocks"][0]["block_id"]}
    assert payload["container"]["message_ts"] == card["ts"]
    assert payload["actions"][0]["value"] == "7:abc"
    assert payload["actions"][0]["block_id"] == "decide"


def test_a_stale_or_forged_click_reaches_the_app(ws: SlackWorkspace, listener: Listener, card: Json) -> None:
    client = WebClient(token=ws.credentials.bot_token, base_url=ws.api_url)
    client.chat_update(channel="C0APPROVALS", ts=card["ts"], text="Done")
    current = ws.message("C0APPROVALS", card["ts"])

    with pytest.raises(CannotAct):
        ws.clicks("U0MARA", message=current, action_id="approve")
    ws.clicks("U0MARA", message=card, action_id="approve", value="7:forged")
    assert listener.payload["actions"][0]["value"] == "7:forged"
    ws.deactivates("U0MARA")
    with pytest.raises(CannotAct):
        ws.clicks("U0MARA", message=card, action_id="approve")
    assert ws.clicks("U0MARA", message=card, action_id="approve", stale=True).is_fine


def test_a_choice_from_a_menu_is_sent_whole(ws: SlackWorkspace, listener: Listener, card: Json) -> None:
    ws.clicks("U0MARA", message=card, action_id="more", value="history")

    assert listener.payload["actions"][0]["selected_option"]["text"]["text"] == "History"


def test_a_click_on_an_ephemeral_sends_no_message(ws: SlackWorkspace, listener: Listener) -> None:
    client = WebClient(token=ws.credentials.bot_token, base_url=ws.api_url)
    blocks = [{"type": "actions", "elements": [button("sure", "Sure?")]}]
    client.chat_postEphemeral(channel="C0SUPPORT", user="U0SAM", text="Sure?", blocks=blocks)
    (hidden,) = ws.ephemerals("U0SAM")

    clicked = ws.clicks("U0SAM", message=hidden, action_id="sure")

    assert listener.payload["container"]["is_ephemeral"] is True
    assert "message" not in listener.payload
    WebhookClient(clicked.payload["response_url"]).send(text="Surely", replace_original=True)
    assert [each["text"] for each in ws.ephemerals("U0SAM")] == ["Surely"]
    WebhookClient(clicked.payload["response_url"]).send(delete_original=True)
    assert ws.ephemerals("U0SAM") == []
    with pytest.raises(CannotAct):
        ws.clicks("U0MARA", message=hidden, action_id="sure")


def test_a_response_address_works_five_times_within_half_an_hour(ws: SlackWorkspace, clock: Clock) -> None:
    hook = WebhookClient(ws.types("U0SAM", "/card", channel="C0SUPPORT").payload["response_url"])
    late = WebhookClient(ws.types("U0SAM", "/card", channel="C0SUPPORT").payload["response_url"])

    assert [hook.send(text=str(number)).status_code for number in range(6)] == [200] * 5 + [404]
    assert "used_url" in hook.send(text="x").body
    clock.advance(timedelta(minutes=30, seconds=1))
    assert "expired_url" in late.send(text="x").body
    assert "no_such_url" in WebhookClient(f"{ws.base_url}/commands/T0CARDOPS/9/x").send(text="x").body
    assert [each["text"] for each in ws.ephemerals("U0SAM")] == ["0", "1", "2", "3", "4"]


def test_a_response_address_takes_what_a_message_takes(ws: SlackWorkspace) -> None:
    hook = WebhookClient(ws.types("U0SAM", "/card", channel="C0SUPPORT").payload["response_url"])

    assert hook.send(text="all", response_type="in_channel").status_code == 200
    assert "invalid_blocks" in hook.send(text="x", blocks=[{"type": "section"}]).body
    assert "no_text" in hook.send(response_type="ephemeral").body
    assert [each["text"] for each in ws.messages("C0SUPPORT")] == ["all"]


def test_events_come_again_until_they_are_acknowledged(
    ws: SlackWorkspace, listener: Listener, clock: Clock
) -> None:
    listener.answer = (500, {}, "")
    ws.opens_home("U0SAM")
    ws.wait_for(lambda: len(ws.deliveries) == 2)
    clock.advance(timedelta(minutes=1))
    ws.wait_for(lambda: len(ws.deliveries) == 3)
    clock.advance(timedelta(minutes=5))
    ws.wait_for(lambda: len(ws.deliveries) == 4)
    clock.advance(timedelta(minutes=60))
    time.sleep(0.3)

    numbers = [headers.get("X-Slack-Retry-Num") for headers, _ in listener.got]
    assert numbers == [None, "1", "2", "3"]
    assert listener.got[1][0]["X-Slack-Retry-Reason"] == "http_error"
    ids = {json.loads(body)["event_id"] for _, body in listener.got}
    assert len(ids) == 1


def test_an_app_can_refuse_to_be_told_again(ws: SlackWorkspace, listener: Listener) -> None:
    listener.answer = (500, {"X-Slack-No-Retry": "1"}, "")

    ws.joins("U0GUEST", "C0ALERTS")
    time.sleep(0.3)

    assert len(listener.got) == 1
    assert listener.payload["event"]["type"] == "member_joined_channel"


def test_the_last_delivery_can_be_repeated(ws: SlackWorkspace, listener: Listener, card: Json) -> None:
    ws.clicks("U0MARA", message=card, action_id="approve")

    ws.repeats_last_delivery()

    (_, first), (headers, second) = listener.got
    assert first == second
    assert headers["X-Slack-Retry-Num"] == "1"
    assert headers["X-Slack-Retry-Reason"] == "http_timeout"


def test_anything_can_be_sent_rightly_signed(ws: SlackWorkspace, listener: Listener) -> None:
    ws.sends("interactive", {"type": "block_actions", "team": {"id": "T0FORGED"}})

    assert listener.payload["team"]["id"] == "T0FORGED"


def test_shortcuts(ws: SlackWorkspace, listener: Listener, card: Json) -> None:
    ws.uses_shortcut("U0SAM", "new_topup")
    assert listener.payload["type"] == "shortcut"
    ws.uses_shortcut("U0MARA", "look", message=card)
    assert listener.payload["type"] == "message_action"
    assert listener.payload["message"]["ts"] == card["ts"]


def test_a_search_below_its_least_length_is_not_sent(ws: SlackWorkspace, listener: Listener) -> None:
    client = WebClient(token=ws.credentials.bot_token, base_url=ws.api_url)
    city = {"type": "external_select", "action_id": "city", "min_query_length": 2}
    view = {**MODAL, "blocks": [field("c", "City", city)]}
    client.views_open(trigger_id=ws.types("U0SAM", "/x", channel="C0SUPPORT").payload["trigger_id"], view=view)

    assert not ws.suggests("U0SAM", "V", action_id="city").was_sent
    listener.answer = (200, {}, json.dumps({"options": [{"value": "x"}]}))
    assert "missing required field: text" in ws.suggests("U0SAM", "Vi", action_id="city").error
    many = [{"text": {"type": "plain_text", "text": str(i)}, "value": str(i)} for i in range(101)]
    listener.answer = (200, {}, json.dumps({"options": many}))
    assert "no more than 100 items" in ws.suggests("U0SAM", "Vi", action_id="city").error
    listener.answer = (200, {}, json.dumps({"options": many[:100]}))
    assert len(ws.suggests("U0SAM", "Vi", action_id="city").options) == 100
    assert ws.submits("U0SAM", {"city": "99"}).payload["view"]["state"]["values"]["c"]["city"]["selected_option"]


def test_over_a_real_socket_a_slow_app_times_out(clock: Clock) -> None:
    async def slow(request: web.Request) -> web.Response:
        form = await request.post()
        if form["text"] == "slow":
            await asyncio.sleep(0.4)
        return web.Response(text="quick")

    app = web.Application()
    app.router.add_post("/slack/events", slow)
    ws = SlackWorkspace(clock=clock, acknowledge_seconds=0.2)
    with Running(app) as server, ws.serving():
        ws.courier.request_url = f"{server.url}/slack/events"
        assert ws.types("U0SAM", "/card quick", channel="C0SUPPORT").transport == "http"
        late = ws.types("U0SAM", "/card slow", channel="C0SUPPORT")
        ws.courier.request_url = "http://127.0.0.1:9/"
        gone = ws.types("U0SAM", "/card", channel="C0SUPPORT")

    assert late.shown == '/card failed with the error "operation_timeout"'
    assert gone.shown == '/card failed with the error "dispatch_failed"'
    assert [each["text"] for each in ws.ephemerals("U0SAM")] == ["quick"]
