"""What the bot records of Paytend's events besides their notices: results of orders, cards in use, known cards."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from approvals.context import ApprovalContext
from approvals.execution import orders
from bot.cards import sightings
from bot.cards.known_cards import KnownCards
from bot.jobs import missed_webhooks
from paytend.webhooks import CardApplied, Event


@dataclass(frozen=True, kw_only=True)
class PaytendEventRecorder:
    """Implements `notifier.inbox.dispatcher.EventRecorder`: the notifier does not know of requests."""

    context: ApprovalContext
    cards: KnownCards
    now_in: Callable[[Session], datetime]

    def record(self, session: Session, event: Event) -> bool:
        """Show the result of a card order under its request, and watch and remember the card of a transaction.

        Returns whether there is an event of it in the trail.
        """
        now = self.now_in(session)
        missed_webhooks.watch_card(session, event, now=now)
        self.cards.note_in(session, sightings.list_cards(event))
        if holder := sightings.find_cardholder(event):
            self.cards.note_holder_in(session, holder.holder_id or "", holder.name or "")
        return isinstance(event, CardApplied) and orders.record(session, self.context, order=event.order, now=now)
