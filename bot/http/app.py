"""The web application: Slack's requests, Paytend's webhooks, health and metrics; anything else is not found."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum

from prometheus_client import CollectorRegistry, generate_latest


class Path(StrEnum):
    """What can be asked for."""

    SLACK = "/slack/events"
    WEBHOOK = "/paytend/webhook"
    HEALTH = "/healthz"
    READY = "/readyz"
    METRICS = "/metrics"


_PATHS = frozenset(Path)


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """A request, read whole; the names of its headers are in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class HttpResponse:
    """A status line, a body, and what it is."""

    status: str
    body: bytes = b""
    type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


def say(status: str, value: object) -> HttpResponse:
    """Return an answer in JSON."""
    return HttpResponse(status=status, body=json.dumps(value).encode(), type="application/json")


NOT_FOUND = say("404 Not Found", {"error": "not found"})
OTHER_METHOD = say("405 Method Not Allowed", {"error": "method not allowed"})
BAD_REQUEST = say("400 Bad Request", {"error": "bad request"})
BROKEN = say("500 Internal Server Error", {"error": "internal error"})


@dataclass(frozen=True, kw_only=True)
class WebApp:
    """One application. `slack` takes headers and body, `webhook` a body; `ready` names its checks."""

    slack: Callable[[Mapping[str, str], bytes], HttpResponse] | None
    webhook: Callable[[bytes], Future[HttpResponse]]
    ready: Callable[[], Mapping[str, str]]
    registry: CollectorRegistry

    def __call__(self, request: HttpRequest) -> HttpResponse | Future[HttpResponse]:
        """Answer a request; a webhook's answer comes later, when it is kept."""
        match request.method, request.path:
            case ("POST", Path.SLACK) if self.slack is not None:
                return self.slack(request.headers, request.body) if _is_plain(request) else BAD_REQUEST
            case ("POST", Path.WEBHOOK):
                return self.webhook(request.body) if _is_plain(request) else BAD_REQUEST
            case ("GET" | "HEAD", Path.HEALTH):
                return say("200 OK", {"status": "ok"})
            case ("GET" | "HEAD", Path.READY):
                return self._say_ready()
            case ("GET" | "HEAD", Path.METRICS):
                text = generate_latest(self.registry)
                return HttpResponse(status="200 OK", body=text, type="text/plain; version=0.0.4; charset=utf-8")
            case (_, path) if path in _PATHS:
                return OTHER_METHOD
            case _:
                return NOT_FOUND

    def _say_ready(self) -> HttpResponse:
        checks = self.ready()
        fine = all(state == "ok" for state in checks.values())
        status = "200 OK" if fine else "503 Service Unavailable"
        return say(status, {"status": "ok" if fine else "not ready", "checks": dict(checks)})


def _is_plain(request: HttpRequest) -> bool:
    """Whether a strict reader takes the body: not with two lengths, nor in a content encoding."""
    both = "transfer-encoding" in request.headers and request.headers.get("content-length")
    return not both and request.headers.get("content-encoding", "identity") == "identity"
