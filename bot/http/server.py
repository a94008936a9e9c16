"""Serves the web application by uvicorn, with what it lacks: deadlines for slow senders and a cap of connections.

A request is read whole, at most 1 MiB, on the event loop; only then a thread is taken for it (ADR 0002). What
waits for nothing is answered on the loop itself, as handing it to a thread and back costs more than the answer.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bot.http.app import BROKEN, HttpRequest, HttpResponse

LARGEST_BODY = 1024 * 1024  # bytes
DEADLINE = 5.0  # seconds for a whole request, from the connection or the answer before
MOST_CONNECTIONS = 512
THREADS = 32
HANDED_OUT = (
    4  # answers from other threads in one turn of the loop, as who asks meanwhile would wait for all of them
)

# What answers a request, now or later.
Application = Callable[[HttpRequest], HttpResponse | Future[HttpResponse]]
# Whether the application returns without waiting for a request: no disk, no network, no lock held long.
IsInstant = Callable[[HttpRequest], bool]

_log = logging.getLogger(__name__)


class _Joined:
    """A transport that sends an answer's head with its body.

    uvicorn writes one after the other and uvloop sends at once: two calls of the system that each wake the client.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Hold it until the answer is whole; what only asks for the rest of a request goes at once."""
        self._held.append(data)
        if data.startswith(b"HTTP/1.1 100 "):
            self.flush()

    def flush(self) -> None:
        """Send what is held."""
        if self._held:
            self._transport.write(b"".join(self._held))
            self._held.clear()

    def close(self) -> None:
        """Send what is held, and close."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class DeadlineProtocol(HttpToolsProtocol):
    """Closes a connection whose request has not come whole within the deadline, and any beyond the cap."""

    deadline = DEADLINE
    most_connections = MOST_CONNECTIONS
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Start the deadline; refuse what is over the cap before reading anything."""
        self._joined = _Joined(transport)
        super().connection_made(self._joined)  # type: ignore[arg-type]  # all that uvicorn asks of a transport
        if len(self.connections) > self.most_connections:
            transport.abort()
            return
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the deadline."""
        self._stop_timer()
        super().connection_lost(exc)

    def on_message_complete(self) -> None:
        """Stop the deadline: the request is here."""
        self._stop_timer()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Send the answer, and start the deadline for the next request on this connection."""
        self._joined.flush()
        super().on_response_complete()
        self._stop_timer()
        # A pipelined request that is whole is being answered by now: however long that takes, it is not late.
        if not self.transport.is_closing() and (self.cycle.response_complete or self.cycle.more_body):
            self._start_timer()

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(self.deadline, self._give_up)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self.transport.abort()


def _make_protocol(*, deadline: float, most_connections: int) -> type[DeadlineProtocol]:
    """Return the protocol with limits of its own: uvicorn makes one for each connection and hands nothing in."""
    return type(
        "DeadlineProtocol", (DeadlineProtocol,), {"deadline": deadline, "most_connections": most_connections}
    )


class TooLarge(Exception):
    """The body has more than 1 MiB."""


class _Arrivals:
    """Brings answers from other threads to the event loop; those that come together wake it once.

    They are handed out a few at a time: an answer is followed by its sender's next request.
    """

    def __init__(self) -> None:
        self._come: list[tuple[asyncio.Future[HttpResponse], Future[HttpResponse]]] = []
        self._lock = threading.Lock()

    def wait_for(self, answer: Future[HttpResponse]) -> asyncio.Future[HttpResponse]:
        """Return what the loop can wait for."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[HttpResponse] = loop.create_future()
        answer.add_done_callback(partial(self._bring, loop, waiting))
        return waiting

    def _bring(
        self, loop: asyncio.AbstractEventLoop, waiting: asyncio.Future[HttpResponse], answer: Future[HttpResponse]
    ) -> None:
        with self._lock:
            is_first = not self._come
            self._come.append((waiting, answer))
        if is_first:
            loop.call_soon_threadsafe(self._hand_out)

    def _hand_out(self) -> None:
        with self._lock:
            come, self._come = self._come[:HANDED_OUT], self._come[HANDED_OUT:]
            if self._come:
                asyncio.get_running_loop().call_soon(self._hand_out)
        for waiting, answer in come:
            if waiting.done():  # whoever asked is gone
                continue
            if error := answer.exception():
                waiting.set_exception(error)
            else:
                waiting.set_result(answer.result())


class _Bridge:
    """The ASGI application that reads a request whole and has it answered."""

    def __init__(self, application: Application, is_instant: IsInstant) -> None:
        self._application = application
        self._is_instant = is_instant
        self._arrivals = _Arrivals()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="web")

    async def __call__(self, scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            if int(headers.get("content-length", "0")) > LARGEST_BODY:
                raise TooLarge  # noqa: TRY301 - answered with the chunked case below
            body = await _read_body(receive)
        except TooLarge:
            await _send(send, HttpResponse(status="413 Content Too Large", headers=(("Connection", "close"),)))
            return
        request = HttpRequest(method=scope["method"], path=scope["path"], headers=headers, body=body)
        await _send(send, await self._answer(request))

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            if self._is_instant(request):
                answer = self._application(request)
            else:
                loop = asyncio.get_running_loop()
                answer = await loop.run_in_executor(self._threads, self._application, request)
            return answer if isinstance(answer, HttpResponse) else await self._arrivals.wait_for(answer)
        except Exception:  # noqa: BLE001 - the edge of the process: the sender gets no detail, the log has it
            _log.exception("web.broken", extra={"path": request.path})
            return BROKEN

    def close(self) -> None:
        """Wait for the requests that are being answered."""
        self._threads.shutdown(wait=True)


async def _read_body(receive: Callable[..., Any]) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise TooLarge  # nobody is there to be answered
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise TooLarge
        if not message.get("more_body", False):
            return bytes(body)


async def _send(send: Callable[..., Any], answer: HttpResponse) -> None:
    named = (("Content-Type", answer.type), ("Content-Length", str(len(answer.body))), *answer.headers)
    headers = [(name.lower().encode(), value.encode()) for name, value in named]
    await send({"type": "http.response.start", "status": int(answer.status[:3]), "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


class Server:
    """The web edge: listens as soon as it is started, on a thread of its own."""

    def __init__(
        self,
        application: Application,
        *,
        host: str,
        port: int,
        deadline: float = DEADLINE,
        most_connections: int = MOST_CONNECTIONS,
        is_instant: IsInstant = lambda _request: False,
    ) -> None:
        """Prepare to serve the application; port 0 lets the system choose, `deadline` is in seconds.

        `is_instant` says which requests are answered on the event loop, where nothing may wait.
        """
        self._bridge = _Bridge(application, is_instant)
        config = uvicorn.Config(
            self._bridge,
            host=host,
            port=port,
            http=_make_protocol(deadline=deadline, most_connections=most_connections),
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=max(1, int(deadline)),
            timeout_graceful_shutdown=10,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="web-loop", daemon=True)
        self._failed: BaseException | None = None

    def _run(self) -> None:
        try:
            # Not `run`: signals belong to the process's own shell.
            config = self._server.config
            config.load()
            with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
                runner.run(self._server._serve(sockets=None))  # noqa: SLF001 - `serve` would take the signals
        except SystemExit as error:  # uvicorn's way to say that the port is taken
            self._failed = error

    def start(self) -> None:
        """Serve; return when connections are accepted. Raises OSError when the address cannot be listened on."""
        self._thread.start()
        while not self._server.started:
            self._thread.join(timeout=0.005)
            if not self._thread.is_alive():
                raise OSError("the address is in use or not of this machine") from self._failed

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    def stop(self) -> None:
        """Accept no more, finish what is being answered, and end."""
        self._server.should_exit = True
        self._thread.join(timeout=20)
        self._bridge.close()
