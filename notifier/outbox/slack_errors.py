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
    # The last three pass by themselves: what moves to another workspace or organisation, a message being written.
    Trouble.LIMITED: "ratelimited rate_limited message_limit_exceeded external_channel_migrating "
    "team_added_to_org streaming_state_conflict",
    Trouble.IN_DOUBT: "internal_error fatal_error service_unavailable request_timeout update_failed "
    "file_update_failed",
    Trouble.UNAUTHORISED: "token_revoked token_expired invalid_auth account_inactive not_authed "
    "org_login_required team_access_not_granted two_factor_setup_required accesslimited",
    Trouble.UNREACHABLE: "not_in_channel channel_not_found is_archived is_inactive posting_to_channel_denied "
    "restricted_action_read_only_channel restricted_action_thread_only_channel restricted_action "
    # Forbidden by the workspace's admins, for this channel or app.
    "ekm_access_denied app_access_restricted channel_is_limited_access messages_tab_disabled invalid_channel "
    "team_not_found",
    Trouble.BAD_FORM: "invalid_blocks invalid_blocks_format msg_blocks_too_long msg_too_long block_mismatch "
    "invalid_attachments no_text too_many_attachments attachment_payload_limit_exceeded too_many_contact_cards "
    "markdown_text_conflict slack_connect_canvas_sharing_blocked slack_connect_file_link_sharing_blocked "
    "slack_connect_lists_sharing_blocked",
    Trouble.GONE: "message_not_found thread_not_found cant_update_message edit_window_closed "
    "cannot_reply_to_message restricted_action_thread_locked restricted_action_non_threadable_channel",
    # What another try does not mend, and what only arguments cause that we never send.
    Trouble.REFUSED: "missing_scope not_allowed_token_type method_not_supported_for_channel_type "
    "as_user_not_supported draft_already_deleted draft_already_sent draft_has_conflict draft_not_found "
    "duplicate_channel_not_found duplicate_message_not_found invalid_metadata_format invalid_metadata_schema "
    "metadata_must_be_sent_from_app metadata_too_large send_on_behalf_not_allowed missing_file_data "
    "cant_broadcast_message no_dual_broadcast_content_update blocked_file_type file_deleted file_is_deleted "
    "file_not_found file_share_limit_reached max_file_sharing_exceeded unable_to_share_files "
    "slack_connect_blocked_file_type slack_connect_clip_sharing_blocked slack_connect_file_upload_sharing_blocked "
    "invalid_cursor invalid_metadata_filter_keys invalid_ts_latest invalid_ts_oldest "
    "list_record_comment_fetch_failed not_enough_users too_many_users users_list_not_supplied alt_txt_too_large "
    "file_upload_size_restricted file_uploads_disabled missing_argument snippet_too_large storage_limit_reached "
    "unknown_snippet_type unknown_subtype file_type_not_allowed file_uploads_except_images_disabled access_denied "
    # People who left, or who are hidden from us.
    "channels_limit_exceeded user_disabled user_not_found user_not_visible invalid_user_combination",
}
CODES: dict[str, Trouble] = {code: trouble for trouble, codes in _CODES.items() for code in codes.split()}
# The token may do other things, but not this: what that means is up to what was asked.
MAY_NOT = frozenset({"missing_scope", "not_allowed_token_type"})
MAY_NOT_LOOK = MAY_NOT | {"method_not_supported_for_channel_type"}


class NotDelivered(Exception):
    """Slack did not confirm; `trouble` says what that means, `code` is what it said, `retry_after` its wish.

    `has_answer`: whether Slack answered at all. `problems` is where it points to in what it refused.
    """

    def __init__(
        self,
        trouble: Trouble,
        *,
        code: str,
        retry_after: timedelta | None = None,
        has_answer: bool = True,
        problems: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"{trouble}: {code}")
        self.trouble = trouble
        self.code = code
        self.retry_after = retry_after
        self.has_answer = has_answer
        self.problems = problems


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
    except (AttributeError, UnicodeDecodeError) as error:
        # slack_sdk reads a JSON object only; after any other answer nobody knows what was done.
        raise NotDelivered(Trouble.IN_DOUBT, code="an answer that is no JSON object") from error


@contextmanager
def message_call() -> Iterator[None]:
    """The same for calls that write messages: a token that may not write at all is as good as none."""
    try:
        with slack_call():
            yield
    except NotDelivered as error:
        if error.code in MAY_NOT:
            raise NotDelivered(Trouble.UNAUTHORISED, code=error.code) from error
        raise


def read_error_code(error: Exception) -> str:
    """Return Slack's own word for what went wrong, such as "invalid_auth", else the name of the exception."""
    response = getattr(error, "response", None)
    return str(response["error"]) if response is not None and "error" in response else type(error).__name__


def read_refusal(error: SlackApiError) -> NotDelivered:
    """Return what an answer other than ok means."""
    status = getattr(error.response, "status_code", 200)
    data = getattr(error.response, "data", None)
    said = data.get("error") if isinstance(data, dict) else None
    code = said if isinstance(said, str) else ""
    if status == 429:
        return NotDelivered(Trouble.LIMITED, code="ratelimited", retry_after=_read_retry_after(error))
    # Slack may have posted before it failed.
    if status >= 500:
        # A gateway that waited for Slack in vain: nobody knows what Slack did.
        return NotDelivered(Trouble.IN_DOUBT, code=f"HTTP {status}", has_answer=status not in {502, 504})
    if not code.isidentifier():  # no JSON: some proxy answered, and we do not know what it did with the request
        return NotDelivered(Trouble.IN_DOUBT, code=f"HTTP {status} without an answer")
    return NotDelivered(CODES.get(code, Trouble.REFUSED), code=code, problems=_read_problems(data))


def _read_problems(data: object) -> tuple[str, ...]:
    """Return Slack's own pointers to the fault, such as "unsupported type: x [json-pointer:/blocks/0/type]"."""
    metadata = data.get("response_metadata") if isinstance(data, dict) else None
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    # Few and short: one fault may be told once for each block.
    return tuple(str(each)[:300] for each in messages[:5]) if isinstance(messages, list) else ()


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
    trouble = Trouble.NEVER_SENT if sure else Trouble.IN_DOUBT
    return NotDelivered(trouble, code=type(reason).__name__, has_answer=False)
