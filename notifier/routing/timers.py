"""What routing does as time passes: it ends storms and silences, and escalates what nobody acknowledged."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from notifier.outbox import recurring_problems
from notifier.outbox.outbox import Outbox
from notifier.routing import acknowledgements, silences, storms
from notifier.routing.announcer import list_budgets
from notifier.routing.locks import lock_announcing
from notifier.routing.routes import Routes
from notifier.routing.tables import Silence
from storage.database import Database
from storage.savepoints import try_each

BY_TIME = "time"  # who ended a silence that nobody ended

SilenceRecorder = Callable[[Session, Silence, int, datetime], object]


class RoutingTimers:
    """Done by the clock every few seconds, by whichever replica takes the slot."""

    def __init__(
        self,
        *,
        database: Database,
        routes: Routes,
        outbox: Outbox,
        now_in: Callable[[Session], datetime],
        wake_deliverer: Callable[[], None],
        record_silence_end: SilenceRecorder = lambda *_nothing: None,
    ) -> None:
        """Prepare; `record_silence_end` gets each silence that ends, how many notices it held back, and when."""
        self._database = database
        self._routes = routes
        self._outbox = outbox
        self._now_in = now_in
        self._wake_deliverer = wake_deliverer
        self._record_silence_end = record_silence_end

    def run_due(self) -> None:
        """Bring everything to what it is by now."""
        with self._database.writing() as session:
            lock_announcing(session)
            now = self._now_in(session)
            done = self.gather(session, now=now)
            done += acknowledgements.escalate_due(session, routes=self._routes, outbox=self._outbox, now=now)
            over = silences.find_due(session, now=now)
            done += silences.tell_left_over(session, routes=self._routes, outbox=self._outbox, now=now)
            recurring_problems.forget_old(session, now=now)
        # Each ends in a transaction of its own: who has written into the trail must not wait for another row.
        done += sum([self._end_silence(silence_id) for silence_id in over])
        if done:
            self._wake_deliverer()

    def _end_silence(self, silence_id: str) -> int:
        with self._database.writing() as session:
            return try_each(
                session,
                [silence_id],
                lambda _id: self._end_one(session, silence_id),
                event="routing.item_broken",
            )

    def _end_one(self, session: Session, silence_id: str) -> int:
        lock_announcing(session)
        now = self._now_in(session)
        try:
            silence, held = silences.end(
                session, silence_id, by=BY_TIME, routes=self._routes, outbox=self._outbox, now=now
            )
        except silences.NoSuchSilence:  # somebody has ended it meanwhile
            return 0
        self._record_silence_end(session, silence, held, now)
        return 1

    def gather(self, session: Session, *, now: datetime) -> int:
        """Put the notices of storms into the threads of their digests; return how many lines."""
        budgets = list_budgets(self._routes)
        return storms.update_digests(
            session, rules=budgets, usual=self._routes.storms, outbox=self._outbox, now=now
        )
