"""A proxy before the bot's webhook edge that can keep the bot's answer from the sender."""

import threading
from collections.abc import Callable

import httpx
from aiohttp import ClientSession, web

from sandbox.running import Running
from tests import once


class Letterbox:
    """Hands webhooks on to `to()`; while `keeps_answers` is set the sender hears nothing of what was answered."""

    def __init__(self, to: Callable[[], str]) -> None:
        self._to = to
        self.keeps_answers = False
        self.answered = threading.Event()
        self.app = web.Application()
        self.app.router.add_post("/paytend/webhook", self._hand_on)

    async def _hand_on(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        async with ClientSession() as session, session.post(f"{self._to()}/paytend/webhook", data=body) as answer:
            content, status = await answer.read(), answer.status
        if self.keeps_answers:
            self.answered.set()
            assert request.transport is not None
            request.transport.abort()
        return web.Response(body=content, status=status, content_type="application/json")

    def running(self) -> Running:
        return Running(self.app)


def post_once(url: str, sealed: dict[str, str]) -> httpx.Response:
    """Post a webhook's bytes, as its sender would."""
    return httpx.post(f"{url}/paytend/webhook", json=sealed, timeout=10, trust_env=False, verify=once.tls())
