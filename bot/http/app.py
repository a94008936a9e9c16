"""The web application: Slack's requests, Paytend's webhooks, our pages, health and metrics; all else is 404."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from prometheus_client import CollectorRegistry, generate_latest


class Path(StrEnum):
    """The paths that are served."""

    SLACK = "/slack/events"
    WEBHOOK = "/paytend/webhook"
    HEALTH = "/healthz"
    READY = "/readyz"
    METRICS = "/metrics"


_PATHS = frozenset(Path)


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """A request, read whole; the names of its headers are in lower case.

    `sender` is the address that it counts for. One that `is_too_large` had more than it may, and lost its body.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    sender: str = ""
    is_too_large: bool = False


@dataclass(frozen=True, kw_only=True)
class HttpResponse:
    """A status line such as "200 OK", a body and its content type."""

    status: str
    body: bytes = b""
    type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


class DroppableResponse(Future[HttpResponse]):
    """A response that comes later, and is cancelled when its sender hangs up before anybody works on it."""


def respond_json(status: str, value: object) -> HttpResponse:
    """Return a response with a value as JSON."""
    return HttpResponse(status=status, body=json.dumps(value).encode(), type="application/json")


NOT_FOUND = respond_json("404 Not Found", {"error": "not found"})
OTHER_METHOD = respond_json("405 Method Not Allowed", {"error": "method not allowed"})
BAD_REQUEST = respond_json("400 Bad Request", {"error": "bad request"})
BROKEN = respond_json("500 Internal Server Error", {"error": "internal error"})


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What one request may take beyond the usual, once its head was found good.

    Of its body at most `keeps` bytes are kept. A longer one is read and dropped, up to `reads`: a browser shows no
    response to a body that nobody reads. The whole of it has `seconds`, and its response `answered_within`, after
    which `late` is sent; the work goes on.
    """

    keeps: int
    reads: int
    seconds: float
    answered_within: float
    late: HttpResponse = HttpResponse(status="503 Service Unavailable")


class PageDoor(Protocol):
    """What answers the paths of our pages."""

    def takes(self, path: str) -> bool:
        """Whether a path is one of theirs."""
        ...

    def admit(self, request: HttpRequest) -> Allowance | None:
        """Return what a request without its body may take; None where the usual bounds will do."""
        ...

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the page that a request asks for."""
        ...


@dataclass(frozen=True, kw_only=True)
class WebApp:
    """Answers each path. `slack` takes headers and body, and is None in Socket Mode; `webhook` takes a body.

    `pages` are our own, None without a public address.

    `ready` returns each named check and "ok", or what is wrong; `notes` what else people should know, which makes
    nobody send requests elsewhere.
    """

    slack: Callable[[Mapping[str, str], bytes], HttpResponse] | None
    webhook: Callable[[bytes], Future[HttpResponse]]
    ready: Callable[[], Mapping[str, str]]
    registry: CollectorRegistry
    notes: Callable[[], Mapping[str, object]] = dict
    pages: PageDoor | None = None

    def __call__(self, request: HttpRequest) -> HttpResponse | Future[HttpResponse]:
        """Answer a request; the response to a webhook comes later, once it is on the disk."""
        match request.method, request.path:
            case ("POST", Path.SLACK) if self.slack is not None:
                return self.slack(request.headers, request.body) if is_plain(request) else BAD_REQUEST
            case ("POST", Path.WEBHOOK):
                return self.webhook(request.body) if is_plain(request) else BAD_REQUEST
            case ("GET" | "HEAD", Path.HEALTH):
                # Asks nobody: a database that is down would have the platform restart every replica at once (X4).
                return respond_json("200 OK", {"status": "ok"})
            case ("GET" | "HEAD", Path.READY):
                return self._respond_ready()
            case ("GET" | "HEAD", Path.METRICS):
                text = generate_latest(self.registry)
                return HttpResponse(status="200 OK", body=text, type="text/plain; version=0.0.4; charset=utf-8")
            case (_, path) if path in _PATHS:
                return OTHER_METHOD
            case (_, path) if self.pages is not None and self.pages.takes(path):
                return self.pages(request)
            case _:
                return NOT_FOUND

    def is_upload(self, request: HttpRequest) -> bool:
        """Whether `admit` is to be asked before the body is read; this asks nobody."""
        return request.method == "POST" and self.pages is not None and self.pages.takes(request.path)

    def admit(self, request: HttpRequest) -> Allowance | None:
        """Return what a request without its body may take; None where the usual bounds will do."""
        return self.pages.admit(request) if self.pages is not None else None

    def _respond_ready(self) -> HttpResponse:
        checks = self.ready()
        fine = all(state == "ok" for state in checks.values())
        status = "200 OK" if fine else "503 Service Unavailable"
        return respond_json(
            status, {"status": "ok" if fine else "not ready", "checks": dict(checks), **self.notes()}
        )


def is_plain(request: HttpRequest) -> bool:
    """Whether everybody reads the same body from it.

    A request with two lengths is read differently by different servers (request smuggling), and an encoded body
    would not be the one that was signed.
    """
    both_lengths = "transfer-encoding" in request.headers and request.headers.get("content-length")
    return not both_lengths and request.headers.get("content-encoding", "identity") == "identity"
