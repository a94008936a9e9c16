"""All that can be typed, clicked and submitted, in one table each."""

from bot.slack.declarations import Click, Modal
from bot.slack.handlers import (
    approvals,
    books,
    cardops,
    closed_forms,
    decisions,
    details,
    home,
    movements,
    notice_details,
    notices,
    partner,
    partner_transfer,
    requests,
    route_explanation,
    settlements,
    silences,
    stops,
    topup,
)
from bot.slack.handlers.card import command as card
from bot.slack.handlers.holder import command as holder
from commands.slash_command import Command

_OTHERS = (card.COMMAND, topup.COMMAND, holder.COMMAND, partner.COMMAND, approvals.COMMAND)
COMMANDS: tuple[Command, ...] = (*_OTHERS, cardops.make_command(*_OTHERS))
COMMANDS_BY_NAME = {command.name: command for command in COMMANDS}
_CLICKS: tuple[Click, ...] = (
    *requests.CLICKS,
    *decisions.CLICKS,
    *settlements.CLICKS,
    *approvals.CLICKS,
    *card.CLICKS,
    *holder.CLICKS,
    *movements.CLICKS,
    *partner.CLICKS,
    *books.CLICKS,
    *topup.CLICKS,
    *closed_forms.CLICKS,
    *home.CLICKS,
    *route_explanation.CLICKS,
    *notice_details.CLICKS,
    *notices.CLICKS,
    *silences.CLICKS,
    *stops.CLICKS,
    *partner_transfer.CLICKS,
)
CLICKS = {click.action: click for click in _CLICKS}
MODALS: dict[str, Modal] = {
    modal.name: modal
    for modal in (
        *decisions.MODALS,
        *settlements.MODALS,
        *books.MODALS,
        *card.MODALS,
        *holder.MODALS,
        *topup.MODALS,
        *home.MODALS,
    )
}
FILLS = {**details.FILLS, **{name: modal.fill for name, modal in MODALS.items() if modal.fill is not None}}
