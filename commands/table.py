"""The table of all slash commands; the manifest, the help and the dispatching read it."""

from commands import approvals, card, cardops, holder, partner, topup
from commands.surface import Command

COMMANDS: tuple[Command, ...] = (
    card.COMMAND,
    topup.COMMAND,
    holder.COMMAND,
    partner.COMMAND,
    approvals.COMMAND,
    cardops.COMMAND,
)
BY_NAME = {command.name: command for command in COMMANDS}
