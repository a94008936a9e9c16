"""What the page asks of the workspace, without a browser."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from slack_sdk import WebClient

from sandbox.clock import Clock
from sandbox.running import Running
from sandbox.slack import SlackWorkspace
from tests.sandbox.slack.samples import CARD, HOME, MODAL

Json = dict[str, Any]
PROGRAM = (sys.executable, "-m", "sandbox", "slack", "--port")


@pytest.fixture
def page(ws: SlackWorkspace) -> Any:
    with httpx.Client(base_url=ws.base_url) as found:
        yield found


def act(page: httpx.Client, kind: str, person: str = "U0SAM", **facts: Any) -> Json:
    found: Json = page.post("/_page/act", json={"kind": kind, "person": person, **facts}).json()
    return found


def state(page: httpx.Client, person: str = "U0SAM", channel: str = "C0SUPPORT", thread: str = "") -> Json:
    found: Json = page.get("/_page/state", params={"person": person, "channel": channel, "thread": thread}).json()
    return found


def test_it_knows_who_is_there(page: httpx.Client) -> None:
    about = page.get("/_page/workspace").json()

    marks = {each["id"]: each["mark"] for each in about["people"]}
    assert marks["U0STRANGER"] == "other workspace"
    assert marks["U0GUEST1"] == "single-channel guest"
    assert not next(each for each in about["people"] if each["id"] == "U0GONE")["can_act"]
    assert page.get("/_page/state", params={"person": "U0NOBODY"}).status_code == 404
    assert "Content-Security-Policy" in page.get("/").headers


def test_each_person_sees_their_own(page: httpx.Client, client: WebClient) -> None:
    client.chat_postMessage(channel="C0AUDIT", text="for few")
    client.chat_postMessage(channel="C0ALERTS", text="<!subteam^S0SUPPORT> look")
    client.chat_postEphemeral(channel="C0SUPPORT", user="U0SAM", text="psst")

    sam, mara = state(page), state(page, "U0MARA")

    assert "C0AUDIT" not in {each["id"] for each in sam["places"]}
    assert "C0AUDIT" in {each["id"] for each in mara["places"]}
    assert [each["text"] for each in sam["messages"]] == ["psst"]
    assert mara["messages"] == []
    alerts = next(each for each in sam["places"] if each["id"] == "C0ALERTS")
    assert (alerts["unread"], alerts["mentions"]) == (1, 1)
    assert state(page, channel="C0AUDIT")["messages"] == []
    state(page, channel="C0ALERTS")
    assert next(each for each in state(page)["places"] if each["id"] == "C0ALERTS")["unread"] == 0


def test_people_act_through_it(ws: SlackWorkspace, page: httpx.Client, client: WebClient) -> None:
    assert act(page, "type", channel="C0SUPPORT", text="hello")["ok"]
    assert not act(page, "type", channel="C0AUDIT", text="hello")["ok"]
    assert page.post("/_page/act", json={"kind": "dance", "person": "U0SAM"}).status_code == 400
    parent = ws.messages("C0SUPPORT")[0]["ts"]
    act(page, "type", channel="C0SUPPORT", text="reply", thread=parent)
    assert [each["text"] for each in state(page, thread=parent)["thread"]] == ["hello", "reply"]
    assert (
        act(page, "type", channel="C0SUPPORT", text="/x", thread=parent)["shown"]
        == "/x is not supported in threads. Sorry!"
    )

    ts = client.chat_postMessage(channel="C0SUPPORT", text="card", blocks=CARD)["ts"]
    assert act(page, "click", channel="C0SUPPORT", ts=ts, action_id="approve", block_id="decide")["ok"]
    assert ws.deliveries[-1].payload["actions"][0]["value"] == "7:abc"
    assert act(page, "shortcut", callback_id="look", channel="C0SUPPORT", ts=ts)["ok"]
    assert act(page, "open_home")["ok"]
    client.views_publish(user_id="U0SAM", view=HOME)
    assert state(page)["home"]["blocks"][0]["text"]["text"] == "Waiting for you"

    trigger = ws.types("U0SAM", "/x", channel="C0SUPPORT").payload["trigger_id"]
    view = client.views_open(trigger_id=trigger, view=MODAL)["view"]["id"]
    file = page.post("/_page/upload", params={"person": "U0SAM", "name": "a.txt"}, content=b"abc").json()["id"]
    wrong = act(page, "submit", view=view, values={"document": {"v": [file]}})
    assert wrong["errors"]["amount"] == "Please complete this required field."
    assert act(page, "search", view=view, action_id="city", query="V")["error"].startswith("invalid_options")
    assert act(page, "close", all=True)["ok"]
    assert state(page)["modals"] == []
    assert act(page, "submit", view=view)["shown"] == "You cannot do that: this modal was closed"

    client.chat_postEphemeral(channel="C0SUPPORT", user="U0SAM", text="psst")
    page.post("/_page/dismiss", json={"person": "U0SAM", "ts": ws.ephemerals("U0SAM")[0]["ts"]})
    assert ws.ephemerals("U0SAM") == []


def test_another_sites_page_cannot_act(page: httpx.Client) -> None:
    asked = {"kind": "type", "person": "U0SAM", "channel": "C0SUPPORT", "text": "x"}

    assert page.post("/_page/act", json=asked, headers={"Origin": "http://evil.example"}).status_code == 403


def test_changes_are_streamed(ws: SlackWorkspace, page: httpx.Client) -> None:
    with page.stream("GET", "/_page/events") as stream:
        lines = (line for line in stream.iter_lines() if line)
        first = next(lines)
        ws.types("U0SAM", "hello", channel="C0SUPPORT")
        assert next(lines) > first


def test_files_are_for_the_app_and_the_page(ws: SlackWorkspace, page: httpx.Client) -> None:
    file = ws.uploads("U0SAM", "a.txt", b"abc")
    path = f"/files-pri/T0CARDOPS-{file}/a.txt"

    assert page.get(path).status_code == 403
    known = {"Authorization": f"Bearer {ws.credentials.bot_token}"}
    assert page.get(path, headers=known).content == b"abc"
    assert page.get(path.replace(file, "F0"), headers=known).status_code == 404


def test_the_outside_world_is_reached_through_the_panel_only(tmp_path: Path) -> None:
    got: list[Json] = []

    async def listen(request: web.Request) -> web.Response:
        got.append(await request.json())
        return web.Response(text="done")

    app = web.Application()
    app.router.add_post("/purchase", listen)
    panel = tmp_path / "panel.json"
    with Running(app) as other:
        offers = [
            {"title": "A purchase", "url": f"{other.url}/purchase", "fields": [{"name": "amount"}]},
            {"title": "Nobody there", "url": "http://127.0.0.1:9/"},
        ]
        panel.write_text(json.dumps(offers))
        ws = SlackWorkspace(panel=panel)
        with ws.serving(), httpx.Client(base_url=ws.base_url) as page:
            assert page.get("/panel.json").json() == offers
            done = page.post("/_page/panel", json={"title": "A purchase", "values": {"amount": 5}}).json()
            gone = page.post("/_page/panel", json={"title": "Nobody there"}).json()
            other_place = page.post("/_page/panel", json={"title": "x", "url": other.url})

    assert (done["ok"], done["answer"], got) == (True, "done", [{"amount": 5}])
    assert gone["ok"] is False
    assert other_place.status_code == 404


def test_the_workspace_runs_by_itself() -> None:
    with subprocess.Popen([*PROGRAM, "0"], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        address = child.stdout.readline().split()[-1]
        api = child.stdout.readline().strip()
        assert httpx.get(f"{address}/_page/workspace").json()["team"]["id"] == "T0CARDOPS"
        os.kill(child.pid, signal.SIGTERM)
        assert child.wait(timeout=10) == 0
    assert api == f"SLACK_API_BASE_URL={address}/api/"


def test_a_taken_port_is_said(clock: Clock) -> None:
    with SlackWorkspace(clock=clock).serving() as running:
        port = running.url.rpartition(":")[2]
        found = subprocess.run([*PROGRAM, port], capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert "cannot listen" in found.stderr
