"""Serves a WSGI application by uvicorn, with what it lacks: deadlines for slow senders and a cap of connections.

A request is read whole, at most 1 MiB, on the event loop; only then a thread is taken for it (ADR 0002). What
waits for nothing is answered on the loop itself, as handing it to a thread and back costs more than the answer.
"""

import asyncio
import io
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote_to_bytes

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_BODY = 1024 * 1024  # bytes
DEADLINE = 5.0  # seconds for a whole request, from the connection or the answer before
MOST_CONNECTIONS = 512
THREADS = 32  # for everything but the webhooks
WEBHOOK_THREADS = 64  # they mostly wait for a commit that they share; see bot/receiving.py
WEBHOOK_PATH = "/paytend/webhook"

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
# Whether a request (its path and its body) is answered without waiting: no disk, no network, no lock held long.
IsInstant = Callable[[str, bytes], bool]


class DeadlineProtocol(HttpToolsProtocol):
    """Closes a connection whose request has not come whole within the deadline, and any beyond the cap."""

    deadline = DEADLINE
    most_connections = MOST_CONNECTIONS
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Start the deadline; refuse what is over the cap before reading anything."""
        super().connection_made(transport)
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
        """Start the deadline for the next request on this connection."""
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


class _Bridge:
    """The ASGI application that reads a request and hands it to the WSGI application on a thread."""

    def __init__(self, wsgi: Wsgi, is_instant: IsInstant) -> None:
        self._wsgi = wsgi
        self._is_instant = is_instant
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="web")
        self._webhook_threads = ThreadPoolExecutor(WEBHOOK_THREADS, thread_name_prefix="webhook")

    async def __call__(self, scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        headers = dict(scope["headers"])
        try:
            if int(headers.get(b"content-length", b"0")) > LARGEST_BODY:
                raise TooLarge  # noqa: TRY301 - answered with the chunked case below
            body = await _read_body(receive)
        except TooLarge:
            await _answer(send, "413 Content Too Large", [(b"connection", b"close")], b"")
            return
        if self._is_instant(scope["path"], body):
            status, answer_headers, answer = self._call(scope, body)
        else:
            loop = asyncio.get_running_loop()
            threads = self._webhook_threads if scope["path"] == WEBHOOK_PATH else self._threads
            status, answer_headers, answer = await loop.run_in_executor(threads, self._call, scope, body)
        await _answer(send, status, answer_headers, answer)

    def _call(self, scope: dict[str, Any], body: bytes) -> tuple[str, list[tuple[bytes, bytes]], bytes]:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
            started[:] = [status, [(name.lower().encode(), value.encode()) for name, value in headers], exc_info]

        answer = b"".join(self._wsgi(_environ(scope, body), start_response))
        return started[0], started[1], answer

    def close(self) -> None:
        """Wait for the requests that are being answered."""
        self._threads.shutdown(wait=True)
        self._webhook_threads.shutdown(wait=True)


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


async def _answer(send: Callable[..., Any], status: str, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    kept = [pair for pair in headers if pair[0] != b"content-length"]
    await send({"type": "http.response.start", "status": int(status[:3]), "headers": [*kept, length]})
    await send({"type": "http.response.body", "body": body})


def _environ(scope: dict[str, Any], body: bytes) -> dict[str, Any]:
    """Return the WSGI environ of a request (PEP 3333)."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope.get("raw_path") or scope["path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0] if scope.get("client") else "",
        "SERVER_NAME": scope["server"][0] if scope.get("server") else "",
        "SERVER_PORT": str(scope["server"][1]) if scope.get("server") else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        environ[key] = value.decode("latin-1")
    return environ


class Server:
    """The web edge: listens as soon as it is started, on a thread of its own."""

    def __init__(
        self,
        wsgi: Wsgi,
        *,
        host: str,
        port: int,
        deadline: float = DEADLINE,
        most_connections: int = MOST_CONNECTIONS,
        is_instant: IsInstant = lambda _path, _body: False,
    ) -> None:
        """Prepare to serve the application; port 0 lets the system choose, `deadline` is in seconds.

        `is_instant` says which requests are answered on the event loop, where nothing may wait.
        """
        self._bridge = _Bridge(wsgi, is_instant)
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
