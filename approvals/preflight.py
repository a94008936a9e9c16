"""Whether a card is still what it was when somebody asked. Pure."""

from approvals.actions import Action
from approvals.refusals import Refusal
from approvals.snapshot import CardSnapshot


class CardUnusable(Refusal):
    """The card is {status}, so this cannot be done with it."""


class CardChanged(Refusal):
    """Refused before sending: {what}."""


def check_asked(action: Action, card: CardSnapshot) -> None:
    """Refuse what could not be carried out anyway; raises CardUnusable."""
    if card.status not in action.usable:
        raise CardUnusable(status=card.status_text)


def preflight(action: Action, asked: CardSnapshot, now: CardSnapshot) -> None:
    """Compare a card with what the approvers were shown; raises CardChanged with what is different."""
    if changes := list(_changes(action, asked, now)):
        raise CardChanged(what="; ".join(changes))


def _changes(action: Action, asked: CardSnapshot, now: CardSnapshot) -> list[str]:
    changes = []
    if now.card_id != asked.card_id:
        changes.append("Paytend answered about another card")
    if now.status not in action.usable:
        changes.append(f"the card was {asked.status_text} when it was asked and is {now.status_text} now")
    if now.holder_id != asked.holder_id:
        changes.append("the card belongs to another cardholder now")
    if now.last_four and asked.last_four and now.last_four != asked.last_four:
        changes.append("the card has another number now")
    return changes
