"""What the trail keeps of words that are not ours: a digest, and a code with the shape of one. Pure.

The trail is kept for ever, out of the reach of retention. What Paytend says stays in rows, and retention empties
it there.
"""

import hashlib
import re
from typing import Any

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,16}")


def digest_text(text: str) -> str:
    """Return the SHA-256 of a text in hexadecimal; empty for none."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() if text else ""


def keep_code(code: str) -> str:
    """Return a code of Paytend as it is; of what has not the shape of one, only the beginning of its digest."""
    return code if not code or _CODE.fullmatch(code) else f"sha256:{digest_text(code)[:16]}"


def digest_words(words: str) -> dict[str, Any]:
    """Return the fact that proves which words were said."""
    return {"words_digest": digest_text(words)}
