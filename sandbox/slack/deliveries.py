"""What Slack sends to the app, what came back, and what the person then saw; values only."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from sandbox.slack.shapes import Json

FAILURES = {
    "operation_timeout": "the app did not acknowledge within 3 seconds",
    "dispatch_failed": "the app could not be reached",
    "http_client_error": "the app answered with a 4xx status",
    "http_service_error": "the app answered with a 5xx status",
}


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """One payload for the app; `kind` is that of Socket Mode: slash_commands, interactive, events_api."""

    kind: str
    payload: Json
    accepts_answer: bool = True
    retry: int = 0
    reason: str = ""

    def over_http(self) -> tuple[bytes, dict[str, str]]:
        """Return body and headers (without the signature) as Slack sends them over HTTP."""
        if self.kind == "events_api":
            body, content_type = json.dumps(self.payload).encode(), "application/json"
        elif self.kind == "slash_commands":
            body, content_type = urlencode(self.payload).encode(), "application/x-www-form-urlencoded"
        else:
            body = urlencode({"payload": json.dumps(self.payload)}).encode()
            content_type = "application/x-www-form-urlencoded"
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0 (stand-in)", "Accept": "*/*"}
        if self.retry:
            headers |= {"X-Slack-Retry-Num": str(self.retry), "X-Slack-Retry-Reason": self.reason}
        return body, headers

    def over_socket(self, envelope_id: str) -> str:
        """Return the frame of Socket Mode."""
        frame: Json = {"envelope_id": envelope_id, "type": self.kind, "payload": self.payload}
        frame["accepts_response_payload"] = self.accepts_answer
        if self.kind == "events_api":
            frame |= {"retry_attempt": self.retry, "retry_reason": self.reason}
        return json.dumps(frame)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back from the app: a status (200 for a socket), a body, or the reason why nothing came."""

    transport: str
    status: int | None = None
    body: Any = None
    error: str = ""
    ms: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_fine(self) -> bool:
        """Whether the app acknowledged."""
        return not self.error


def answered(*, transport: str, status: int, content: bytes, ms: float, headers: dict[str, str]) -> Answer:
    """Return the answer to a delivery over HTTP; a JSON body is decoded."""
    error = ""
    if status >= 500:
        error = "http_service_error"
    elif not 200 <= status < 300:
        error = "http_client_error"
    text = content.decode(errors="replace")
    body: Any = text
    if text.lstrip().startswith("{"):
        try:
            body = json.loads(text)
        except ValueError:
            body = text
    lowered = {name.lower(): value for name, value in headers.items()}
    return Answer(transport=transport, status=status, body=body, error=error, ms=ms, headers=lowered)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What became of something that a person did.

    `error` is Slack's name for what went wrong, `shown` the words that the person saw then, `errors`
    are those under the fields of a modal, `options` the answer to a search in a select.
    """

    kind: str
    payload: Json = field(default_factory=dict)
    transport: str = ""
    status: int | None = None
    ms: float = 0.0
    response: Any = None
    error: str = ""
    shown: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    options: list[Json] = field(default_factory=list)
    was_sent: bool = True

    @property
    def is_fine(self) -> bool:
        """Whether it was acknowledged and nothing is to be mended."""
        return not self.error and not self.errors
