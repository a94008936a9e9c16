"""The rarer answers of the Web API, and the workspace without a server."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient

from sandbox.clock import Clock
from sandbox.slack import CannotAct, SlackWorkspace, seed
from tests.sandbox.slack.test_web_api import refusal

Json = dict[str, Any]


def test_who_else_can_be_asked_for(client: WebClient) -> None:
    assert client.users_lookupByEmail(email="SAM@northwind.example")["user"]["id"] == "U0SAM"
    assert refusal(lambda: client.users_lookupByEmail(email="no@body.example")) == "users_not_found"
    assert client.team_info()["team"]["name"] == "Northwind Cards"
    assert refusal(lambda: client.team_info(team="T0OTHER")) == "team_not_found"
    assert client.bots_info(bot="B0CARDOPS")["bot"]["user_id"] == "U0BOT"
    assert refusal(lambda: client.bots_info(bot="B0")) == "bot_not_found"
    first = client.users_list(limit=5)
    rest = client.users_list(cursor=first["response_metadata"]["next_cursor"])
    assert len(first["members"]) == 5
    assert {each["id"] for each in rest["members"]} >= {"U0GONE", "U0STRANGER", "U0BOT"}


def test_direct_conversations_that_cannot_be(client: WebClient) -> None:
    assert refusal(lambda: client.conversations_open(users="")) == "users_list_not_supplied"
    assert refusal(lambda: client.conversations_open(users="U0SAM,U0MARA")) == "too_many_users"
    assert refusal(lambda: client.conversations_open(users="U0OTHERBOT")) == "cannot_dm_bot"
    assert refusal(lambda: client.chat_postMessage(channel="U0OTHERBOT", text="x")) == "channel_not_found"
    dm = client.conversations_open(users="U0SAM", return_im=True)["channel"]
    assert (dm["is_im"], dm["user"]) == (True, "U0SAM")
    assert client.conversations_open(channel=dm["id"])["channel"]["id"] == dm["id"]


def test_arguments_that_are_not_what_they_should_be(client: WebClient) -> None:
    assert refusal(lambda: client.conversations_history(channel="C0ALERTS", limit=0)) == "invalid_limit"
    assert refusal(lambda: client.conversations_history(channel="C0ALERTS", oldest="x")) == "invalid_ts_oldest"
    assert (
        refusal(lambda: client.api_call("chat.postMessage", json={"channel": ["C0ALERTS"]})) == "invalid_arguments"
    )
    broken = {"channel": "C0ALERTS", "text": "x", "blocks": "[{"}
    assert refusal(lambda: client.api_call("chat.postMessage", params=broken)) == "invalid_arguments"
    assert refusal(lambda: client.files_getUploadURLExternal(filename="a", length=0)) == "invalid_arguments"
    assert (
        refusal(lambda: client.files_completeUploadExternal(files=[{"id": "F0", "title": "x"}]))
        == "file_not_found"
    )


def test_blocks_come_in_json_and_in_a_form(ws: SlackWorkspace) -> None:
    blocks = [{"type": "divider"}]
    known = {"Authorization": f"Bearer {ws.credentials.bot_token}"}
    said: Json = {"channel": "#card-alerts", "text": "x"}
    address = f"{ws.api_url}chat.postMessage"

    as_json = httpx.post(address, json={**said, "blocks": blocks}, headers=known).json()
    as_text = httpx.post(address, json={**said, "blocks": json.dumps(blocks)}, headers=known).json()
    as_form = httpx.post(address, data={**said, "blocks": json.dumps(blocks)}, headers=known).json()
    with_token = httpx.post(address, data={**said, "token": ws.credentials.bot_token}).json()
    broken = httpx.post(address, content=b"{", headers={**known, "Content-Type": "application/json"}).json()

    for answer in (as_json, as_text, as_form):
        assert answer["message"]["blocks"][0]["type"] == "divider"
    assert with_token["ok"]
    assert broken["error"] == "invalid_arguments"


def test_threads_and_reactions_are_refused_by_name(ws: SlackWorkspace, client: WebClient) -> None:
    parent = client.chat_postMessage(channel="C0ALERTS", text="a")["ts"]
    child = client.chat_postMessage(channel="C0ALERTS", text="b", thread_ts=parent)["ts"]

    def reply() -> None:
        client.chat_postMessage(channel="C0ALERTS", text="c", thread_ts=child)

    assert refusal(reply) == "cannot_reply_to_message"
    assert refusal(lambda: client.reactions_add(channel="C0ALERTS", timestamp=parent, name="!")) == "invalid_name"
    link = client.chat_getPermalink(channel="C0ALERTS", message_ts=child)["permalink"]
    assert link.endswith(f"?thread_ts={parent}&cid=C0ALERTS")
    client.chat_delete(channel="C0ALERTS", ts=child)
    assert len(ws.messages("C0ALERTS", parent)) == 1
    ws.archives("C0ALERTS")
    assert refusal(lambda: client.chat_update(channel="C0ALERTS", ts=parent, text="x")) == "is_inactive"
    assert refusal(lambda: client.reactions_add(channel="C0ALERTS", timestamp=parent, name="x")) == "is_archived"
    ws.archives("C0ALERTS", archived=False)
    ws.kicks("C0ALERTS")
    assert refusal(lambda: client.chat_update(channel="C0ALERTS", ts=parent, text="x")) == "channel_not_found"
    ws.invites("C0ALERTS")
    client.chat_update(channel="C0ALERTS", ts=parent, text="x", metadata={"event_type": "e", "event_payload": {}})
    client.api_call("chat.update", json={"channel": "C0ALERTS", "ts": parent, "text": "x", "metadata": {}})
    assert "metadata" not in ws.message("C0ALERTS", parent)
    ws.deletes("C0ALERTS", parent)
    assert refusal(lambda: client.chat_update(channel="C0ALERTS", ts=parent, text="x")) == "message_not_found"


def test_people_change(ws: SlackWorkspace, client: WebClient) -> None:
    ws.changes_person("U0SAM", is_restricted=True)
    ws.reinstalls(scopes={"users:read"})

    person = client.users_info(user="U0SAM")["user"]
    assert person["is_restricted"] is True
    assert "email" not in person["profile"]
    with pytest.raises(CannotAct):
        ws.types("U0OTHERBOT", "/card", channel="C0GENERAL")
    with pytest.raises(CannotAct):
        ws.types("U0NOBODY", "/card", channel="C0GENERAL")


def test_nothing_is_sent_before_there_is_a_server(clock: Clock, tmp_path: Path) -> None:
    manifest = tmp_path / "app_manifest.yml"
    manifest.write_text("features: {slash_commands: [{command: /card, usage_hint: info}]}")
    ws = SlackWorkspace(clock=clock, manifest=manifest)

    with pytest.raises(RuntimeError, match="not served yet"):
        _ = ws.base_url
    with pytest.raises(CannotAct, match="nothing was delivered"):
        ws.repeats_last_delivery()
    assert ws.types("U0SAM", "/card", channel="C0SUPPORT").error == "dispatch_failed"
    assert ws.acts.commands["/card"]["usage_hint"] == "info"
    with pytest.raises(TimeoutError):
        ws.wait_for(lambda: False, timeout=0.05)
    with pytest.raises(RuntimeError):
        ws.drops_sockets()


def test_a_grid_workspace_names_its_enterprise(clock: Clock) -> None:
    team = replace(seed.TEAM, enterprise_id="E0GRID", enterprise_name="Grid")
    ws = SlackWorkspace(clock=clock, team=team, delivery=lambda *_: (200, {}, b""), base_url="http://x")

    assert ws.types("U0SAM", "/card", channel="C0SUPPORT").payload["enterprise_id"] == "E0GRID"
    assert ws.uses_shortcut("U0SAM", "x").payload["enterprise"] == {"id": "E0GRID", "name": "Grid"}


@pytest.mark.parametrize("is_read_only", [True, False])
def test_an_app_whose_messages_tab_is_read_only_cannot_be_written_to(clock: Clock, is_read_only: bool) -> None:
    manifest = {"features": {"app_home": {"messages_tab_read_only_enabled": is_read_only}}}
    ws = SlackWorkspace(clock=clock, manifest=manifest)
    dm = ws.state.dm_of("U0SAM").id

    if is_read_only:
        with pytest.raises(CannotAct, match="turned off"):
            ws.types("U0SAM", "hello", channel=dm)
    else:
        assert ws.types("U0SAM", "hello", channel=dm).payload["text"] == "hello"
