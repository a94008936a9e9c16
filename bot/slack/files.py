"""Files that people put into a modal: read with the bot's token, and deleted from Slack afterwards."""

import logging
from dataclasses import dataclass, field

import httpx
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from approvals.refusals import Refusal
from bot.slack.slack_urls import belongs_to_slack
from commands.holder.document import AttachedFile
from notifier.outbox import uploads
from notifier.outbox.slack_errors import read_error_code
from notifier.outbox.slack_messages import MessagePlace, open_dm
from paytend.operations.encoding import LARGEST_DOCUMENT

_HOSTS = ("files.slack.com", "files.slack-gov.com")

# Without the scope Slack answers with its login page, by a redirect or at once (S11).
_LOGIN = frozenset({302, 401, 403})
_PAGE = (b"<!doctype html", b"<html")

_log = logging.getLogger(__name__)


class FileUnreadable(Refusal):
    """Slack didn’t hand over the file ({reason}), so nothing was sent. Attach it again."""

    is_recorded = False


class FileNotHandedOut(FileUnreadable):
    """Slack showed its login page and not the file: the app lacks the scope files:read. Tell an admin."""


class FileTooLarge(Refusal):
    """The file is larger than 2 MB. Nothing was sent."""

    is_recorded = False


@dataclass(frozen=True, kw_only=True)
class SlackFiles:
    """Reads and deletes files; `token` goes to Slack's own file server and nowhere else."""

    http: httpx.Client
    slack: WebClient
    token: str = field(repr=False)

    def read(self, file: AttachedFile) -> bytes:
        """Return the content of a file; raises FileUnreadable or FileTooLarge."""
        # The address comes from a payload: the bot's token must not go to just any host (A29).
        if not belongs_to_slack(file.url, hosts=_HOSTS, base_url=self.slack.base_url):
            raise FileUnreadable(reason="it does not lie at Slack")
        content = bytearray()
        try:
            with self.http.stream("GET", file.url, headers={"Authorization": f"Bearer {self.token}"}) as answer:
                if answer.status_code in _LOGIN:
                    raise FileNotHandedOut
                if answer.status_code != 200:
                    raise FileUnreadable(reason=f"status {answer.status_code}")
                for chunk in answer.iter_bytes():
                    content += chunk
                    # Counted while reading: a size that somebody states proves nothing.
                    if len(content) > LARGEST_DOCUMENT:
                        raise FileTooLarge
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise FileUnreadable(reason=type(error).__name__) from error
        if content.lstrip()[:20].lower().startswith(_PAGE):
            raise FileNotHandedOut
        return bytes(content)

    def give(self, account: str, content: bytes, *, name: str, title: str, words: str) -> None:
        """Send a file to a person's own messages with the app, where nobody else sees it; raises NotDelivered."""
        channel = open_dm(self.slack, account)
        file_id = uploads.upload(self.slack, self.http, content, name=name, alt_text=title)
        uploads.share(self.slack, file_id, MessagePlace(channel=channel), title=title, words=words)

    def delete(self, file: AttachedFile) -> bool:
        """Delete a file from Slack and return whether it is gone."""
        try:
            self.slack.files_delete(file=file.id)
        except (SlackClientError, OSError) as error:
            code = read_error_code(error)
            _log.warning("file.not_deleted", extra={"reason": code})
            return code == "file_deleted"
        return True
