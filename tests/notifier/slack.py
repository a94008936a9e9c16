"""A small Slack on loopback for these tests: what the deliverer calls, and the ways in which it fails."""

import itertools
import json
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl


class Trick(Enum):
    """How the next call of a method goes wrong."""

    LIMITED = "429 with Retry-After: 30"
    FAILS_BEFORE = "500, nothing done"
    FAILS_AFTER = "500 after it was done"
    RESETS_AFTER = "the connection is cut after it was done"
    RESETS_BEFORE = "the connection is cut, nothing done"
    SPEAKS_HTML = "200 with a page of some proxy"


_OOPS: tuple[int, dict[str, str], bytes] = (500, {}, b"oops")
_ANSWERS: dict[Trick, tuple[int, dict[str, str], bytes] | None] = {
    Trick.LIMITED: (429, {"Retry-After": "30"}, b'{"ok":false,"error":"ratelimited"}'),
    Trick.FAILS_BEFORE: _OOPS,
    Trick.FAILS_AFTER: _OOPS,
    Trick.RESETS_BEFORE: None,
    Trick.RESETS_AFTER: None,
    Trick.SPEAKS_HTML: (200, {}, b"<html>"),
}


def _first_words(asked: dict[str, Any]) -> str:
    """A text without the mark that a repeat has."""
    return str(asked.get("text")).partition(" (")[0]


@dataclass
class Slack:
    """The workspace: its channels, what stands in them, and every call that was made."""

    channels: set[str] = field(default_factory=lambda: {"C0ALERTS", "C0OPS", "C0SPARE"})
    archived: set[str] = field(default_factory=set)
    messages: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tricks: dict[str, deque[Trick | str | bytes]] = field(default_factory=lambda: defaultdict(deque))
    token_is_good: bool = True
    may_read_history: bool = True
    refuses_blocks: bool = False
    indigestible: set[str] = field(default_factory=set)  # texts at which Slack breaks
    url: str = ""
    _numbers: Any = field(default_factory=lambda: itertools.count(1))
    _lock: Any = field(default_factory=threading.Lock)

    def will(self, method: str, *tricks: Trick | str | bytes) -> None:
        """Let the next calls of a method go wrong; a text is an error code, bytes are a whole answer."""
        self.tricks[method].extend(tricks)

    def texts(self, channel: str = "C0ALERTS") -> list[str]:
        """Return the texts that stand in a channel, in order."""
        return [message["text"] for message in self.messages if message["channel"] == channel]

    def count(self, method: str) -> int:
        """Return how often a method was called."""
        return sum(name == method for name, _ in self.calls)

    def answer(self, method: str, asked: dict[str, Any]) -> tuple[int, dict[str, str], bytes] | None:
        """Return status, headers and body; None cuts the connection."""
        with self._lock:
            self.calls.append((method, asked))
            trick = self.tricks[method].popleft() if self.tricks[method] else None
            if isinstance(trick, bytes):
                return 200, {}, trick
            if isinstance(trick, str):
                return 200, {}, json.dumps({"ok": False, "error": trick}).encode()
            done = self._do(method, asked) if trick in {None, Trick.FAILS_AFTER, Trick.RESETS_AFTER} else {}
            return _ANSWERS[trick] if trick else (200, {}, json.dumps(done).encode())

    def _do(self, method: str, asked: dict[str, Any]) -> dict[str, Any]:
        if error := self._find_error(method, asked):
            return {"ok": False, "error": error}
        methods = {
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.open": self._open,
            "conversations.replies": self._history,
        }
        return methods[method](asked)

    def _open(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.channels.add(f"D{asked['users']}")
        return {"ok": True, "channel": {"id": f"D{asked['users']}"}}

    def _find_error(self, method: str, asked: dict[str, Any]) -> str | None:
        channel = asked.get("channel")
        errors = {
            "token_revoked": not self.token_is_good,
            "missing_scope": not self.may_read_history
            and method in {"conversations.history", "conversations.replies"},
            "channel_not_found": channel is not None and channel not in self.channels,
            "is_archived": channel in self.archived and method.startswith("chat."),
            "internal_error": _first_words(asked) in self.indigestible,
            "invalid_blocks": self.refuses_blocks and bool(asked.get("blocks")),
        }
        return next((error for error, holds in errors.items() if holds), None)

    def _post(self, asked: dict[str, Any]) -> dict[str, Any]:
        parents = {message["ts"] for message in self.messages}
        if asked.get("thread_ts") and asked["thread_ts"] not in parents:
            return {"ok": False, "error": "thread_not_found"}
        message = {**asked, "ts": f"1795341600.{next(self._numbers):06d}"}
        self.messages.append(message)
        return {"ok": True, "channel": asked["channel"], "ts": message["ts"], "message": message}

    def _update(self, asked: dict[str, Any]) -> dict[str, Any]:
        for message in self.messages:
            if (message["channel"], message["ts"]) == (asked["channel"], asked["ts"]):
                message.update({"text": asked["text"], "blocks": asked["blocks"]})
                return {"ok": True, "ts": message["ts"]}
        return {"ok": False, "error": "message_not_found"}

    def _history(self, asked: dict[str, Any]) -> dict[str, Any]:
        thread = asked.get("ts")
        found = [
            message
            for message in self.messages
            if message["channel"] == asked["channel"] and message.get("thread_ts") == thread
        ]
        start, size = int(asked.get("cursor") or 0), 2  # small pages, so that they are turned
        more = {"next_cursor": str(start + size)} if start + size < len(found) else {"next_cursor": ""}
        return {"ok": True, "messages": found[::-1][start : start + size], "response_metadata": more}


def serve(slack: Slack) -> ThreadingHTTPServer:
    """Return a running server of this workspace; its address is in `slack.url`."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"] or 0))
            is_json = self.headers["Content-Type"].startswith("application/json")
            asked = json.loads(raw) if is_json else dict(parse_qsl(raw.decode()))
            answer = slack.answer(self.path.removeprefix("/api/").partition("?")[0], asked)
            if answer is None:
                self.close_connection = True
                return
            status, headers, body = answer
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    slack.url = f"http://127.0.0.1:{server.server_address[1]}/api/"
    threading.Thread(target=server.serve_forever, args=(0.003,), daemon=True).start()
    return server
