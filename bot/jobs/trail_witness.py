"""Compares the trail with the head in the audit channel, which nobody who writes to the database can change."""

import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from slack_sdk import WebClient
from sqlalchemy.exc import SQLAlchemyError

from approvals.audit import witness
from approvals.audit.chain import Head, TrailKeyMissing
from approvals.audit.trail_keys import TrailKey
from notifier.outbox.slack_errors import NotDelivered
from notifier.outbox.slack_messages import HistoryUnreadable, read_newest
from storage.database import Database

EVERY, AGAIN_AFTER = 3600.0, 30.0  # seconds

# As the template writes it: which trail, and its head.
_TOLD = re.compile(r"\btrail ([0-9a-f]{12})\b.*?\b(\d+):([0-9a-f]{64})\b", re.DOTALL)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TrailWitness:
    """Reads the newest head in the audit channel, and has the bot write nothing if the trail does not have it.

    A copy of the database that was put in place while no bot ran is whole in itself: only what was told outside
    shows that it is an older one. Without the channel, or the scope to read it, nothing is compared.
    """

    database: Database
    slack: WebClient
    channel: str
    audit_key: TrailKey
    find_bot_id: Callable[[], str]

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Compare at the start and every hour until `stop` is set (then set `wake` too), sooner after a failure.

        In each process: what was read is remembered there, where nobody takes it back with SQL.
        """
        while not stop.is_set():
            wake.clear()
            wake.wait(EVERY if self._compare_safely() else AGAIN_AFTER)

    def _compare_safely(self) -> bool:
        try:
            return self.compare()
        except (SQLAlchemyError, TrailKeyMissing):
            _log.exception("trail.not_compared")
            return False

    def compare(self) -> bool:
        """Compare the trail with the newest head of ours; return whether there is nothing left to do."""
        if not self.channel:
            return True
        bot_id = self.find_bot_id()
        if not bot_id:  # Slack has not answered yet
            return False
        with self.database.reading() as session:
            trail = witness.find_trail_id(session)
        try:
            told = self._find_told(bot_id, trail=trail)
        except (HistoryUnreadable, NotDelivered) as error:
            _log.info("trail.not_compared", extra={"reason": str(error) or type(error).__name__})
            return isinstance(error, HistoryUnreadable)
        if told is None:
            return True
        head, at = told
        with self.database.reading() as session:
            comparison = witness.compare_head(session, head, at=at, key=self.audit_key)
        if comparison is witness.Comparison.WENT_BACK:
            _log.error("trail.went_back", extra={"told": f"{head.seq}:{head.hash}", "told_at": at.isoformat()})
        return True

    def _find_told(self, bot_id: str, *, trail: str) -> tuple[Head, datetime] | None:
        """Return the newest head of this trail that the bot posted, and when."""
        for message in read_newest(self.slack, self.channel):
            found = _TOLD.search(str(message.get("text") or ""))
            if found and message.get("bot_id") == bot_id and found[1] == trail:
                at = datetime.fromtimestamp(float(message["ts"]), tz=UTC)
                return Head(seq=int(found[2]), hash=found[3]), at
        return None
