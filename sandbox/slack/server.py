"""The web application of the workspace: which address answers what; starts and stops what needs a loop."""

import asyncio
import json
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.slack.acts import event_act
from sandbox.slack.answers import use_response_address
from sandbox.slack.outside_api import BackstageView, OutsideApi
from sandbox.slack.page_api import PageApi
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import Json
from sandbox.slack.web_api import WebApi

if TYPE_CHECKING:
    from sandbox.slack.workspace import SlackWorkspace

PAGE = Path(__file__).parent / "page"
RETRY_SECONDS = 0.2
UPLOAD_BYTES = 64 * 1024 * 1024
# Nothing is ever asked of another machine, whatever a message says.
POLICY = "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; object-src 'none'; base-uri 'none'"
ON_THIS_MACHINE = frozenset({"127.0.0.1", "::1"})


class Server:
    """Builds `app`."""

    def __init__(self, *, workspace: "SlackWorkspace", api: WebApi, backstage: BackstageView) -> None:
        """Route the Web API, Socket Mode, response addresses, files and the page."""
        self._workspace = workspace
        self._api = api
        self._page = PageApi(workspace=workspace, backstage=backstage)
        outside = OutsideApi(backstage=backstage, faults=workspace.faults)
        self.app = web.Application(client_max_size=UPLOAD_BYTES, middlewares=[self._note_address])
        self.app.router.add_route("*", "/api/{method}", api.answer)
        self.app.router.add_get("/link/", workspace.sockets.connect)
        for kind in ("commands", "actions", "app"):
            self.app.router.add_post(f"/{kind}/{{team}}/{{number}}/{{secret}}", self._respond)
        self.app.router.add_post("/upload/v1/{ticket}", self._upload)
        self.app.router.add_get("/files-pri/{file}/{name}", self._download)
        self.app.add_routes([*self._page.routes, *outside.routes])
        self.app.router.add_get("/", self._index)
        self.app.router.add_get("/archives/{channel}/{message}", self._index)
        self.app.router.add_static("/page", PAGE)
        self.app.cleanup_ctx.append(self._alive)
        self.app.on_shutdown.append(self._shut)

    @web.middleware
    async def _note_address(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.remote not in ON_THIS_MACHINE:
            return web.Response(status=403, text="only from this machine")
        if not self._workspace.has_base_url:
            self._workspace.base_url = f"{request.scheme}://{request.host}"
        return await handler(request)

    async def _alive(self, _: web.Application) -> AsyncIterator[None]:
        await self._workspace.courier.start()
        await self._api.start()
        self._page.start()
        task = asyncio.create_task(self._repeat_events())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await self._workspace.courier.stop()

    async def _shut(self, _: web.Application) -> None:
        await self._api.stop()
        self._page.stop()
        await self._workspace.sockets.drop()

    async def _repeat_events(self) -> None:
        while True:
            for envelope in self._workspace.retries.due():
                answer = await self._workspace.courier.deliver(envelope)
                self._workspace.record(event_act(envelope), answer)
            await asyncio.sleep(RETRY_SECONDS)

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html", headers={"Content-Security-Policy": POLICY})

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if request.content_type == "application/x-www-form-urlencoded":
            body = urllib.parse.parse_qs(body.decode()).get("payload", ["{}"])[0].encode()
        try:
            payload: Json = json.loads(body)
            use_response_address(self._workspace.state, request.path, payload)
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        except SlackRefusal as refused:
            status = 404 if refused.code.endswith("_url") else 400
            return web.json_response(refused.as_json(), status=status)
        return web.Response(text="ok")

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        files = self._workspace.state.files.by_id.values()
        file = next((each for each in files if each.ticket == request.match_info["ticket"]), None)
        if file is None or file.is_ready:
            return web.Response(status=404, text="no such upload")
        if request.content_type == "multipart/form-data":
            field = next(iter((await request.post()).values()), "")
            content = field.file.read() if isinstance(field, web.FileField) else str(field).encode()
        else:
            content = await request.read()
        if len(content) != file.length:
            return web.Response(status=400, text="the length is not what was announced")
        file.content = content
        return web.Response(text=f"OK - {len(content)}")

    async def _download(self, request: web.Request) -> web.StreamResponse:
        known = self._workspace.credentials
        is_app = request.headers.get("Authorization") == f"Bearer {known.bot_token}" and not known.refusal
        is_page = request.headers.get("Sec-Fetch-Site") == "same-origin"
        if not is_page and not (is_app and "files:read" in known.scopes):
            return web.Response(status=403, text="not authorised")
        try:
            file = self._workspace.state.files.get(request.match_info["file"].partition("-")[2])
        except SlackRefusal:
            return web.Response(status=404, text="no such file")
        return web.Response(
            body=file.content,
            headers={"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"},
        )
