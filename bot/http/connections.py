"""Connections of the web server: a deadline for each request, and bounds on what anybody may send.

uvicorn has no bound on headers, on connections of one address, or on what surrounds a body in chunks.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bot.http.addresses import Network, group, is_within
from bot.http.refusals import ServerLimit

DEADLINE = 5.0  # seconds for a whole request, from the connection or the response before
MOST_CONNECTIONS = 512
MOST_OF_ONE = 128  # connections or requests at a time of one address, of which a sender in a storm has 64
LARGEST_BODY = 1024 * 1024  # bytes
LARGEST_HEAD = 16 * 1024  # bytes of the request line and all headers
LARGEST_LINE = 8 * 1024  # bytes of the request line's address
_AROUND = 64 * 1024  # bytes of chunk sizes and the like around a body
AWAITED = "cardops.awaited"  # the extension of a request's scope that takes what its sender waits for
ALLOWED = "cardops.allowed"  # the one that takes what its body may have beyond the usual: bytes and seconds


@dataclass(frozen=True, kw_only=True)
class ConnectionLimits:
    """What a server takes; `trusted` are the proxies whose connections are other people's."""

    deadline: float = DEADLINE
    most_connections: int = MOST_CONNECTIONS
    most_of_one: int = MOST_OF_ONE
    trusted: Sequence[Network] = ()
    refuse: Callable[[str], None] = lambda _reason: None
    connections: Counter[str] = field(default_factory=Counter)


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
    """Closes a connection whose request is late, too large or malformed, and every connection over the caps."""

    limits = ConnectionLimits()
    _timer: asyncio.TimerHandle | None = None
    _counted = ""  # the address that this connection is counted for
    _awaited: Future[Any] | None = None
    _in_head = False
    _head = 0  # bytes of the request line and headers
    _raw = 0  # bytes of this request, from the second packet on
    _largest_body = LARGEST_BODY
    _wrong = ""  # why the request is refused, as a status

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Start the deadline; abort a connection over a cap before reading anything."""
        self._joining = _JoiningTransport(transport)
        super().connection_made(self._joining)  # type: ignore[arg-type]  # it has what uvicorn uses
        limits, peer = self.limits, self.client[0] if self.client else ""
        why = ServerLimit.CONNECTIONS if len(self.connections) > limits.most_connections else None
        if not is_within(peer, limits.trusted):
            self._counted = group(peer)
            limits.connections[self._counted] += 1
            if limits.connections[self._counted] > limits.most_of_one:
                why = ServerLimit.OF_ONE_ADDRESS
        if why is not None:
            limits.refuse(why)
            # `abort` frees the socket now, `close` would first send what is buffered.
            transport.abort()
            return
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the deadline, and drop the work that the sender waited for."""
        self._stop_timer()
        if self._counted:
            self.limits.connections[self._counted] -= 1
            if not self.limits.connections[self._counted]:
                del self.limits.connections[self._counted]  # else every address that ever came would stay
            self._counted = ""
        if self._awaited is not None:
            self._awaited.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came; refuse what is not HTTP, and more than a request may have."""
        self._unset_keepalive_if_required()
        self._raw += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return  # nothing here speaks another protocol
        except httptools.HttpParserError:
            self._wrong = self._wrong or "400 Bad Request"
        if self._in_head and self._raw > LARGEST_HEAD:
            self._wrong = self._wrong or "431 Request Header Fields Too Large"
        if self._raw > LARGEST_HEAD + self._largest_body + _AROUND:
            self._wrong = self._wrong or "413 Content Too Large"
        if self._wrong:
            self._refuse()

    def _refuse(self) -> None:
        """Tell the sender what is wrong, unless another response is being written, and end the connection."""
        if self.transport.is_closing():
            return
        self.limits.refuse(self._wrong[4:].lower())
        cycle: Any = self.cycle  # None before the first request
        if cycle and not cycle.response_complete and (cycle.response_started or cycle.scope is not self.scope):
            self.transport.abort()
            return
        self.transport.write(f"HTTP/1.1 {self._wrong}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        self.transport.close()

    def on_message_begin(self) -> None:
        """Begin to count; what came in the same packet before is counted as no part of the request."""
        super().on_message_begin()
        self._in_head, self._head, self._raw = True, 0, 0
        self._largest_body = LARGEST_BODY
        scope: Any = self.scope
        scope["extensions"] = {AWAITED: self._await, ALLOWED: self._allow}

    def on_url(self, url: bytes) -> None:
        """Add to the request line, as long as it is not too long."""
        self._head += len(url)
        if self._head > LARGEST_LINE:
            self._wrong = self._wrong or "414 URI Too Long"
        else:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header, as long as they are not too much; those that follow a body in chunks are dropped."""
        if not self._in_head:
            return
        self._head += len(name) + len(value) + 4  # with the colon, a space and the end of the line
        if self._head > LARGEST_HEAD:
            self._wrong = self._wrong or "431 Request Header Fields Too Large"
        else:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin with the request, unless it is refused."""
        self._in_head = False
        if not self._wrong:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Add to the body; in place, as tiny chunks would each copy all that came before."""
        if self._wrong or self.cycle.response_complete:
            return
        cycle: Any = self.cycle
        if not isinstance(cycle.body, bytearray):
            cycle.body = bytearray(cycle.body)
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        """Stop the deadline: the request is complete."""
        if self._wrong:
            return
        self._stop_timer()
        self._raw = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Send the response, and start the deadline for the next request on this connection."""
        self._awaited = None
        self._joining.flush()
        super().on_response_complete()
        self._stop_timer()
        # A pipelined request that is complete is already being answered: however long that takes, it is not late.
        if not self.transport.is_closing() and (self.cycle.response_complete or self.cycle.more_body):
            self._start_timer()

    def _await(self, response: Future[Any]) -> None:
        """Cancel this when the sender hangs up."""
        self._awaited = response
        if self.transport.is_closing():
            response.cancel()

    def _allow(self, size: int, seconds: float) -> None:
        """Take a body of this size, in this time from now; it may have come already."""
        self._largest_body = max(LARGEST_BODY, size)
        if self._timer is not None:
            self._stop_timer()
            self._start_timer(seconds)

    def _start_timer(self, seconds: float | None = None) -> None:
        self._timer = self.loop.call_later(seconds or self.limits.deadline, self._give_up)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self.limits.refuse("late")
        self.transport.abort()


def make_protocol(limits: ConnectionLimits) -> type[DeadlineProtocol]:
    """Return a protocol class with these limits: uvicorn makes an object for each connection and passes none."""
    return type("DeadlineProtocol", (DeadlineProtocol,), {"limits": limits})
