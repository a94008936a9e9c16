"""The choice between several cards that fit what was typed."""

from collections.abc import Sequence
from dataclasses import dataclass

from commands.slash_command import Choice, Reply


@dataclass(frozen=True, kw_only=True)
class CardsFoundReply(Reply, template="cards_found"):
    """Which of several cards is meant; `action` is that of the buttons, `more` that not all are shown."""

    action: str
    options: Sequence[Choice]
    more: bool
