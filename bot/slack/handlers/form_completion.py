"""Completes an open form with what Paytend says of its cardholder: a modal has to open before Paytend answers."""

import logging
from dataclasses import dataclass

from bot.slack.context import SlackContext
from bot.slack.declarations import take_text
from bot.slack.payloads import Incoming, SlackView, read_value
from bot.threads import Busy
from commands.holder import lookup
from commands.slash_command import Reply
from paytend import PaytendError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class FormNotKnown(Reply, template="form_not_known"):
    """That Paytend did not say what a form was to show, and why."""

    says: str


def fill_with_holder(context: SlackContext, incoming: Incoming, view: SlackView) -> None:
    """Have an open form show the cardholder in its metadata; reading personal data goes into the trail.

    When Paytend does not answer, the form says so.
    """
    holder_id = take_text(read_value(view.get("private_metadata")), "holder")

    def run() -> None:
        try:
            reply: Reply = lookup.known(holder_id, ask=context.paytend.send)
            member = context.members.find(incoming.account, team=incoming.account_team)
            context.note("cardholder:read", member=member, subject=holder_id)
        except PaytendError as error:
            reply = FormNotKnown(says=str(error))
        _complete(context, view, reply)

    try:
        context.work.later(run)
    except Busy:
        _log.warning("form.not_completed")


def _complete(context: SlackContext, view: SlackView, reply: Reply) -> None:
    """Put a reply where an open form says that Paytend is being asked."""
    said = context.replier.renderer.message(reply.template, reply).blocks[0]
    blocks = [
        {**said, "block_id": "known"} if block.get("block_id") == "asking" else block
        for block in view.get("blocks") or []
    ]
    context.replier.exchange_blocks(view, blocks)
