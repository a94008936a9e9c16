"""The web application: Slack's requests, Paytend's webhooks, health and metrics; anything else is not found."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

_log = logging.getLogger(__name__)

Environ = Mapping[str, Any]
StartResponse = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A status line, a body, and what it is."""

    status: str
    body: bytes = b""
    type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


def say(status: str, value: object) -> Answer:
    """Return an answer in JSON."""
    return Answer(status=status, body=json.dumps(value).encode(), type="application/json")


NOT_FOUND = say("404 Not Found", {"error": "not found"})
OTHER_METHOD = say("405 Method Not Allowed", {"error": "method not allowed"})
BAD_REQUEST = say("400 Bad Request", {"error": "bad request"})
BROKEN = say("500 Internal Server Error", {"error": "internal error"})


@dataclass(frozen=True, kw_only=True)
class Web:
    """One WSGI application. `slack` and `webhook` take headers and body, `ready` names its checks."""

    slack: Callable[[Mapping[str, str], bytes], Answer] | None
    webhook: Callable[[bytes], Answer]
    ready: Callable[[], Mapping[str, str]]
    registry: CollectorRegistry

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            answer = self._answer(environ)
        except Exception:  # noqa: BLE001 - the edge of the process: the sender gets no detail, the log has it
            _log.exception("web.broken", extra={"path": environ.get("PATH_INFO", "")})
            answer = BROKEN
        headers = [("Content-Type", answer.type), ("Content-Length", str(len(answer.body))), *answer.headers]
        start_response(answer.status, headers)
        return [answer.body]

    def _answer(self, environ: Environ) -> Answer:
        route = (environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""))
        match route:
            case ("POST", "/slack/events") if self.slack is not None:
                body = _read(environ)
                return BAD_REQUEST if body is None else self.slack(_headers(environ), body)
            case ("POST", "/paytend/webhook"):
                body = _read(environ)
                return BAD_REQUEST if body is None else self.webhook(body)
            case ("GET" | "HEAD", "/healthz"):
                return say("200 OK", {"status": "ok"})
            case ("GET" | "HEAD", "/readyz"):
                return self._say_ready()
            case ("GET" | "HEAD", "/metrics"):
                text = generate_latest(self.registry)
                return Answer(status="200 OK", body=text, type="text/plain; version=0.0.4; charset=utf-8")
            case (_, "/slack/events" | "/paytend/webhook" | "/healthz" | "/readyz" | "/metrics"):
                return OTHER_METHOD
            case _:
                return NOT_FOUND

    def _say_ready(self) -> Answer:
        checks = self.ready()
        fine = all(state == "ok" for state in checks.values())
        status = "200 OK" if fine else "503 Service Unavailable"
        return say(status, {"status": "ok" if fine else "not ready", "checks": dict(checks)})


def _read(environ: Environ) -> bytes | None:
    """Return the body; None for what a strict reader refuses: two lengths, or a content encoding."""
    if "HTTP_TRANSFER_ENCODING" in environ and environ.get("CONTENT_LENGTH"):
        return None
    if environ.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        return None
    length = environ.get("CONTENT_LENGTH")
    return bytes(environ["wsgi.input"].read(int(length)) if length else environ["wsgi.input"].read())


def _headers(environ: Environ) -> dict[str, str]:
    """Return the headers in small letters, as Bolt reads them."""
    found = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    return found | {"content-type": environ.get("CONTENT_TYPE", "")}
