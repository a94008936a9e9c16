"""Socket Mode: single-use addresses, up to ten connections, each payload to any one of them.

docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import json
import random
import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.slack.deliveries import Answer, Envelope

CONNECTIONS = 10
PING_SECONDS = 10.0
CLOSING_SECONDS = 1.0


@dataclass(kw_only=True, eq=False)
class Connection:
    """One connected client and the envelopes that it has not acknowledged yet."""

    socket: web.WebSocketResponse
    waiting: dict[str, asyncio.Future[Any]] = field(default_factory=dict)


class Sockets:
    """All connections; its coroutines run on the server's loop."""

    def __init__(self, *, app_id: str, seed: int = 0) -> None:
        """Choose connections by a seeded random order."""
        self._app_id = app_id
        self._random = random.Random(seed)
        self._links: set[str] = set()
        self.connections: list[Connection] = []

    def link(self) -> str:
        """Return the path of a new address that works once."""
        ticket = secrets.token_hex(12)
        self._links.add(ticket)
        return f"/link/?ticket={ticket}&app_id={self._app_id}"

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._links:
            return web.Response(status=404, text="no such link, or it was used")
        self._links.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=PING_SECONDS, timeout=CLOSING_SECONDS)
        await socket.prepare(request)
        if len(self.connections) >= CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        connection = Connection(socket=socket)
        self.connections.append(connection)
        try:
            await socket.send_json(
                {
                    "type": "hello",
                    "num_connections": len(self.connections),
                    "debug_info": {"host": "stand-in", "approximate_connection_time": 18060},
                    "connection_info": {"app_id": self._app_id},
                }
            )
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._acknowledge(connection, frame.data)
        finally:
            if connection in self.connections:
                self.connections.remove(connection)
            for future in connection.waiting.values():
                future.cancel()
        return socket

    @staticmethod
    def _acknowledge(connection: Connection, data: str) -> None:
        try:
            answer = json.loads(data)
        except ValueError:
            return  # Slack ignores what it cannot read
        future = connection.waiting.pop(str(answer.get("envelope_id")), None)
        if future is not None and not future.done():
            future.set_result(answer.get("payload"))

    async def deliver(self, envelope: Envelope, *, seconds: float) -> Answer:
        """Send a payload to any one connection and wait for its acknowledgement."""
        connection = self._random.choice(self.connections)
        envelope_id = str(uuid.uuid4())
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope_id] = future
        begun = time.monotonic()
        error, body = "", None
        try:
            await connection.socket.send_str(envelope.over_socket(envelope_id))
            body = await asyncio.wait_for(asyncio.shield(future), seconds)
        except TimeoutError:
            error = "operation_timeout"
        except (ConnectionError, asyncio.CancelledError):
            if not future.cancelled():
                raise
            error = "dispatch_failed"
        finally:
            connection.waiting.pop(envelope_id, None)
        ms = (time.monotonic() - begun) * 1000
        if not envelope.accepts_answer:
            body = None
        status = None if error else 200
        return Answer(transport="socket", status=status, body=body, error=error, ms=ms)

    async def warn(self, *, seconds: float = 10.0) -> None:
        """Tell clients that their connection ends soon, and end it after `seconds` unless they have left."""
        leaving = tuple(self.connections)
        for connection in leaving:
            await connection.socket.send_json({"type": "disconnect", "reason": "warning", "debug_info": {}})
        await asyncio.sleep(seconds)
        for connection in leaving:
            await connection.socket.close()

    async def drop(self) -> None:
        """End all connections at once."""
        await asyncio.gather(*(connection.socket.close() for connection in tuple(self.connections)))
