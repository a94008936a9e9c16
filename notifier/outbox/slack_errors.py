"""What an exception of slack_sdk means: one table of Slack's error codes, one of the connection's failures.

Codes: docs.slack.dev/reference/methods/chat.postMessage, chat.update, conversations.history.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPException
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError

from notifier.outbox.backoff import Trouble

_CODES: dict[Trouble, str] = {
    Trouble.LIMITED: "ratelimited rate_limited message_limit_exceeded",
    Trouble.IN_DOUBT: "internal_error fatal_error service_unavailable request_timeout",
    Trouble.UNAUTHORISED: "token_revoked token_expired invalid_auth account_inactive not_authed "
    "org_login_required",
    Trouble.UNREACHABLE: "not_in_channel channel_not_found is_archived is_inactive posting_to_channel_denied "
    "restricted_action_read_only_channel restricted_action_thread_only_channel",
    Trouble.BAD_FORM: "invalid_blocks invalid_blocks_format msg_blocks_too_long msg_too_long block_mismatch "
    "invalid_attachments no_text",
    Trouble.GONE: "message_not_found thread_not_found cant_update_message edit_window_closed "
    "cannot_reply_to_message restricted_action_thread_locked restricted_action_non_threadable_channel",
}
CODES: dict[str, Trouble] = {code: trouble for trouble, codes in _CODES.items() for code in codes.split()}
MAY_NOT_LOOK = frozenset({"missing_scope", "not_allowed_token_type", "method_not_supported_for_channel_type"})


class NotDelivered(Exception):
    """Slack did not confirm; `trouble` says what that means, `code` is what it said, `retry_after` its wish."""

    def __init__(self, trouble: Trouble, *, code: str, retry_after: timedelta | None = None) -> None:
        super().__init__(f"{trouble}: {code}")
        self.trouble = trouble
        self.code = code
        self.retry_after = retry_after


@contextmanager
def slack_call() -> Iterator[None]:
    """Translate whatever slack_sdk raises inside of it into NotDelivered."""
    try:
        yield
    except SlackApiError as error:
        raise read_refusal(error) from error
    except SlackClientError as error:  # the request itself was not possible
        raise NotDelivered(Trouble.REFUSED, code=type(error).__name__) from error
    except (OSError, HTTPException) as error:
        raise _read_failure(error) from error


def read_error_code(error: Exception) -> str:
    """Return Slack's own word for what went wrong, such as "invalid_auth", else the name of the exception."""
    response = getattr(error, "response", None)
    return str(response["error"]) if response is not None and "error" in response else type(error).__name__


def read_refusal(error: SlackApiError) -> NotDelivered:
    """Return what an answer other than ok means."""
    status = getattr(error.response, "status_code", 200)
    data = getattr(error.response, "data", None)
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    if status == 429:
        return NotDelivered(Trouble.LIMITED, code="ratelimited", retry_after=_read_retry_after(error))
    # Slack may have posted before it failed.
    if status >= 500:
        return NotDelivered(Trouble.IN_DOUBT, code=f"HTTP {status}")
    if not code.isidentifier():  # no JSON: some proxy answered, and we do not know what it did with the request
        return NotDelivered(Trouble.IN_DOUBT, code=f"HTTP {status} without an answer")
    return NotDelivered(CODES.get(code, Trouble.REFUSED), code=code)


def _read_retry_after(error: SlackApiError) -> timedelta | None:
    headers = {name.lower(): value for name, value in error.response.headers.items()}
    seconds = headers.get("retry-after", "")
    # At most an hour: a wrong header must not silence a channel for days.
    return timedelta(seconds=min(int(seconds), 3600)) if seconds.isascii() and seconds.isdigit() else None


def _read_failure(error: Exception) -> NotDelivered:
    """Return what a failure of the connection means; when it is not certain that nothing was sent: in doubt."""
    reason = error.reason if isinstance(error, URLError) else error
    # These happen before the request is sent; after any other, Slack may have it.
    sure = isinstance(error, URLError) and isinstance(
        reason, ConnectionRefusedError | socket.gaierror | ssl.SSLCertVerificationError
    )
    return NotDelivered(Trouble.NEVER_SENT if sure else Trouble.IN_DOUBT, code=type(reason).__name__)
