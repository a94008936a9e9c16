"""Every act, in one table: what is typed, clicked and submitted."""

from bot.acts import approvals, card, cardops, decisions, holder, movements, partner, requests, topup
from bot.acts.kinds import Click, Submission, Typed
from commands.surface import Command

TYPED: dict[str, dict[str, Typed]] = {
    "/card": card.TYPED,
    "/topup": topup.TYPED,
    "/holder": holder.TYPED,
    "/partner": partner.TYPED,
    "/approvals": approvals.TYPED,
    "/cardops": cardops.TYPED,
}
CLICKS: dict[str, Click] = {
    "dismiss": Click(act=lambda parts, incoming, _standing: parts.replier.dismiss(incoming)),
    **requests.CLICKS,
    **decisions.CLICKS,
    **approvals.CLICKS,
    **card.CLICKS,
    **holder.CLICKS,
    **movements.CLICKS,
    **partner.CLICKS,
    **topup.CLICKS,
}
SUBMISSIONS: dict[str, Submission] = {**decisions.SUBMISSIONS, **card.SUBMISSIONS, **topup.SUBMISSIONS}

# What opens a modal and so must be done within Slack's three seconds: never behind a slow Paytend.
_MODALS = {("/card", "password"), ("/topup", ""), ("/approvals", "show")}


def opens_modal(command: Command, word: str, *, more: bool) -> bool:
    """Whether what was typed is answered by a modal."""
    return (command.name, word) in _MODALS and (bool(word) or not more)
