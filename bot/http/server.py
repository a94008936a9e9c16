"""Serves the web application by uvicorn, and adds deadlines for slow senders and a cap on connections.

A request is read whole, at most 1 MiB, on the event loop; only then does it take a thread (ADR 0002), so that slow
senders occupy none. A request that waits for nothing is answered on the loop itself: handing it to a thread and
back costs more than answering it.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import uvicorn

from bot.http.addresses import Network, find_sender
from bot.http.app import BROKEN, Allowance, DroppableResponse, HttpRequest, HttpResponse
from bot.http.bodies import TooLarge, UploadRule, read_body, read_upload
from bot.http.connections import (
    ALLOWED,
    AWAITED,
    DEADLINE,
    MOST_CONNECTIONS,
    MOST_OF_ONE,
    ConnectionLimits,
    make_protocol,
)
from bot.http.places import RequestPlaces, TooMany
from bot.http.refusals import ServerLimit

THREADS = 32
ANSWERED_WITHIN = 4.5  # seconds; a sender that hears nothing for longer asks elsewhere
# Responses from other threads that one turn of the loop sends: a request that arrives meanwhile waits for them.
SENT_IN_A_TURN = 4

# Returns the response to a request, or a future of it.
Application = Callable[[HttpRequest], HttpResponse | Future[HttpResponse]]
# Whether the application answers a request without waiting: no disk, no network, no lock that is held for long.
IsInstant = Callable[[HttpRequest], bool]


BUSY = HttpResponse(status="503 Service Unavailable", headers=(("Retry-After", "5"), ("Connection", "close")))

_log = logging.getLogger(__name__)


class _ResponseQueue:
    """Brings responses from other threads to the event loop; those that arrive together wake it once.

    They are sent a few at a time: the sender of each follows with its next request, which should not wait for all.
    """

    def __init__(self) -> None:
        self._arrived: list[tuple[asyncio.Future[HttpResponse], Future[HttpResponse]]] = []
        self._lock = threading.Lock()

    def wait_for(self, response: Future[HttpResponse], *, within: float) -> asyncio.Future[HttpResponse]:
        """Return a future of the loop for a response of another thread; BUSY when it takes longer, in seconds."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[HttpResponse] = loop.create_future()
        timer = loop.call_later(within, _give_up, waiting, response)
        waiting.add_done_callback(lambda _waiting: timer.cancel())
        response.add_done_callback(partial(self._bring, loop, waiting))
        return waiting

    def _bring(
        self,
        loop: asyncio.AbstractEventLoop,
        waiting: asyncio.Future[HttpResponse],
        response: Future[HttpResponse],
    ) -> None:
        with self._lock:
            is_first = not self._arrived
            self._arrived.append((waiting, response))
        if is_first:
            loop.call_soon_threadsafe(self._send_some)

    def _send_some(self) -> None:
        with self._lock:
            arrived, self._arrived = self._arrived[:SENT_IN_A_TURN], self._arrived[SENT_IN_A_TURN:]
            if self._arrived:
                asyncio.get_running_loop().call_soon(self._send_some)
        for waiting, response in arrived:
            if waiting.done():  # the sender has gone
                continue
            if response.cancelled():
                waiting.set_result(BUSY)  # the sender has gone: no response reaches it
            elif error := response.exception():
                waiting.set_exception(error)
            else:
                waiting.set_result(response.result())


def _give_up(waiting: asyncio.Future[HttpResponse], response: Future[HttpResponse]) -> None:
    """Put a sender off whose work hangs, such as at a database that does not answer; it may still be done."""
    if not waiting.done():
        waiting.set_result(BUSY)
        if isinstance(response, DroppableResponse):
            response.cancel()


class _Bridge:
    """The ASGI application: reads a request whole, and sends the application's response."""

    def __init__(
        self, application: Application, is_instant: IsInstant, uploads: UploadRule, limits: ConnectionLimits
    ) -> None:
        self._application = application
        self._is_instant = is_instant
        self._uploads = uploads
        self._limits = limits
        self._places = RequestPlaces(most_of_one=limits.most_of_one)
        self._responses = _ResponseQueue()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="web")

    async def __call__(self, scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        headers = _read_headers(scope["headers"])
        peer = (scope.get("client") or ("",))[0]
        sender = find_sender(peer, headers.get("x-forwarded-for", ""), trusted=self._limits.trusted)
        head = HttpRequest(method=scope["method"], path=scope["path"], headers=headers, sender=sender)
        announced = int(headers.get("content-length", "0"))
        try:
            with self._places.request_of(sender), self._places.body() as place:
                if allowed := await self._admit(head):
                    with self._places.upload_to(head.path):
                        scope["extensions"][ALLOWED](allowed.reads, allowed.seconds)
                        body = await read_upload(receive, announced, allowed)
                        await _send(send, await self._respond_to_upload(head, body, allowed))
                    return
                # By the header, before any of the body is read.
                request = replace(head, body=await read_body(receive, announced, places=self._places, place=place))
                await _send(send, await self._respond(request, scope["extensions"][AWAITED]))
        except TooLarge:
            self._limits.refuse("content too large")
            await _send(send, HttpResponse(status="413 Content Too Large", headers=(("Connection", "close"),)))
        except TooMany:
            self._limits.refuse(ServerLimit.AT_A_TIME)
            await _send(send, BUSY)

    async def _admit(self, head: HttpRequest) -> Allowance | None:
        if not self._uploads.applies(head):
            return None
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._uploads.admit, head)

    async def _respond_to_upload(self, head: HttpRequest, body: bytes | None, allowed: Allowance) -> HttpResponse:
        request = replace(head, body=body or b"", is_too_large=body is None)
        answered = asyncio.ensure_future(self._respond(request, lambda _response: None))
        done, _ = await asyncio.wait({answered}, timeout=allowed.answered_within)
        return answered.result() if done else allowed.late

    async def _respond(self, request: HttpRequest, watch: Callable[[Future[HttpResponse]], None]) -> HttpResponse:
        try:
            if self._is_instant(request):
                response = self._application(request)
            else:
                loop = asyncio.get_running_loop()
                response = await loop.run_in_executor(self._threads, self._application, request)
            if isinstance(response, HttpResponse):
                return response
            if isinstance(response, DroppableResponse):
                watch(response)
            return await self._responses.wait_for(response, within=ANSWERED_WITHIN)
        except Exception:  # noqa: BLE001 - the edge of the process: the sender gets no detail, the log has it
            _log.exception("web.broken", extra={"path": _hide_rest(request.path)})
            return BROKEN

    def close(self) -> None:
        """Wait for the requests that are being answered."""
        self._threads.shutdown(wait=True)


def _hide_rest(path: str) -> str:
    """Return a path for the log: what follows its first name may be a token."""
    first, *rest = path[1:].split("/", maxsplit=1)
    return f"/{first}/…" if rest else f"/{first}"


def _read_headers(sent: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by name; the values of one that came twice are joined, so that nobody picks one of them."""
    headers: dict[str, str] = {}
    for name, value in sent:
        text, known = value.decode("latin-1"), headers.get(key := name.decode("latin-1"))
        headers[key] = text if known is None else f"{known}, {text}"
    return headers


async def _send(send: Callable[..., Any], response: HttpResponse) -> None:
    named = (("Content-Type", response.type), ("Content-Length", str(len(response.body))), *response.headers)
    headers = [(name.lower().encode(), value.encode()) for name, value in named]
    await send({"type": "http.response.start", "status": int(response.status[:3]), "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


class Server:
    """The web server; it runs on a thread of its own."""

    def __init__(
        self,
        application: Application,
        *,
        host: str,
        port: int,
        deadline: float = DEADLINE,
        most_connections: int = MOST_CONNECTIONS,
        most_of_one: int = MOST_OF_ONE,
        trusted: Sequence[Network] = (),
        refuse: Callable[[str], None] = lambda _reason: None,
        is_instant: IsInstant = lambda _request: False,
        uploads: UploadRule | None = None,
    ) -> None:
        """Prepare to serve the application; with port 0 the system chooses one, `deadline` is in seconds.

        Requests for which `is_instant` is true are answered on the event loop, where nothing may wait. `trusted`
        are proxies, whose header X-Forwarded-For says who sends; `refuse` gets the reason of each refusal, and
        `uploads` says which requests may send more.
        """
        limits = ConnectionLimits(
            deadline=deadline,
            most_connections=most_connections,
            most_of_one=most_of_one,
            trusted=tuple(trusted),
            refuse=refuse,
        )
        self._bridge = _Bridge(application, is_instant, uploads or UploadRule(), limits)
        config = uvicorn.Config(
            self._bridge,
            host=host,
            port=port,
            http=make_protocol(limits),
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            # Anybody can send X-Forwarded-For.
            proxy_headers=False,
            timeout_keep_alive=max(1, int(deadline)),
            timeout_graceful_shutdown=10,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="web-loop", daemon=True)
        self._failed: BaseException | None = None

    def _run(self) -> None:
        try:
            # Not `run`, which would take the signals that `cardops run` handles.
            config = self._server.config
            config.load()
            with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
                runner.run(self._server._serve(sockets=None))  # noqa: SLF001 - `serve` takes the signals too
        except SystemExit as error:  # uvicorn exits when the port is taken
            self._failed = error

    def start(self) -> None:
        """Serve; return when connections are accepted. Raises OSError when the address is taken or not ours."""
        self._thread.start()
        while not self._server.started:
            self._thread.join(timeout=0.005)
            if not self._thread.is_alive():
                raise OSError("the address is in use or not of this machine") from self._failed

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    def stop(self) -> None:
        """Accept no more requests, finish those that are being answered, and end."""
        self._server.should_exit = True
        self._thread.join(timeout=20)
        self._bridge.close()
