"""Private answers to whoever typed or clicked: by the response URL, in a modal, or as an ephemeral message."""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.incoming import Incoming
from commands.surface import Reply
from notifier.plain import lay_out_plainly
from notifier.rendering import Rendered, Renderer, RenderFailed

NOT_OPENED = {"headline": "Slack did not open the form", "says": "", "next": "Please try once more."}
STILL_AFTER = 2.0  # seconds; a slow answer announces itself

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Replier:
    """Shows replies and views; what cannot be shown is logged, for nothing depends on it."""

    renderer: Renderer
    slack: WebClient
    http: httpx.Client

    def reply(self, to: Incoming, reply: Reply, *, replace: bool = False) -> None:
        """Show a reply to whoever caused the delivery, and to nobody else."""
        if to.view_id:
            self.show_in_view(to.view_id, reply)
            return
        rendered = self._render(reply)
        message = {"text": rendered.text, "blocks": rendered.blocks}
        if not self._respond(to, {**message, "response_type": "ephemeral", "replace_original": replace}):
            self._post_ephemeral(to, message)

    def dismiss(self, to: Incoming) -> None:
        """Take an ephemeral message away."""
        self._respond(to, {"delete_original": True})

    @contextmanager
    def still_working(self, to: Incoming) -> Iterator[None]:
        """Say that the answer takes a while, when it does."""
        timer = threading.Timer(STILL_AFTER, self.reply, (to, Reply(template="asking")))
        timer.daemon = True
        if not to.view_id and to.response_url:
            timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def open_view(self, to: Incoming, name: str, facts: Mapping[str, Any]) -> None:
        """Open a modal; a trigger that was too old, or Slack's refusal, becomes a private answer."""
        view = self.renderer.view(name, facts)
        try:
            if to.view_id:
                self.slack.views_update(view_id=to.view_id, view=view)
            else:
                self.slack.views_open(trigger_id=to.trigger, view=view)
        except (SlackClientError, OSError) as error:
            _log.warning("view.not_opened", extra={"view": name, "reason": _reason(error)})
            if not to.view_id:
                self.reply(to, Reply(template="problem", facts=NOT_OPENED))

    def update_view(self, view_id: str, name: str, facts: Mapping[str, Any]) -> None:
        """Show another view in an open modal; one that was closed meanwhile is no trouble."""
        self._update(view_id, self.renderer.view(name, facts))

    def show_in_view(self, view_id: str, reply: Reply, *, title: str = "cardops") -> None:
        """Show a reply in an open modal."""
        rendered = self._render(reply)
        view = {
            "type": "modal",
            "title": {"type": "plain_text", "text": title},
            "close": {"type": "plain_text", "text": "Close"},
            "blocks": rendered.blocks,
        }
        self._update(view_id, view)

    def _render(self, reply: Reply) -> Rendered:
        try:
            return self.renderer.message(reply.template, reply.facts)
        except RenderFailed as error:
            _log.warning("reply.laid_out_plainly", extra={"template": reply.template, "reason": str(error)})
            return lay_out_plainly(reply.template, reply.facts)

    def _update(self, view_id: str, view: Mapping[str, Any]) -> None:
        try:
            self.slack.views_update(view_id=view_id, view=dict(view))
        except (SlackClientError, OSError) as error:
            _log.info("view.not_updated", extra={"reason": _reason(error)})

    def _respond(self, to: Incoming, message: Mapping[str, Any]) -> bool:
        if not to.response_url:
            return False
        try:
            answer = self.http.post(to.response_url, json=message)
        except httpx.HTTPError as error:
            _log.warning("reply.not_delivered", extra={"reason": type(error).__name__})
            return False
        if answer.status_code != 200:
            _log.warning("reply.not_delivered", extra={"reason": answer.status_code})
        return answer.status_code == 200

    def _post_ephemeral(self, to: Incoming, message: Mapping[str, Any]) -> None:
        channel = to.channel or to.account
        try:
            if to.channel:
                self.slack.chat_postEphemeral(channel=channel, user=to.account, **message)
            else:
                self.slack.chat_postMessage(channel=channel, **message)
        except (SlackClientError, OSError) as error:
            _log.warning("reply.lost", extra={"reason": _reason(error)})


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None)
    return str(response["error"]) if response is not None and "error" in response else type(error).__name__
