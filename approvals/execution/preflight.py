"""Whether the cards are still what they were when somebody asked. Pure."""

from approvals.actions.snapshot import SecondCard, Snapshot
from approvals.actions.table import Action
from approvals.refusals import Refusal


class CardChanged(Refusal):
    """Refused before sending: {what}."""


def preflight(action: Action, asked: Snapshot, now: Snapshot) -> None:
    """Compare what is there with what the approvers were shown; raises CardChanged with what is different."""
    changes = _changes(action, asked, now)
    if action.usable_second:
        changes += _changes_of_second(action, asked.second, now.second)
    if changes:
        raise CardChanged(what="; ".join(changes))


def _changes(action: Action, asked: Snapshot, now: Snapshot) -> list[str]:
    changes = []
    if now.card_id != asked.card_id or now.subject != asked.subject:
        changes.append("Paytend answered about another card")
    if action.usable and now.status not in action.usable:
        changes.append(f"the card was {asked.status_text} when it was asked and is {now.status_text} now")
    if now.holder_id != asked.holder_id:
        changes.append("the card belongs to another cardholder now")
    if now.last_four and asked.last_four and now.last_four != asked.last_four:
        changes.append("the card has another number now")
    return changes


def _changes_of_second(action: Action, asked: SecondCard | None, now: SecondCard | None) -> list[str]:
    if asked is None or now is None or asked.card_id != now.card_id:
        return ["the new card is not the one that was shown"]
    changes = []
    if now.status not in action.usable_second:
        changes.append(f"the new card was {asked.status_text} when it was asked and is {now.status_text} now")
    if now.holder_id != asked.holder_id:
        changes.append("the new card belongs to another cardholder now")
    return changes
