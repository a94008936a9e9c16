"""Connections of the web server: a deadline for each request, and caps on how much anybody may send unasked."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

DEADLINE = 5.0  # seconds for a whole request, from the connection or the response before
MOST_CONNECTIONS = 512


class _JoiningTransport:
    """A transport that sends a response's head together with its body.

    uvicorn writes one after the other and uvloop sends each at once: two system calls, which each wake the client.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Hold data until the response is complete; "100 Continue" goes at once: the client waits for it."""
        self._held.append(data)
        if data.startswith(b"HTTP/1.1 100 "):
            self.flush()

    def flush(self) -> None:
        """Send what is held."""
        if self._held:
            self._transport.write(b"".join(self._held))
            self._held.clear()

    def close(self) -> None:
        """Send what is held, then close."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class DeadlineProtocol(HttpToolsProtocol):
    """Closes a connection whose request is not complete within the deadline, and every connection over the cap."""

    deadline = DEADLINE
    most_connections = MOST_CONNECTIONS
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Start the deadline; abort a connection over the cap before reading anything."""
        self._joining = _JoiningTransport(transport)
        super().connection_made(self._joining)  # type: ignore[arg-type]  # it has what uvicorn uses
        # Too many: `abort` frees the socket now, `close` would first send what is buffered.
        if len(self.connections) > self.most_connections:
            transport.abort()
            return
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the deadline."""
        self._stop_timer()
        super().connection_lost(exc)

    def on_message_complete(self) -> None:
        """Stop the deadline: the request is complete."""
        self._stop_timer()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Send the response, and start the deadline for the next request on this connection."""
        self._joining.flush()
        super().on_response_complete()
        self._stop_timer()
        # A pipelined request that is complete is already being answered: however long that takes, it is not late.
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


def make_protocol(*, deadline: float, most_connections: int) -> type[DeadlineProtocol]:
    """Return a protocol class with these limits: uvicorn makes an object for each connection and passes none."""
    return type(
        "DeadlineProtocol", (DeadlineProtocol,), {"deadline": deadline, "most_connections": most_connections}
    )
