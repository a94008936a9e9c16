"""Each rule that Slack has for an app, in the order of our list of them: the stand-in refuses what Slack refuses.

Everything goes through the doors that the app uses: the Web API, response addresses, deliveries, the manifest.
"""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook import WebhookClient

from sandbox.clock import Clock
from sandbox.slack import SlackWorkspace
from sandbox.slack.manifest import ManifestRefused, load
from tests.sandbox.slack.samples import CARD, MODAL, button, field, option, plain
from tests.sandbox.slack.test_blocks import actions, counted, section, sized
from tests.sandbox.slack.test_deliveries import Listener
from tests.sandbox.slack.test_views import modal, trigger
from tests.sandbox.slack.test_web_api import refusal

Json = dict[str, Any]
ROOT = Path(__file__).parents[3]
ONLY_IN_VIEWS = {"label 2000", "hint 2000"}


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def strict(clock: Clock, listener: Listener) -> Iterator[SlackWorkspace]:
    """A workspace with all its limits, whose app answers as `listener` is configured."""
    workspace = SlackWorkspace(clock=clock, delivery=listener)
    with workspace.serving():
        yield workspace


@pytest.fixture
def sdk(strict: SlackWorkspace) -> WebClient:
    return WebClient(token=strict.credentials.bot_token, base_url=strict.api_url, retry_handlers=[])


def test_an_acknowledgement_that_comes_too_late_is_none(clock: Clock) -> None:
    def slow(*_: Any) -> tuple[int, dict[str, str], bytes]:
        time.sleep(0.08)
        return 200, {}, b""

    ws = SlackWorkspace(clock=clock, delivery=slow, acknowledge_seconds=0.05)
    with ws.serving():
        assert ws.types("U0SAM", "/card", channel="C0SUPPORT").error == "operation_timeout"
        assert ws.opens_home("U0SAM").error == "operation_timeout"
    assert SlackWorkspace().courier.acknowledge_seconds == 3.0


def test_a_signature_is_over_time_and_body_and_ages(strict: SlackWorkspace, listener: Listener) -> None:
    verifier = SignatureVerifier(strict.courier.signing_secret)
    strict.types("U0SAM", "/card", channel="C0SUPPORT")
    strict.courier.signature_age = 301
    strict.types("U0SAM", "/card", channel="C0SUPPORT")

    (fresh, body), (old, _) = listener.got
    assert verifier.is_valid_request(body, fresh)
    assert not verifier.is_valid_request(body + b" ", fresh)
    assert not verifier.is_valid_request(body, old)


def test_an_event_is_told_again_with_its_number_until_the_app_says_no(
    strict: SlackWorkspace, listener: Listener
) -> None:
    listener.answer = (500, {}, "")
    strict.opens_home("U0SAM")
    strict.wait_for(lambda: len(listener.got) == 2)
    listener.answer = (500, {"X-Slack-No-Retry": "1"}, "")
    strict.opens_home("U0MARA")

    numbers = [headers.get("X-Slack-Retry-Num") for headers, _ in listener.got[:2]]
    assert numbers == [None, "1"]
    assert json.loads(listener.got[0][1])["event_id"] == json.loads(listener.got[1][1])["event_id"]


def test_a_channel_takes_a_message_a_second_and_says_when_to_come_again(
    strict: SlackWorkspace, sdk: WebClient, clock: Clock
) -> None:
    for number in range(5):
        sdk.chat_postMessage(channel="C0ALERTS", text=str(number))
    with pytest.raises(SlackApiError) as refused:
        sdk.chat_postMessage(channel="C0ALERTS", text="too many")

    assert refused.value.response.status_code == 429
    clock.advance(timedelta(seconds=int(refused.value.response.headers["Retry-After"])))
    assert sdk.chat_postMessage(channel="C0ALERTS", text="now")["ok"]


def test_a_response_address_is_for_five_answers_and_half_an_hour(strict: SlackWorkspace, clock: Clock) -> None:
    def address() -> WebhookClient:
        return WebhookClient(strict.types("U0SAM", "/card", channel="C0SUPPORT").payload["response_url"])

    often, late = address(), address()

    assert [often.send(text="x").status_code for _ in range(6)] == [200, 200, 200, 200, 200, 404]
    clock.advance(timedelta(minutes=30, seconds=1))
    assert late.send(text="x").status_code == 404


def test_an_ephemeral_needs_the_person_there_and_does_not_stay(strict: SlackWorkspace, sdk: WebClient) -> None:
    def shows(person: str) -> Any:
        return sdk.chat_postEphemeral(channel="C0SUPPORT", user=person, text="x")

    assert refusal(lambda: shows("U0OLGA")) == "user_not_in_channel"
    shows("U0SAM")
    assert (len(strict.ephemerals("U0SAM")), strict.ephemerals("U0MARA")) == (1, [])
    strict.dismisses("U0SAM")  # as a reload does
    assert strict.ephemerals("U0SAM") == []


def test_a_trigger_is_for_three_seconds_and_one_modal(
    strict: SlackWorkspace, sdk: WebClient, clock: Clock
) -> None:
    once, late = trigger(strict), trigger(strict)
    view = sdk.views_open(trigger_id=once, view=modal())["view"]

    assert refusal(lambda: sdk.views_open(trigger_id=once, view=modal())) == "exchanged_trigger_id"
    clock.advance(timedelta(seconds=3, milliseconds=1))
    assert refusal(lambda: sdk.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"
    sdk.views_update(view_id=view["id"], hash=view["hash"], view=modal())
    stale = refusal(lambda: sdk.views_update(view_id=view["id"], hash=view["hash"], view=modal()))
    assert stale == "hash_conflict"


@pytest.mark.parametrize("name", [each for each in sized(1) if each not in ONLY_IN_VIEWS])
def test_a_text_one_letter_too_long_is_refused_at_the_door(
    ws: SlackWorkspace, client: WebClient, name: str
) -> None:
    limit = int(name.split()[1])
    client.chat_postMessage(channel="C0ALERTS", text="x", blocks=[sized(limit)[name]])

    assert posting(client, [sized(limit + 1)[name]]) == "invalid_blocks"


@pytest.mark.parametrize("name", counted(1))
def test_one_too_many_is_refused_at_the_door(ws: SlackWorkspace, client: WebClient, name: str) -> None:
    limit = int(name.split()[1])
    client.chat_postMessage(channel="C0ALERTS", text="x", blocks=[counted(limit)[name]])

    assert posting(client, [counted(limit + 1)[name]]) == "invalid_blocks"


def posting(client: WebClient, blocks: list[Json]) -> str:
    return refusal(lambda: client.chat_postMessage(channel="C0ALERTS", text="x", blocks=blocks))


@pytest.mark.parametrize(
    ("part", "limit"),
    [
        ("title", 24),
        ("submit", 24),
        ("close", 24),
        ("callback_id", 255),
        ("external_id", 255),
        ("private_metadata", 3000),
    ],
)
def test_a_view_with_a_part_one_letter_too_long_is_refused(
    ws: SlackWorkspace, client: WebClient, part: str, limit: int
) -> None:
    def opening(size: int) -> Any:
        text = "x" * size
        given = plain(text) if part in {"title", "submit", "close"} else text
        return client.views_open(trigger_id=trigger(ws), view=modal(**{part: given}))

    opening(limit)
    assert refusal(lambda: opening(limit + 1)) == "invalid_arguments"


@pytest.mark.parametrize("name", sorted(ONLY_IN_VIEWS))
def test_a_label_or_hint_one_letter_too_long_is_refused(ws: SlackWorkspace, client: WebClient, name: str) -> None:
    limit = int(name.split()[1])
    client.views_open(trigger_id=trigger(ws), view=modal(sized(limit)[name]))

    too_long = modal(sized(limit + 1)[name])
    assert refusal(lambda: client.views_open(trigger_id=trigger(ws), view=too_long)) == "invalid_arguments"


def test_a_message_has_fifty_blocks_and_a_view_a_hundred(ws: SlackWorkspace, client: WebClient) -> None:
    divider = {"type": "divider"}
    client.chat_postMessage(channel="C0ALERTS", text="x", blocks=[divider] * 50)
    client.views_open(trigger_id=trigger(ws), view={**modal(*[divider] * 100), "submit": plain("Go")})

    assert posting(client, [divider] * 51) == "invalid_blocks"
    large = modal(*[divider] * 101)
    assert refusal(lambda: client.views_open(trigger_id=trigger(ws), view=large)) == "invalid_arguments"


def test_a_view_is_not_too_large_and_three_lie_on_each_other(ws: SlackWorkspace, client: WebClient) -> None:
    large = modal(private_metadata="x" * 250_001)
    assert refusal(lambda: client.views_open(trigger_id=trigger(ws), view=large)) == "view_too_large"

    client.views_open(trigger_id=trigger(ws), view=modal())
    for _ in range(2):
        client.views_push(trigger_id=trigger(ws), view=modal())
    assert refusal(lambda: client.views_push(trigger_id=trigger(ws), view=modal())) == "push_limit_reached"


def test_all_text_together_has_a_limit_and_text_beside_blocks_is_asked_for(
    ws: SlackWorkspace, client: WebClient
) -> None:
    long = [section(text={"type": "plain_text", "text": "x" * 2700}) for _ in range(5)]

    assert posting(client, long) == "msg_blocks_too_long"
    client.chat_postMessage(channel="C0ALERTS", text="x" * 40_001)
    assert len(ws.messages("C0ALERTS")[-1]["text"]) == 40_000
    warned = client.api_call("chat.postMessage", json={"channel": "C0ALERTS", "blocks": CARD[:1]})
    assert "missing_text_in_message" in warned["response_metadata"]["warnings"]


def test_what_the_schema_cannot_say_is_refused_too(ws: SlackWorkspace, client: WebClient) -> None:
    twice = [{"type": "divider", "block_id": "a"}] * 2
    same = [actions(button("a", "b"), button("a", "c"))]
    not_there = {
        "type": "static_select",
        "action_id": "s",
        "options": [option("a")],
        "initial_option": option("b"),
    }
    file = [field("f", "File", {"type": "file_input", "action_id": "v"})]

    assert {posting(client, each) for each in (twice, same, [actions(not_there)], file)} == {"invalid_blocks"}
    client.views_open(trigger_id=trigger(ws), view=modal(*file))


def test_the_old_upload_is_gone(ws: SlackWorkspace, client: WebClient) -> None:
    assert refusal(lambda: client.api_call("files.upload", data={"content": "x"})) == "method_deprecated"


@pytest.mark.parametrize(
    ("path", "good", "wrong"),
    [
        ("display_information.name", "x" * 35, "x" * 36),
        ("display_information.description", "x" * 140, "x" * 141),
        ("display_information.long_description", "x" * 175, "x" * 174),
        ("display_information.long_description", "x" * 4000, "x" * 4001),
        ("features.bot_user.display_name", "x" * 80, "x" * 81),
        ("features.slash_commands.command", "/" + "x" * 31, "/" + "x" * 32),
        ("features.slash_commands.command", "/x", "x"),
        ("features.slash_commands.description", "x" * 2000, "x" * 2001),
        ("features.slash_commands.usage_hint", "x" * 1000, "x" * 1001),
    ],
)
def test_a_manifest_with_a_part_too_long_or_too_short_is_refused(path: str, good: str, wrong: str) -> None:
    assert load(manifest(path, good))
    with pytest.raises(ManifestRefused, match=path.rsplit(".", maxsplit=1)[-1]):
        SlackWorkspace(manifest=manifest(path, wrong))


def manifest(path: str, text: str) -> Json:
    """A manifest with this text at this place."""
    group, *middle, name = path.split(".")
    command = {"command": "/card", "description": "Cards"}
    if middle == ["slash_commands"]:
        return {group: {"slash_commands": [{**command, name: text}]}}
    return {group: {middle[0]: {name: text}} if middle else {name: text}}


def test_a_manifest_has_fifty_commands_and_ours_is_accepted() -> None:
    commands = [{"command": f"/c{number}", "description": "x"} for number in range(51)]

    assert load({"features": {"slash_commands": commands[:50]}})
    with pytest.raises(ManifestRefused, match="50"):
        load({"features": {"slash_commands": commands}})
    assert load(ROOT / "app_manifest.yml")


@pytest.mark.parametrize(
    ("method", "scope", "args"),
    [
        ("chat.postMessage", "chat:write", {"channel": "C0ALERTS", "text": "x"}),
        ("chat.postEphemeral", "chat:write", {"channel": "C0SUPPORT", "user": "U0SAM", "text": "x"}),
        ("users.info", "users:read", {"user": "U0SAM"}),
        ("usergroups.users.list", "usergroups:read", {"usergroup": "S0SUPPORT"}),
        ("conversations.open", "im:write", {"users": "U0SAM"}),
        ("files.info", "files:read", {"file": "F1"}),
        ("files.getUploadURLExternal", "files:write", {"filename": "x", "length": 1}),
    ],
)
def test_a_method_without_its_scope_is_refused(method: str, scope: str, args: Json) -> None:
    ws = SlackWorkspace(scopes=())
    with ws.serving():
        client = WebClient(token=ws.credentials.bot_token, base_url=ws.api_url, retry_handlers=[])
        with pytest.raises(SlackApiError) as refused:
            client.api_call(method, json=args)
        assert client.auth_test()["ok"]

    assert (refused.value.response["error"], refused.value.response["needed"]) == ("missing_scope", scope)


def test_a_stranger_clicks_with_the_name_of_their_own_team(strict: SlackWorkspace, sdk: WebClient) -> None:
    sdk.chat_postMessage(channel="C0APPROVALS", text="x", blocks=CARD)
    [card] = strict.messages("C0APPROVALS")

    clicked = strict.clicks("U0STRANGER", message=card, action_id="approve").payload

    assert (clicked["user"]["team_id"], clicked["team"]["id"]) == ("T0ELSEWHERE", "T0CARDOPS")
    assert sdk.users_info(user="U0GUEST")["user"]["is_restricted"]
    assert sdk.users_info(user="U0GONE")["user"]["deleted"]
    assert sdk.users_info(user="U0OTHERBOT")["user"]["is_bot"]


def test_where_the_app_cannot_speak_and_when_it_is_gone(strict: SlackWorkspace, sdk: WebClient) -> None:
    def says(channel: str) -> str:
        return refusal(lambda: sdk.chat_postMessage(channel=channel, text="x"))

    assert [says(each) for each in ("C0GENERAL", "C0OLD", "C0NOWHERE")] == [
        "not_in_channel",
        "is_archived",
        "channel_not_found",
    ]
    for error in ("token_revoked", "account_inactive", "invalid_auth"):
        strict.revokes_tokens(error)
        assert says("C0ALERTS") == error


def test_the_modal_of_every_kind_of_input_is_accepted(ws: SlackWorkspace, client: WebClient) -> None:
    assert client.views_open(trigger_id=trigger(ws), view=MODAL)["ok"]
