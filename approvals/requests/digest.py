"""Canonical JSON, the digest that binds an approval to its content, and its check phrase."""

import hashlib
import json
from typing import Any

from approvals.requests.phrase_words import WORDS


class NotCanonical(ValueError):
    """A value that has no exact JSON form (a float, bytes, or a key that is no text)."""


def canonical_json(value: Any) -> bytes:
    """Return the one JSON form of a value: sorted keys, no spaces, UTF-8; raises NotCanonical."""
    _refuse_inexact(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("a text with half a character") from error


def digest_of(*, action: str, payload: Any, requester_id: str, rule: Any) -> str:
    """Return the SHA-256, in hexadecimal, of what an approval is given for."""
    content = {"action": action, "payload": payload, "requester": requester_id, "rule": rule}
    return hashlib.sha256(canonical_json(content)).hexdigest()


def check_phrase(digest: str) -> str:
    """Return the three words that people compare instead of a digest."""
    return " ".join(WORDS[byte] for byte in bytes.fromhex(digest)[:3])


def _refuse_inexact(value: Any) -> None:
    match value:
        case None | bool() | int() | str():
            return
        case dict():
            if not all(isinstance(name, str) for name in value):
                raise NotCanonical("a key that is no text")
            for inner in value.values():
                _refuse_inexact(inner)
        case list() | tuple():
            for inner in value:
                _refuse_inexact(inner)
        case _:
            raise NotCanonical(f"a {type(value).__name__} has no exact JSON form")
