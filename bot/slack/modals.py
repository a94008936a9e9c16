"""Opens modals. Only the router has an opener, so a modal that no declaration announces cannot be opened."""

import logging
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.slack.declarations import Replies
from bot.slack.payloads import Incoming, SlackView
from bot.slack.replies import Replier, frame
from commands.slash_command import ProblemReply
from notifier.outbox.slack_errors import read_error_code
from notifier.rendering.facts import TemplateFacts

NOT_OPENED = ProblemReply(headline="Slack did not open the form", says="", next="Please try once more.")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ModalOpener:
    """Opens modals; a trigger that was too old, or Slack's refusal, becomes a private answer."""

    slack: WebClient
    replier: Replier

    def open(self, to: Incoming, modal: TemplateFacts | Replies) -> SlackView:
        """Open a modal, or show it in the one that was clicked in; return it as Slack has it, or empty."""
        if isinstance(modal, Replies):
            blocks = [block for reply in modal.replies for block in self.replier.render(reply).blocks]
            view = frame(blocks, title=modal.title)
            if to.view_id:
                self.replier.update_view(to.view_id, view)
                return {}
            return self._show(to, view, name=modal.replies[-1].template)
        return self._show(to, self.replier.renderer.view(modal.template, modal), name=modal.template)

    def _show(self, to: Incoming, view: dict[str, Any], *, name: str) -> SlackView:
        try:
            if to.view_id:
                answer = self.slack.views_update(view_id=to.view_id, view=view)
            else:
                answer = self.slack.views_open(trigger_id=to.trigger, view=view)
        except (SlackClientError, OSError) as error:
            _log.warning("view.not_opened", extra={"view": name, "reason": read_error_code(error)})
            if not to.view_id:  # a modal that was open already stays as it is
                self.replier.reply(to, NOT_OPENED)
            return {}
        shown: SlackView = answer.get("view") or {}
        return shown
