"""Private answers: by the response URL, in an open modal, or as an ephemeral message."""

import dataclasses
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.slack.payloads import Incoming, SlackView
from bot.slack.slack_urls import belongs_to_slack
from commands.slash_command import Reply
from notifier.outbox.slack_errors import read_error_code
from notifier.rendering.facts import TemplateFacts, make_plain
from notifier.rendering.plain import lay_out_plainly
from notifier.rendering.renderer import Rendered, Renderer, RenderFailed

_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
STILL_AFTER = 2.0  # seconds; a slow answer announces itself
# What may be given of a view; the rest is Slack's own.
_GIVEN = ("type", "title", "submit", "close", "private_metadata", "callback_id", "notify_on_close")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class AskingReply(Reply, template="asking"):
    """That Paytend is still being asked."""


@dataclass(frozen=True, kw_only=True)
class Replier:
    """Shows replies; one that cannot be shown is logged, because nothing depends on it."""

    renderer: Renderer
    slack: WebClient
    http: httpx.Client

    def reply(self, to: Incoming, reply: Reply, *, replace: bool = False) -> None:
        """Show a reply to the person who typed or clicked, and to nobody else."""
        if to.view_id:
            self.show_in_view(to.view_id, reply)
            return
        rendered = self.render(reply)
        message: dict[str, Any] = {"text": rendered.text, "blocks": rendered.blocks}
        # Slack shows an answer to a click in a thread in the channel, unless it is told the thread (S12).
        where = {"thread_ts": to.thread} if to.thread else {}
        # Slack takes a response URL five times within 30 minutes, then refuses it.
        if not self._respond(to, {**message, **where, "response_type": "ephemeral", "replace_original": replace}):
            self._post_ephemeral(to, message)

    def dismiss(self, to: Incoming) -> None:
        """Take an ephemeral message away."""
        self._respond(to, {"delete_original": True})

    @contextmanager
    def still_working(self, to: Incoming) -> Iterator[None]:
        """Say that the answer takes a while, when it does."""
        timer = threading.Timer(STILL_AFTER, self.reply, (to, AskingReply()))
        timer.daemon = True
        if not to.view_id and to.response_url:
            timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def exchange_blocks(self, view: SlackView, blocks: list[Any]) -> SlackView:
        """Show an open modal with these blocks unless it changed meanwhile; return it then, or empty."""
        kept = {name: view[name] for name in _GIVEN if view.get(name)}
        try:
            answer = self.slack.views_update(
                view_id=str(view["id"]), hash=str(view.get("hash") or ""), view={**kept, "blocks": blocks}
            )
        except (SlackClientError, OSError) as error:
            _log.info("view.not_updated", extra={"reason": read_error_code(error)})
            return {}
        shown: SlackView = answer.get("view") or {}
        return shown

    def show_in_view(self, view_id: str, reply: Reply, *, title: str = "cardops") -> bool:
        """Show a reply in an open modal and return whether it is seen: it may have been closed meanwhile."""
        return self.update_view(view_id, frame(self.render(reply).blocks, title=title))

    def finish_form(self, to: Incoming, reply: Reply, *, title: str = "cardops") -> None:
        """Show what came of a submitted modal: in it, or, when it was closed, where it was asked for."""
        if not self.show_in_view(to.view_id, reply, title=title):
            self.reply(dataclasses.replace(to, view_id="", channel=str(to.value.get("channel") or "")), reply)

    def render(self, reply: TemplateFacts) -> Rendered:
        """Return a reply as Slack takes it; one whose template fails is laid out plainly."""
        try:
            return self.renderer.message(reply.template, reply)
        except RenderFailed as error:
            _log.warning("reply.laid_out_plainly", extra={"template": reply.template, "reason": str(error)})
            return lay_out_plainly(reply.template, make_plain(reply))

    def update_view(self, view_id: str, view: SlackView) -> bool:
        """Show another view in an open modal and return whether it is seen: it may have been closed meanwhile."""
        try:
            self.slack.views_update(view_id=view_id, view=dict(view))
        except (SlackClientError, OSError) as error:
            _log.info("view.not_updated", extra={"reason": read_error_code(error)})
            return False
        return True

    def _respond(self, to: Incoming, message: Mapping[str, Any]) -> bool:
        if not to.response_url:
            return False
        # It comes with a payload, and what is posted there names cards and people (X11).
        if not belongs_to_slack(to.response_url, hosts=_HOSTS, base_url=self.slack.base_url):
            _log.warning("reply.not_delivered", extra={"reason": "the response URL does not belong to Slack"})
            return False
        try:
            answer = self.http.post(to.response_url, json=message)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            _log.warning("reply.not_delivered", extra={"reason": type(error).__name__})
            return False
        if answer.status_code != 200:
            _log.warning("reply.not_delivered", extra={"reason": answer.status_code})
        return answer.status_code == 200

    def _post_ephemeral(self, to: Incoming, message: Mapping[str, Any]) -> None:
        try:
            if to.channel:
                thread = to.thread or None
                self.slack.chat_postEphemeral(channel=to.channel, user=to.account, thread_ts=thread, **message)
                return
        except (SlackClientError, OSError) as error:  # the bot is not in every channel where commands are typed
            _log.info("reply.not_in_channel", extra={"reason": read_error_code(error)})
        try:
            self.slack.chat_postMessage(channel=to.account, **message)
        except (SlackClientError, OSError) as error:
            _log.warning("reply.lost", extra={"reason": read_error_code(error)})


def frame(blocks: list[dict[str, Any]], *, title: str) -> dict[str, Any]:
    """Return a modal with these blocks that can only be closed."""
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": title},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": blocks,
    }
