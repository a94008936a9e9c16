"""Whether cards and cardholder are still as they were when the request was made. Pure."""

from approvals.actions.snapshot import SecondCard, Snapshot
from approvals.actions.table import Action
from approvals.actions.usability import APPROVED
from approvals.refusals import Refusal


class CardChanged(Refusal):
    """Stopped before sending: {what}."""


def preflight(action: Action, shown: Snapshot, current: Snapshot) -> None:
    """Compare the snapshot with what the approvers were shown; raises CardChanged with the differences."""
    changes = _changes(action, shown, current)
    if action.usable_second:
        changes += _changes_of_second(action, shown.second, current.second)
    if changes:
        raise CardChanged(what="; ".join(changes))


def _changes(action: Action, shown: Snapshot, current: Snapshot) -> list[str]:
    changes = []
    if current.card_id != shown.card_id or current.subject != shown.subject:
        changes.append("Paytend answered about another card")
    if action.usable and current.status not in action.usable:
        changes.append(f"the card changed from {shown.status_text} to {current.status_text} since the request")
    if current.holder_id != shown.holder_id:
        changes.append("the card now belongs to another cardholder")
    # Both empty: Paytend never tells the review, and the approvers were told so.
    if action.is_delicate and current.kyc != APPROVED and (current.kyc or shown.kyc):
        was, now = shown.kyc or "not known", current.kyc or "not known"
        changes.append(f"the cardholder’s KYC changed from {was} to {now} since the request")
    # Paytend does not always answer with the number.
    if current.last_four and shown.last_four and current.last_four != shown.last_four:
        changes.append("the card now has another number")
    return changes


def _changes_of_second(action: Action, shown: SecondCard | None, current: SecondCard | None) -> list[str]:
    if shown is None or current is None or shown.card_id != current.card_id:
        return ["the new card is not the one that was shown"]
    changes = []
    if current.status not in action.usable_second:
        changes.append(f"the new card changed from {shown.status_text} to {current.status_text} since the request")
    if current.holder_id != shown.holder_id:
        changes.append("the new card now belongs to another cardholder")
    return changes
