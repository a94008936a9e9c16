"""Callers of a server: one timed connection, a burst over many, a flood; and what they send."""

import multiprocessing
import re
import secrets
import selectors
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from sandbox.paytend import PaytendStandIn
from sandbox.slack import seed

JSON = {"Content-Type": "application/json"}


class Caller:
    """One open connection that posts and times; a bare socket, so that little but the server is timed."""

    def __init__(self, port: int, path: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._path = path

    def __call__(self, body: bytes, headers: dict[str, str]) -> float:
        """Post and return the seconds until the answer was read; fails unless it is 200."""
        request = self.encode(body, headers)
        started = time.perf_counter()
        self.send(request)
        self.read_answer()
        return time.perf_counter() - started

    def encode(self, body: bytes, headers: dict[str, str]) -> bytes:
        """Return the bytes of a whole request."""
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = f"POST {self._path} HTTP/1.1\r\nHost: it\r\n{head}Content-Length: {len(body)}\r\n\r\n"
        return request.encode() + body

    def send(self, request: bytes) -> None:
        """Send what `encode` returned; read its answer before sending the next."""
        self._socket.sendall(request)

    def read_answer(self) -> None:
        """Wait for the answer; fails unless it is 200."""
        answer = bytearray()
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._receive()
        found = re.search(rb"content-length: (\d+)", answer[:end], re.IGNORECASE)
        length = end + 4 + (int(found.group(1)) if found else 0)
        while len(answer) < length:
            answer += self._receive()
        assert answer.startswith(b"HTTP/1.1 200"), bytes(answer[:40])

    def fileno(self) -> int:
        """Return the file descriptor that a selector waits for."""
        return self._socket.fileno()

    def _receive(self) -> bytes:
        received = self._socket.recv(65536)
        assert received, "the connection was closed"
        return received

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


@contextmanager
def burst_caller(port: int, path: str, *, connections: int) -> Iterator[Callable[[Sequence[bytes]], list[float]]]:
    """Yield a function that posts one JSON body on each connection and returns the seconds until each answer.

    One thread does it: a thread for each connection would take more of the processor than the server under test.
    """
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        callers = [Caller(port, path) for _ in range(connections)]
        for caller in callers:
            stack.callback(caller.close)
            selector.register(caller, selectors.EVENT_READ, caller.read_answer)

        def call(bodies: Sequence[bytes]) -> list[float]:
            requests = [caller.encode(body, JSON) for caller, body in zip(callers, bodies, strict=True)]
            began = time.perf_counter()
            for caller, request in zip(callers, requests, strict=True):
                caller.send(request)
            taken: list[float] = []
            while len(taken) < len(bodies):
                for key, _events in selector.select(timeout=20):
                    key.data()
                    taken.append(time.perf_counter() - began)
            return taken

        yield call


def flood(port: int, bodies: list[bytes], *, connections: int = 64) -> float:
    """Post the webhooks over this many connections and return the seconds until the last 200."""
    waiting = list(reversed(bodies))

    def work(_number: int) -> None:
        caller = Caller(port, "/paytend/webhook")
        while True:
            try:
                body = waiting.pop()
            except IndexError:
                caller.close()
                return
            caller(body, JSON)

    started = time.perf_counter()
    with ThreadPoolExecutor(connections) as threads:
        list(threads.map(work, range(connections)))
    return time.perf_counter() - started


def flood_from_outside(port: int, bodies: list[bytes]) -> Future[float]:
    """Start a flood in a process of its own and return its seconds as a future."""
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    found = pool.submit(flood, port, bodies)
    pool.shutdown(wait=False)
    return found


def make_command(text: str, response_url: str = "http://127.0.0.1:9/none") -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a signed `/card` command."""
    fields = {
        "command": "/card",
        "text": text,
        "team_id": seed.TEAM.id,
        "api_app_id": seed.TEAM.app_id,
        "user_id": "U0SAM",
        "channel_id": "C0SUPPORT",
        "trigger_id": secrets.token_hex(8),
        "response_url": response_url,
    }
    body = urlencode(fields).encode()
    at = str(int(time.time()))
    signature = SignatureVerifier(seed.SIGNING_SECRET).generate_signature(timestamp=at, body=body)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": str(signature),
    }
    return body, headers


def make_webhooks(paytend: PaytendStandIn, count: int) -> list[bytes]:
    """Return `count` sealed webhooks, each about a transaction of its own; none is sent."""
    sealed = []
    for number in range(count):
        content = {
            "cardId": "1755902",
            "cardNo": "533711******5097",
            "currency": "EUR",
            "amount": 1845,
            "businessDate": "2026-11-22 12:00:00",
            "tradeId": f"T{number:016d}{secrets.token_hex(3)}",
            "tradeType": 151,
            "tradeSrc": "S",
            "tradeStatus": 1,
            "remark": "MAXIMA LT, X-123 VILNIUS",
        }
        sealed.append(paytend.seal_webhook("1", content))
    return sealed
