"""Canonical JSON, the digest that binds an approval to its content, and its check phrase."""

import hashlib
from typing import Any

from approvals.canonical_json import canonical_json
from approvals.requests.phrase_words import WORDS


def digest_of(*, action: str, payload: Any, requester_id: str, rule: Any) -> str:
    """Return the SHA-256, in hexadecimal, of what an approval is given for."""
    content = {"action": action, "payload": payload, "requester": requester_id, "rule": rule}
    return hashlib.sha256(canonical_json(content)).hexdigest()


def check_phrase(digest: str) -> str:
    """Return the three words that people compare instead of a digest."""
    return " ".join(WORDS[byte] for byte in bytes.fromhex(digest)[:3])
