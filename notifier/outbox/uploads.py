"""The steps of a file's way into Slack: room is made, the bytes are sent, the file is shared in a thread.

docs.slack.dev/messaging/working-with-files: files.getUploadURLExternal, a POST, files.completeUploadExternal.
Until the last step nobody sees anything, so the first two may be repeated; the last one must not.
"""

import httpx
from slack_sdk import WebClient

from notifier.outbox.backoff import Trouble
from notifier.outbox.slack_errors import NotDelivered, slack_call
from notifier.outbox.slack_messages import MessagePlace


def upload(slack: WebClient, http: httpx.Client, content: bytes, *, name: str, alt_text: str) -> str:
    """Bring a file to Slack, seen by nobody yet; return its id; raises NotDelivered."""
    with slack_call():
        room = slack.files_getUploadURLExternal(filename=name, length=len(content), alt_txt=alt_text)
    address, file_id = room.get("upload_url"), room.get("file_id")
    if not address or not file_id:
        raise NotDelivered(Trouble.IN_DOUBT, code="an answer without an address for the file")
    try:
        answer = http.post(str(address), content=content, headers={"Content-Type": "application/octet-stream"})
    except httpx.HTTPError as error:
        raise NotDelivered(Trouble.IN_DOUBT, code=type(error).__name__) from error
    if answer.status_code != httpx.codes.OK:
        raise NotDelivered(Trouble.IN_DOUBT, code=f"the upload was answered with HTTP {answer.status_code}")
    return str(file_id)


def share(slack: WebClient, file_id: str, place: MessagePlace, *, title: str, words: str) -> None:
    """Show an uploaded file in a thread, with words; raises NotDelivered."""
    with slack_call():
        slack.files_completeUploadExternal(
            files=[{"id": file_id, "title": title}],
            channel_id=place.channel,
            thread_ts=place.thread_ts,
            initial_comment=words,
        )
