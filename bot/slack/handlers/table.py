"""Every act, in one table: what is typed, clicked and submitted."""

from bot.slack.declarations import Click, Submission, Typed
from bot.slack.handlers import (
    apply,
    approvals,
    card,
    cardops,
    decisions,
    holder,
    home,
    movements,
    notices,
    partner,
    requests,
    silences,
    topup,
)
from bot.slack.handlers import kept_forms as going_on
from bot.slack.handlers import partner_transfer as transfer
from bot.slack.handlers import route_explanation as why_here
from commands.slash_command import Command

TYPED: dict[str, dict[str, Typed]] = {
    "/card": {**card.TYPED, **apply.TYPED},
    "/topup": topup.TYPED,
    "/holder": holder.TYPED,
    "/partner": partner.TYPED,
    "/approvals": approvals.TYPED,
    "/cardops": {**cardops.TYPED, **silences.TYPED},
}
CLICKS: dict[str, Click] = {
    **requests.CLICKS,
    **decisions.CLICKS,
    **approvals.CLICKS,
    **card.CLICKS,
    **holder.CLICKS,
    **movements.CLICKS,
    **partner.CLICKS,
    **topup.CLICKS,
    **going_on.CLICKS,
    **home.CLICKS,
    **why_here.CLICKS,
    **notices.CLICKS,
    **silences.CLICKS,
    **transfer.CLICKS,
}
SUBMISSIONS: dict[str, Submission] = {**decisions.SUBMISSIONS, **going_on.FORMS, **home.SUBMISSIONS}

# What opens a modal and so must be done within Slack's three seconds: never behind a slow Paytend.
_MODALS = {
    ("/topup", ""),
    ("/approvals", "show"),
    ("/card", "apply"),
    ("/card", "password"),
    ("/holder", "create"),
    ("/holder", "update"),
    ("/holder", "documents"),
}


def opens_modal(command: Command, word: str, *, more: bool) -> bool:
    """Whether what was typed is answered by a modal."""
    return (command.name, word) in _MODALS and (bool(word) or not more)
