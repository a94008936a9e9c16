"""Reads bodies on the event loop: at most 1 MiB, or as much as a request was admitted with by its head."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.http.app import Allowance, HttpRequest
from bot.http.connections import LARGEST_BODY
from bot.http.places import BodyPlace, RequestPlaces


class TooLarge(Exception):
    """The body is larger than what is read."""


@dataclass(frozen=True, kw_only=True)
class UploadRule:
    """Which requests are admitted before their bodies are read.

    `applies` decides by the head, on the loop; `admit` may wait, and returns None where the usual bounds will do.
    """

    applies: Callable[[HttpRequest], bool] = lambda _head: False
    admit: Callable[[HttpRequest], Allowance | None] = lambda _head: None


async def read_body(
    receive: Callable[..., Any], announced: int, *, places: RequestPlaces, place: BodyPlace
) -> bytes:
    """Return the body of a request; raises TooLarge, and TooMany for a large one beside many."""
    body = bytearray()
    size = announced
    while True:
        if size > LARGEST_BODY:
            raise TooLarge
        places.take(place, size)
        message = await receive()
        if message["type"] == "http.disconnect":
            raise TooLarge  # the sender has gone: no response reaches it
        body += message.get("body", b"")
        size = max(size, len(body))
        if not message.get("more_body", False) and len(body) <= LARGEST_BODY:
            return bytes(body)


async def read_upload(receive: Callable[..., Any], announced: int, allowed: Allowance) -> bytes | None:
    """Return an admitted body, None for one that is too large to keep; raises TooLarge for one not read whole."""
    if announced > allowed.reads:
        raise TooLarge
    body = bytearray()
    size = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if message["type"] == "http.disconnect" or size > allowed.reads:
            raise TooLarge
        if size <= allowed.keeps:
            body += part
        else:
            body.clear()
        if not message.get("more_body", False):
            return bytes(body) if size <= allowed.keeps else None
