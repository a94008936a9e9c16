"""Carries envelopes to the app: over a connected socket, else over signed HTTP, or into a callable."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

import aiohttp

from sandbox.slack.deliveries import Answer, Envelope, answered
from sandbox.slack.signing import sign
from sandbox.slack.sockets import Sockets

T = TypeVar("T")
# (method, path, headers, body) -> (status, headers, body): an application in the same process.
Door = Callable[[str, str, dict[str, str], bytes], tuple[int, Mapping[str, str], bytes]]


class Courier:
    """Knows the ways to the app. `signature_age` makes signatures older (or, negative, from the future)."""

    def __init__(
        self,
        *,
        request_url: str | None,
        signing_secret: str,
        sockets: Sockets,
        door: Door | None,
        acknowledge_seconds: float,
    ) -> None:
        """Deliver to a socket when one is connected, else to `door`, else to `request_url`."""
        self.request_url = request_url
        self.signing_secret = signing_secret
        self.signature_age = 0
        self.acknowledge_seconds = acknowledge_seconds
        self.loop: asyncio.AbstractEventLoop | None = None
        self._door = door
        self._sockets = sockets
        self._session: aiohttp.ClientSession | None = None
        self._thread = 0

    async def start(self) -> None:
        """Take the running loop as the one to deliver on."""
        self.loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._session = aiohttp.ClientSession(auto_decompress=True)

    async def stop(self) -> None:
        """Close connections to the app."""
        self.loop = None
        if self._session is not None:
            await self._session.close()

    def deliver_now(self, envelope: Envelope) -> Answer:
        """Deliver from any thread but the server's own, and wait for the acknowledgement."""
        if self._door is not None and not self._sockets.connections:
            return self._through(self._door, envelope)
        if self.loop is None:
            return Answer(transport="none", error="dispatch_failed")
        return self.run(self.deliver(envelope))

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's loop, from any other thread, and return what it returns."""
        if self.loop is None or threading.get_ident() == self._thread:
            coroutine.close()
            raise RuntimeError("not served yet, or asked from the server's own thread")
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    async def deliver(self, envelope: Envelope) -> Answer:
        """Deliver on the server's loop."""
        if self._sockets.connections:
            return await self._sockets.deliver(envelope, seconds=self.acknowledge_seconds)
        if self._door is not None:
            return await asyncio.to_thread(self._through, self._door, envelope)
        if self.request_url is None or self._session is None:
            return Answer(transport="none", error="dispatch_failed")
        body, headers = self._signed(envelope)
        begun = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=self.acknowledge_seconds)
        try:
            post = self._session.post(
                self.request_url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            )
            async with post as response:
                content = await response.read()
        except TimeoutError:
            ms = (time.monotonic() - begun) * 1000
            return Answer(transport="http", error="operation_timeout", ms=ms)
        except aiohttp.ClientError:
            ms = (time.monotonic() - begun) * 1000
            return Answer(transport="http", error="dispatch_failed", ms=ms)
        ms = (time.monotonic() - begun) * 1000
        found = dict(response.headers)
        return answered(transport="http", status=response.status, content=content, ms=ms, headers=found)

    def _signed(self, envelope: Envelope) -> tuple[bytes, dict[str, str]]:
        body, headers = envelope.over_http()
        # Real time, not the movable clock: the app's SDK compares it with the real one.
        timestamp = int(time.time()) - self.signature_age
        return body, headers | sign(body, secret=self.signing_secret, timestamp=timestamp)

    def _through(self, door: Door, envelope: Envelope) -> Answer:
        body, headers = self._signed(envelope)
        path = "/" + (self.request_url or "/").split("://", 1)[-1].partition("/")[2]
        begun = time.monotonic()
        status, found, content = door("POST", path, headers, body)
        ms = (time.monotonic() - begun) * 1000
        if ms > self.acknowledge_seconds * 1000:
            return Answer(transport="door", error="operation_timeout", ms=ms)
        return answered(transport="door", status=status, content=content, ms=ms, headers=dict(found))
