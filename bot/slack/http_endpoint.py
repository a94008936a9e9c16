"""Slack's requests over HTTP: handed to Bolt, which verifies them, and its answer handed back."""

import json
import re
from collections.abc import Mapping
from typing import Any

from slack_bolt import App, BoltRequest

from bot.http.app import HttpRequest, HttpResponse, Path, respond_json
from bot.slack.handlers.table import CLICKS

_WAITING = (b"block_suggestion", *(name.encode() for name, click in CLICKS.items() if click.decides))
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
FORGED = respond_json("401 Unauthorized", {"error": "invalid request"})
_STATUS = {200: "200 OK", 401: "401 Unauthorized", 404: "404 Not Found"}


def is_instant(request: HttpRequest) -> bool:
    """Whether a request is only handed over: a webhook, or most of Slack's.

    Searching for options may ask Paytend, and decisions wait for the disk: these are told by their raw body, as
    reading it is most of the work; any other with such a word in it takes the other way.
    """
    if request.path == Path.SLACK:
        return not any(word in request.body for word in _WAITING)
    return request.path == Path.WEBHOOK


def answer_http(app: App, headers: Mapping[str, str], body: bytes) -> HttpResponse:
    """Return Bolt's answer to one HTTP request; a body that is no text is nobody's."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return HttpResponse(status="400 Bad Request")
    if not _TIMESTAMP.fullmatch(headers.get("x-slack-request-timestamp", "0")):
        return FORGED  # Bolt would break at it, and log a traceback for anybody who asks
    response = app.dispatch(BoltRequest(body=text, headers={name: [value] for name, value in headers.items()}))
    kind = response.headers.get("content-type", ["text/plain"])[0]
    return HttpResponse(
        status=_STATUS.get(response.status, "500 Internal Server Error"), body=_bytes(response.body), type=kind
    )


def _bytes(body: Any) -> bytes:
    return (body if isinstance(body, str) else json.dumps(body)).encode()
