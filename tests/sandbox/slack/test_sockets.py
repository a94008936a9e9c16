"""Socket Mode as a client sees it: single-use addresses, ten connections, acknowledgements, warnings."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import pytest
from slack_sdk import WebClient

from sandbox.running import Running
from sandbox.slack import SlackWorkspace

Json = dict[str, Any]


@contextmanager
def served(**options: Any) -> Iterator[tuple[SlackWorkspace, Running]]:
    ws = SlackWorkspace(rate_limits=False, **options)
    with ws.serving() as running:
        yield ws, running


def link(ws: SlackWorkspace) -> str:
    return str(WebClient(base_url=ws.api_url).apps_connections_open(app_token=ws.credentials.app_token)["url"])


def test_an_address_works_once_and_only_for_an_app_token() -> None:
    with served() as (ws, running):
        url = link(ws)

        async def twice() -> tuple[Json, int]:
            async with aiohttp.ClientSession() as session:
                async with session.ws_connect(url) as socket:
                    hello = await socket.receive_json()
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await session.ws_connect(url)
                return hello, refused.value.status

        hello, status = running.call(twice())
        assert hello["type"] == "hello"
        assert hello["connection_info"] == {"app_id": "A0CARDOPS"}
        assert status == 404


def test_the_eleventh_connection_is_sent_away() -> None:
    with served() as (ws, running):
        urls = [link(ws) for _ in range(11)]

        async def connect() -> list[Json]:
            async with aiohttp.ClientSession() as session:
                sockets = [await session.ws_connect(url) for url in urls]
                first = [await socket.receive_json() for socket in sockets]
                for socket in sockets:
                    await socket.close()
                return first

        greetings = running.call(connect())
        assert [each["type"] for each in greetings] == ["hello"] * 10 + ["disconnect"]
        assert greetings[9]["num_connections"] == 10
        assert greetings[10]["reason"] == "too_many_websockets"


def test_each_payload_goes_to_any_one_and_its_acknowledgement_may_answer() -> None:
    with served() as (ws, running):
        urls = [link(ws) for _ in range(3)]
        got: list[tuple[int, Json]] = []
        answers: Json = {"slash_commands": {"text": "hello"}}

        async def listen(number: int, session: aiohttp.ClientSession) -> None:
            async with session.ws_connect(urls[number]) as socket:
                async for frame in socket:
                    envelope = json.loads(frame.data)
                    if "envelope_id" not in envelope:
                        continue
                    got.append((number, envelope))
                    answer = {"envelope_id": envelope["envelope_id"]}
                    if envelope["type"] in answers:
                        answer["payload"] = answers[envelope["type"]]
                    await socket.send_json(answer)

        async def listen_all() -> None:
            async with aiohttp.ClientSession() as session:
                await asyncio.gather(*(listen(number, session) for number in range(3)))

        async def begin() -> "asyncio.Task[None]":
            return asyncio.create_task(listen_all())

        task = running.call(begin())
        ws.wait_for(lambda: len(ws.sockets.connections) == 3)
        deliveries = [ws.types("U0SAM", "/card", channel="C0SUPPORT") for _ in range(12)]
        ws.opens_home("U0SAM")
        ws.drops_sockets()

        async def finish() -> None:
            await task

        running.call(finish())

    assert {each.transport for each in deliveries} == {"socket"}
    assert len(ws.ephemerals("U0SAM")) == 12
    assert {number for number, _ in got} == {0, 1, 2}
    assert len(got) == 13
    event = got[-1][1]
    assert (event["type"], event["accepts_response_payload"], event["retry_attempt"]) == (
        "events_api",
        False,
        0,
    )


def test_without_an_acknowledgement_the_person_is_told() -> None:
    with served(acknowledge_seconds=0.2) as (ws, running):
        url = link(ws)

        async def connect() -> tuple[aiohttp.ClientSession, aiohttp.ClientWebSocketResponse]:
            session = aiohttp.ClientSession()
            return session, await session.ws_connect(url)

        session, socket = running.call(connect())
        ws.wait_for(lambda: ws.sockets.connections)
        late = ws.types("U0SAM", "/card", channel="C0SUPPORT")

        async def rest() -> list[str]:
            types = [json.loads(frame.data)["type"] async for frame in socket]
            await session.close()
            return types

        ws.warns_sockets(seconds=0)
        types = running.call(rest())
        ws.wait_for(lambda: not ws.sockets.connections)
        gone = ws.types("U0SAM", "/card", channel="C0SUPPORT")

    assert late.shown == '/card failed with the error "operation_timeout"'
    assert types == ["hello", "slash_commands", "disconnect"]
    assert gone.shown == '/card failed with the error "dispatch_failed"'
