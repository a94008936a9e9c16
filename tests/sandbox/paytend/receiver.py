"""A receiver of webhooks for these tests, which answers as a test configures it."""

from typing import Any

from aiohttp import web

GOOD: tuple[int, str] = (200, '{"status":"00","msg":"ok"}')


class Receiver:
    """Keeps what it gets; `answers` are used up first, then everything is accepted."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.answers: list[tuple[int, str]] = []
        self.app = web.Application()
        self.app.router.add_post("/hook", self._take)

    async def _take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.received.append(await request.json())
        status, text = self.answers.pop(0) if self.answers else GOOD
        return web.Response(status=status, text=text, content_type="application/json")
