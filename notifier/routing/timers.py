"""What routing does as time passes: it ends storms and silences, and escalates what nobody acknowledged."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from notifier.outbox import recurring_problems
from notifier.outbox.outbox import Outbox
from notifier.routing import acknowledgements, silences, storms
from notifier.routing.announcer import list_budgets
from notifier.routing.routes import Routes
from notifier.routing.tables import Silence
from storage.database import Database
from storage.savepoints import try_each

BY_TIME = "time"  # who ended a silence that nobody ended


class RoutingTimers:
    """Done by the clock every few seconds, by whichever replica takes the slot."""

    def __init__(
        self,
        *,
        database: Database,
        routes: Routes,
        outbox: Outbox,
        now: Callable[[], datetime],
        wake_deliverer: Callable[[], None],
        record_silence_end: Callable[[Session, Silence, int], object] = lambda _session, _silence, _held: None,
    ) -> None:
        """Prepare; `record_silence_end` gets each silence that ends, and how many notices it held back."""
        self._database = database
        self._routes = routes
        self._outbox = outbox
        self._now = now
        self._wake_deliverer = wake_deliverer
        self._record_silence_end = record_silence_end

    def run_due(self) -> None:
        """Bring everything to what it is by now."""
        now = self._now()
        with self._database.writing() as session:
            # First, as in `announce`: two orders of locks would deadlock (N13).
            storms.lock_announcing(session)
            done = self.gather(session)
            done += acknowledgements.escalate_due(session, routes=self._routes, outbox=self._outbox, now=now)
            over = silences.find_due(session, now=now)
            done += try_each(
                session,
                over,
                lambda silence_id: self._end_silence(session, silence_id, now=now),
                event="routing.item_broken",
            )
            done += silences.tell_left_over(session, routes=self._routes, outbox=self._outbox, now=now)
            recurring_problems.forget_old(session, now=now)
        if done:
            self._wake_deliverer()

    def _end_silence(self, session: Session, silence_id: str, *, now: datetime) -> int:
        silence, held = silences.end(
            session, silence_id, by=BY_TIME, routes=self._routes, outbox=self._outbox, now=now
        )
        self._record_silence_end(session, silence, held)
        return 1

    def gather(self, session: Session) -> int:
        """Put the notices of storms into the threads of their digests; return how many lines."""
        budgets = list_budgets(self._routes)
        return storms.update_digests(
            session, rules=budgets, usual=self._routes.storms, outbox=self._outbox, now=self._now()
        )
