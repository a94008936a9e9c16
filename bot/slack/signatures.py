"""Slack's signature of a delivery, checked over the raw bytes before anything reads, decodes or logs them.

The source of the scheme: docs.slack.dev/authentication/verifying-requests-from-slack.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum

WINDOW = 300  # seconds, either way; Slack's own recommendation
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


class DeliveryFlaw(StrEnum):
    """Why a delivery of Slack is refused, as the metric and the log say it."""

    UNSIGNED = "not signed"
    MALFORMED = "malformed signature"
    STALE = "stale"
    WRONG = "wrong signature"
    UNREADABLE = "unreadable"
    OTHER_WORKSPACE = "another workspace"
    OTHER_APP = "another app"


class SignatureCheck:
    """Tells whether Slack signed a body; it costs one hash of the bytes, whatever they are."""

    def __init__(self, secret: str, *, now: Callable[[], datetime]) -> None:
        """Prepare with the app's signing secret; `now` is the time of this machine, as Slack knows no other."""
        self._secret = secret.encode()
        self._now = now

    def find_flaw(self, headers: Mapping[str, str], body: bytes) -> DeliveryFlaw | None:
        """Return what is wrong with the signature, or None; names of headers are in lower case.

        A header that was sent twice has its values joined, as the server does, and so is malformed.
        """
        timestamp, signature = headers.get("x-slack-request-timestamp"), headers.get("x-slack-signature")
        if not timestamp or not signature:
            return DeliveryFlaw.UNSIGNED
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            return DeliveryFlaw.MALFORMED
        if abs(self._now().timestamp() - int(timestamp)) > WINDOW:
            return DeliveryFlaw.STALE
        made = hmac.new(self._secret, f"v0:{timestamp}:".encode(), hashlib.sha256)
        made.update(body)  # apart from its head, so that a megabyte is not copied
        if not hmac.compare_digest(f"v0={made.hexdigest()}", signature):
            return DeliveryFlaw.WRONG
        return None
