"""What the bot records of Paytend's events besides their notices: results of card orders, and cards in use."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from approvals.context import ApprovalContext
from approvals.execution import orders
from bot.jobs import missed_webhooks
from paytend.webhooks import CardApplied, Event


@dataclass(frozen=True, kw_only=True)
class PaytendEventRecorder:
    """Implements `notifier.inbox.dispatcher.EventRecorder`: the notifier does not know of requests."""

    context: ApprovalContext
    now_in: Callable[[Session], datetime]

    def record(self, session: Session, event: Event) -> bool:
        """Show the result of a card order under its request, and watch the card of a transaction.

        Returns whether there is an event of it in the trail.
        """
        now = self.now_in(session)
        missed_webhooks.watch_card(session, event, now=now)
        return isinstance(event, CardApplied) and orders.record(session, self.context, order=event.order, now=now)
