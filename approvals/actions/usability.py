"""Whether the cards are in a state in which an action makes sense. Pure."""

from approvals.actions.snapshot import Snapshot
from approvals.actions.table import Action
from approvals.refusals import Refusal


class CardUnusable(Refusal):
    """The card is {status}, so this cannot be done with it."""


class SecondUnusable(Refusal):
    """The new card is {status}, so it cannot replace another."""


class SecondTaken(Refusal):
    """The new card belongs to another cardholder already, so it cannot replace this one."""


def refuse_unusable(action: Action, seen: Snapshot) -> None:
    """Refuse what could not be carried out anyway; raises CardUnusable, SecondUnusable or SecondTaken."""
    if action.usable and seen.status not in action.usable:
        raise CardUnusable(status=seen.status_text)
    if action.usable_second:
        if seen.second is None or seen.second.status not in action.usable_second:
            raise SecondUnusable(status=seen.second.status_text if seen.second else "not known")
        if seen.second.holder_id not in ("", seen.holder_id):
            raise SecondTaken
