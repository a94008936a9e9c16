"""What `/cardops` does."""

from collections.abc import Sequence

from approvals.people import Standing
from bot.acts.kinds import Typed
from bot.incoming import Incoming
from bot.parts import Parts
from commands import cardops
from commands.surface import Reply, show_help
from commands.table import COMMANDS


def _help(_parts: Parts, _incoming: Incoming, _standing: Standing, _words: Sequence[str]) -> Reply:
    return show_help(*COMMANDS)


def _whoami(_parts: Parts, _incoming: Incoming, standing: Standing, _words: Sequence[str]) -> Reply:
    return cardops.whoami(
        name=standing.person.called, roles=standing.roles, unreadable=standing.unreadable, commands=COMMANDS
    )


TYPED: dict[str, Typed] = {"help": _help, "whoami": _whoami}
