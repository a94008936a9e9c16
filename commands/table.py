"""The table of all slash commands; the manifest, the help and the dispatching read it."""

from commands import approvals, topup
from commands.card import info as card
from commands.cardops import whoami as cardops
from commands.holder import lookup as holder
from commands.partner import account as partner
from commands.slash_command import Command

COMMANDS: tuple[Command, ...] = (
    card.COMMAND,
    topup.COMMAND,
    holder.COMMAND,
    partner.COMMAND,
    approvals.COMMAND,
    cardops.COMMAND,
)
BY_NAME = {command.name: command for command in COMMANDS}
