"""Webhooks that were refused: counted in memory, and noted in the audit trail once a minute."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from approvals.audit import chain
from approvals.audit.trail_keys import TrailKey
from paytend import Flaw
from storage.database import Database


@dataclass(kw_only=True)
class RefusalCounter:
    """How many webhooks were refused since the last note, by reason; a flood makes one line in the trail."""

    _counts: Counter[Flaw] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, counts: Mapping[Flaw, int]) -> None:
        """Count so many of each reason."""
        with self._lock:
            self._counts.update(counts)

    def take(self) -> dict[Flaw, int]:
        """Return the counts and reset them."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        return dict(sorted(counts.items()))


@dataclass(frozen=True, kw_only=True)
class RefusalNotes:
    """Writes the counts of refused webhooks into the trail."""

    database: Database
    counter: RefusalCounter
    audit_key: TrailKey
    now: Callable[[], datetime]

    def write(self) -> None:
        """Note how many webhooks were refused since the last time, by reason; nothing when there were none."""
        counts = self.counter.take()
        if not counts:
            return
        try:
            with self.database.writing() as session:
                chain.append(
                    session,
                    "webhook:refused",
                    key=self.audit_key,
                    actor="paytend",
                    subject="webhook",
                    facts={"count": sum(counts.values()), "reasons": counts},
                    now=self.now(),
                )
        except SQLAlchemyError:
            self.counter.add(counts)  # they are noted when the database answers again
            raise
