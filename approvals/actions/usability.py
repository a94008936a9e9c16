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


def refuse_unusable(action: Action, snapshot: Snapshot) -> None:
    """Refuse an action that Paytend would refuse; raises CardUnusable, SecondUnusable or SecondTaken."""
    if action.usable and snapshot.status not in action.usable:
        raise CardUnusable(status=snapshot.status_text)
    if action.usable_second:
        if snapshot.second is None or snapshot.second.status not in action.usable_second:
            raise SecondUnusable(status=snapshot.second.status_text if snapshot.second else "not known")
        if snapshot.second.holder_id not in ("", snapshot.holder_id):
            raise SecondTaken
