"""Opens modals. Only the router has an opener, so a modal that no declaration announces cannot be opened."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from slack_sdk import WebClient

from bot.slack.declarations import OnceView, Replies, ShowOutcome
from bot.slack.payloads import Incoming, SlackView
from bot.slack.replies import Replier, frame
from commands.slash_command import ProblemReply, View
from notifier.outbox.backoff import Trouble
from notifier.outbox.slack_errors import NotDelivered, slack_call
from notifier.rendering.facts import TemplateFacts

NOT_OPENED = ProblemReply(headline="Slack did not open the form", says="", next="Please try once more.")
PERHAPS_OPENED = ProblemReply(
    headline="Slack did not say whether it was shown",
    says="It counts as shown, as it can be seen only once.",
    next="If you did not see it, ask for it again.",
)
OPENED_AFTER = 0.8  # seconds; a trigger is valid for three, and what is checked before may take longer

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class LoadingView(View, template="loading.view"):
    """What a modal shows while it is not known yet what goes into it."""


@dataclass(kw_only=True)
class WaitingModal:
    """A modal that opens by itself when its content takes long; `view_id` is empty until then."""

    view_id: str = ""
    is_settled: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def settle(self, incoming: Incoming) -> Incoming:
        """Return where the content goes: into the modal if it is open, which opens by itself no more."""
        with self.lock:
            self.is_settled = True
            return replace(incoming, view_id=self.view_id) if self.view_id else incoming


@dataclass(frozen=True, kw_only=True)
class ModalOpener:
    """Opens modals; a trigger that was too old, or Slack's refusal, becomes a private answer."""

    slack: WebClient
    replier: Replier

    def open(self, to: Incoming, modal: TemplateFacts | Replies | OnceView) -> SlackView:
        """Open a modal, or show it in the one that was clicked in; return it as Slack has it, or empty."""
        match modal:
            case OnceView():
                return self._show_once(to, modal)
            case Replies():
                blocks = [block for reply in modal.replies for block in self.replier.render(reply).blocks]
                view, name = frame(blocks, title=modal.title), modal.replies[-1].template
            case _:
                view, name = self.replier.renderer.view(modal.template, modal), modal.template
        shown, outcome = self._show(to, view, name=name)
        if outcome is not ShowOutcome.SHOWN and not to.view_id:  # a modal that was open already stays as it is
            self.replier.reply(to, NOT_OPENED)
        return shown

    @contextmanager
    def prompting(self, incoming: Incoming) -> Iterator[WaitingModal]:
        """Open a modal that says that it is being prepared, if the block takes longer than OPENED_AFTER."""
        prompt = WaitingModal()

        def run() -> None:
            with prompt.lock:
                if not prompt.is_settled:
                    view = self.replier.renderer.view(LoadingView.template, LoadingView())
                    shown, _ = self._show(incoming, view, name=LoadingView.template)
                    prompt.view_id = str(shown.get("id") or "")

        timer = threading.Timer(OPENED_AFTER, run)
        timer.daemon = True
        timer.start()
        try:
            yield prompt
        finally:
            timer.cancel()

    def _show_once(self, to: Incoming, modal: OnceView) -> SlackView:
        view = self.replier.renderer.view(modal.view.template, modal.view)
        shown, outcome = self._show(to, view, name=modal.view.template)
        modal.settle(outcome)
        match outcome:
            case ShowOutcome.NOT_SHOWN:
                self.replier.reply(replace(to, view_id=""), NOT_OPENED)
            case ShowOutcome.UNKNOWN:
                self.replier.reply(replace(to, view_id=""), PERHAPS_OPENED)
        return shown

    def _show(self, to: Incoming, view: dict[str, Any], *, name: str) -> tuple[SlackView, ShowOutcome]:
        try:
            with slack_call():
                if to.view_id:
                    answer = self.slack.views_update(view_id=to.view_id, view=view)
                else:
                    answer = self.slack.views_open(trigger_id=to.trigger, view=view)
        except NotDelivered as error:
            _log.warning("view.not_opened", extra={"view": name, "reason": error.code})
            return {}, ShowOutcome.UNKNOWN if _is_lost(error) else ShowOutcome.NOT_SHOWN
        shown: SlackView = answer.get("view") or {}
        return shown, ShowOutcome.SHOWN


def _is_lost(error: NotDelivered) -> bool:
    """Whether no answer of Slack came at all: what it answers otherwise, it did not show."""
    return error.trouble is Trouble.IN_DOUBT and not error.has_answer
