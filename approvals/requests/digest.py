"""The digest that binds an approval to its content, and the check phrase made from it."""

import hashlib
from typing import Any

from approvals.canonical_json import canonical_json
from approvals.requests.phrase_words import WORDS


def digest_of(*, action: str, payload: Any, requester_id: str, rule: Any, reference: str = "") -> str:
    """Return the SHA-256, in hexadecimal, of everything that an approval is given for.

    `reference` is empty in the digests of requests that were made before it was part of them.
    """
    # The rule too: an approval given under one rule must not count for a request under another.
    content = {"action": action, "payload": payload, "requester": requester_id, "rule": rule}
    # The reference too: under another one, the same approval could move the money a second time.
    content |= {"reference": reference} if reference else {}
    return hashlib.sha256(canonical_json(content)).hexdigest()


def check_phrase(digest: str) -> str:
    """Return three words that people can compare instead of the digest; they protect nothing by themselves."""
    return " ".join(WORDS[byte] for byte in bytes.fromhex(digest)[:3])
