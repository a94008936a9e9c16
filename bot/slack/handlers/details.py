"""*Details* of a request: the modal with everything, and the figures as Paytend gives them once it is open."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from approvals.actions.payloads import Payload
from approvals.actions.snapshot import Snapshot
from approvals.messages.figures import compare_figures, list_figures
from approvals.messages.request_facts import FiguresNow, RequestDialog
from approvals.policy.people import Member
from approvals.requests import stored
from approvals.requests import view as showing
from approvals.statuses import OPEN
from approvals.tables import Request
from bot.slack.context import SlackContext
from bot.slack.declarations import take_text
from bot.slack.handlers.requests import read_request
from bot.slack.payloads import Incoming, SlackView, read_value
from bot.threads import Busy
from paytend import PaytendError

_log = logging.getLogger(__name__)


def show_request(context: SlackContext, member: Member, name: str) -> RequestDialog:
    """Return the details of a request, with its personal data for those who may see it; raises UnknownRequest."""
    message = read_request(context, name, member=member)
    with context.database.reading() as session:
        request = stored.find_named(session, message.request)
    figures = list_figures(*_read_figures(context, request), with_partner=_sees_partner(member))
    # Paytend is asked only while somebody may still act on what it says.
    return RequestDialog.of(replace(message, figures=figures), checking=bool(figures) and request.status in OPEN)


def show_again(context: SlackContext, incoming: Incoming, member: Member, request_id: str) -> RequestDialog | None:
    """Return the modal in which something was clicked, up to date; in a channel the request message is edited."""
    return show_request(context, member, request_id) if incoming.view_id else None


def check_figures(context: SlackContext, incoming: Incoming, view: SlackView) -> None:
    """Have open details show the figures as Paytend gives them now, and mark those that changed."""
    blocks = view.get("blocks") or []
    if not any(_is_checked(block) for block in blocks):
        return
    request_id = take_text(read_value(view.get("private_metadata")), "request")

    def run() -> None:
        member = context.members.find(incoming.account, team=incoming.account_team)
        with context.database.reading() as session:
            request, at = stored.find_named(session, request_id), context.now_in(session)
        snapshot, payload = _read_figures(context, request)
        shown = list_figures(snapshot, payload, with_partner=_sees_partner(member))
        says = ""
        try:
            current = context.take_snapshot(request.action, payload) if payload else snapshot
        except PaytendError as error:
            current, says = snapshot, str(error)
        figures = compare_figures(shown, list_figures(current, payload, with_partner=_sees_partner(member)))
        facts = FiguresNow(figures=figures, at=at, says=says)
        lines, when = context.replier.renderer.message(facts.template, facts).blocks
        said = {"figures": lines, "figures_at": when}
        fresh = [
            {**said[name], "block_id": name} if (name := block.get("block_id")) in said else block
            for block in blocks
        ]
        context.replier.exchange_blocks(view, fresh)

    try:
        context.work.later(run)
    except Busy:
        _log.warning("figures.not_checked")


def _is_checked(block: Mapping[str, object]) -> bool:
    return block.get("block_id") == "figures_at" and "Checking" in str(block)


def _read_figures(context: SlackContext, request: Request) -> tuple[Snapshot, Payload | None]:
    """Return what approvers were shown, and the payload; as much of it as is readable."""
    with context.database.reading() as session:
        view = showing.read_view(session, context.approvals, request, now=context.now_in(session))
    return view.snapshot, view.payload


def _sees_partner(member: Member) -> bool:
    return not member.roles.isdisjoint({"manager", "admin"})


# What completes a view that is open, by its callback id: a modal has to open before Paytend answers.
FILLS = {"request_show": check_figures}
