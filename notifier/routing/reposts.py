"""What becomes of a post that no route has sent: an edit whose message is gone, or a detour to another channel.

It counts like a notice, and in a storm it is a line. What is more than a notice, such as a request with its
buttons, is always a message of its own.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from notifier.outbox.outbox import Outbox
from notifier.outbox.tables import Delivery, DeliveryStatus
from notifier.routing import storms
from notifier.routing.announcer import name_updates
from notifier.routing.locks import lock_announcing
from notifier.routing.routes import Routes
from notifier.routing.storm_rules import NoticePlacement

# Their digest says all that has to be known; everything else has buttons, or is our own alarm.
_FOLDED = frozenset({"transaction", "transaction_changed", "cardholder_audited", "card_applied", "unrecognised"})


@dataclass(frozen=True, kw_only=True)
class Reposts:
    """Counts such posts in storm control; the deliverer calls both in the transaction that records the change."""

    routes: Routes
    outbox: Outbox

    def lock(self, session: Session) -> None:
        """Wait for who announces; before any delivery is locked, as announcing takes its locks in this order."""
        lock_announcing(session)

    def place(self, session: Session, delivery_id: str, *, channel: str, now: datetime) -> None:
        """Count a delivery that is to be posted in this channel, and make it a line when there is a storm."""
        query = select(Delivery).where(Delivery.id == delivery_id)
        row = session.exec(query.execution_options(populate_existing=True)).one()
        counted = name_updates(channel, self.routes)
        if row.kind not in _FOLDED:
            storms.count_post(session, counted, outbox=self.outbox, now=now)
            return
        placement, storm = storms.place_notice(session, counted, outbox=self.outbox, now=now)
        if placement is not NoticePlacement.ALONE:
            row.status, row.part_of = DeliveryStatus.GATHERING, storm
            session.flush()
