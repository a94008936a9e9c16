"""What webhooks, looks and requests say of cards, as it is remembered (pure)."""

from collections.abc import Mapping

from approvals.actions.snapshot import Snapshot
from bot.database.card_index import CardFacts
from notifier.inbox.decline_reasons import CardLook
from paytend.models import Cardholder
from paytend.webhooks import CardApplied, CardholderAudited, Event, TransactionHappened


def list_cards(event: Event) -> Mapping[str, CardFacts]:
    """Return what a webhook says of cards."""
    match event:
        case TransactionHappened():
            told = event.transaction
            return {told.card_id: CardFacts(last_four=(told.card_number or "")[-4:])} if told.card_id else {}
        case CardApplied():
            return {
                card.card_id: CardFacts(last_four=(card.card_number or "")[-4:], holder_id=card.holder_id or "")
                for card in event.order.cards
                if card.card_id
            }
        case _:
            return {}


def find_cardholder(event: Event) -> Cardholder | None:
    """Return the cardholder that a webhook is about."""
    return event.cardholder if isinstance(event, CardholderAudited) else None


def of_look(look: CardLook) -> CardFacts:
    """Return what was seen of a card when its notice was completed."""
    return CardFacts(
        last_four=look.last_four or "",
        holder_id=look.holder_id or "",
        holder_name=look.holder_name or "",
        status=look.status or "",
    )


def of_snapshot(seen: Snapshot) -> Mapping[str, CardFacts]:
    """Return what was looked at before somebody asked for something."""
    found = {}
    for card in (seen, seen.second):
        if card is not None and card.card_id:
            found[card.card_id] = CardFacts(
                last_four=card.last_four,
                holder_id=card.holder_id,
                holder_name=card.holder_name,
                status=card.status,
            )
    return found
