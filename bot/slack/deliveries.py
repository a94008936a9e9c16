"""The deliveries of Slack that came before, and those that were acknowledged and are not finished yet.

Slack repeats a delivery that it did not see acknowledged, and never one that it did.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from approvals.refusals import Refusal
from bot.database.engine import SqlDatabase
from bot.database.tables import OpenWork, SeenDelivery
from storage.upsert import insert_once


class NotAccepted(Refusal):
    """cardops’ database isn’t responding, so nothing was done. Try again in a minute."""

    is_recorded = False


@dataclass(frozen=True, kw_only=True)
class SeenDeliveries:
    """Remembers deliveries by their key, for all replicas."""

    database: SqlDatabase
    now_in: Callable[[Session], datetime]

    def is_new(self, key: str) -> bool:
        """Remember a delivery; False when Slack delivered it before."""
        with self.database.writing() as session:
            return self._remember(session, key)

    def accept(self, key: str, *, account: str, what: str) -> bool:
        """Remember a delivery and that it is not finished, in one commit; False when Slack delivered it before.

        Raises NotAccepted.
        """
        try:
            with self.database.writing() as session:
                if not self._remember(session, key):
                    return False
                session.add(OpenWork(key=key, account=account, what=what, taken_at=self.now_in(session)))
                return True
        except SQLAlchemyError as error:
            raise NotAccepted from error

    def finish(self, key: str) -> None:
        """Take note that it is finished, and that the person knows how it ended."""
        with self.database.writing() as session:
            session.connection().execute(delete(OpenWork).where(col(OpenWork.key) == key))

    def _remember(self, session: Session, key: str) -> bool:
        # The insert decides: of two replicas that get one delivery at once, only one does it (F23).
        return insert_once(session, SeenDelivery, {"key": key, "seen_at": self.now_in(session)})
