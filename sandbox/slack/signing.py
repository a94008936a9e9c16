"""How Slack signs what it sends: docs.slack.dev/authentication/verifying-requests-from-slack."""

import hashlib
import hmac


def sign(body: bytes, *, secret: str, timestamp: int) -> dict[str, str]:
    """Return the two headers that let an app tell a request of Slack from a forged one."""
    base = b"v0:" + str(timestamp).encode() + b":" + body
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}
