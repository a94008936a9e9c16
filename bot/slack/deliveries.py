"""The deliveries of Slack that came before: Slack repeats one that it did not see acknowledged."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.database.engine import SqlDatabase
from bot.database.tables import SeenDelivery
from storage.upsert import insert_once


@dataclass(frozen=True, kw_only=True)
class SeenDeliveries:
    """Remembers deliveries by their key, for all replicas."""

    database: SqlDatabase
    now: Callable[[], datetime]

    def is_new(self, key: str) -> bool:
        """Remember a delivery; False when Slack delivered it before."""
        with self.database.writing() as session:
            # The insert decides: of two replicas that get one delivery at once, only one does it (F23).
            return insert_once(session, SeenDelivery, {"key": key, "seen_at": self.now()})
