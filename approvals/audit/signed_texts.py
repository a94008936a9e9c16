"""The texts about the trail that are signed, so that others can check them with our public key. Pure.

`evidence/verify.py` has them a second time: it runs where nothing else of ours is.
"""

EXPORT = "cardops export of the trail"
HEAD = "cardops head of the trail"


def head_text(number: int, digest: str, at: str) -> str:
    """Return the text that is signed when a head of the trail is told; `at` is the moment in ISO 8601."""
    return f"{HEAD}\n{number}:{digest}\n{at}\n"


def export_text(lines_digest: str, seal: str) -> str:
    """Return the text that is signed at the end of an export; `seal` is its last line without the signature."""
    return f"{EXPORT}\n{lines_digest}\n{seal}\n"
