"""Whether the cards are in a state in which an action makes sense. Pure."""

from approvals.actions.snapshot import Snapshot
from approvals.actions.table import Action
from approvals.refusals import Refusal
from paytend.models.codes import AuditStatus


class CardUnusable(Refusal):
    """The card is {status}, so this cannot be done with it."""


class SecondUnusable(Refusal):
    """The new card is {status}, so it cannot replace another."""


class SecondTaken(Refusal):
    """The new card belongs to another cardholder already, so it cannot replace this one."""


class Unreviewed(Refusal):
    """Paytend's review of the cardholder (KYC) is {kyc}, so no money moves and no secret is sent."""


APPROVED = AuditStatus.TEXTS[AuditStatus.APPROVED]


def refuse_unreviewed(action: Action, snapshot: Snapshot) -> None:
    """Refuse what is about money or a secret while the cardholder is not approved; raises Unreviewed.

    A review that Paytend does not tell is left to the people who decide; the request message says so.
    """
    if action.is_delicate and snapshot.kyc not in ("", APPROVED):
        raise Unreviewed(kyc=snapshot.kyc)


def refuse_unusable(action: Action, snapshot: Snapshot) -> None:
    """Refuse an action that Paytend would refuse; raises CardUnusable, SecondUnusable or SecondTaken."""
    if action.usable and snapshot.status not in action.usable:
        raise CardUnusable(status=snapshot.status_text)
    if action.usable_second:
        if snapshot.second is None or snapshot.second.status not in action.usable_second:
            raise SecondUnusable(status=snapshot.second.status_text if snapshot.second else "not known")
        # The old card's balance goes to the new one, which must not be somebody else's.
        if snapshot.second.holder_id not in ("", snapshot.holder_id):
            raise SecondTaken
