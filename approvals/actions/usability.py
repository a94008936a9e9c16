"""Whether the cards are in a state in which an action makes sense. Pure."""

from approvals.actions.snapshot import Snapshot
from approvals.actions.table import Action
from approvals.refusals import Refusal
from paytend.models.codes import AuditStatus, CardStatus


class CardUnusable(Refusal):
    """This card is {status}. Only {usable} cards allow this."""


class SecondUnusable(Refusal):
    """The new card is {status}. Pick an inactive one."""


class SecondTaken(Refusal):
    """The new card belongs to another cardholder. Pick an inactive one without a cardholder."""


class Unreviewed(Refusal):
    """The cardholder’s KYC is {kyc}. No money moves and no password is sent until Paytend approves it."""


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
        usable = " or ".join(CardStatus.TEXTS.get(each, each) for each in action.usable)
        raise CardUnusable(status=snapshot.status_text, usable=usable)
    if action.usable_second:
        if snapshot.second is None or snapshot.second.status not in action.usable_second:
            raise SecondUnusable(status=snapshot.second.status_text if snapshot.second else "not known")
        # The old card's balance goes to the new one, which must not be somebody else's.
        if snapshot.second.holder_id not in ("", snapshot.holder_id):
            raise SecondTaken
