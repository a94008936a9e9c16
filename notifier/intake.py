"""Group commit: webhooks that arrive while one transaction is being written share the next one.

A commit costs a sync of the disk, however many rows it holds. Whoever comes first writes for all that wait (at
most 256); meanwhile others gather, and one of them writes next. Nobody is answered before the commit.
"""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from notifier.inbox import take_in
from notifier.storage import Transactions

MOST_IN_A_COMMIT = 256


@dataclass(kw_only=True)
class _Waiting:
    """A row that waits to be written, and what became of it; `leads` hands the writing on to its thread."""

    row: Mapping[str, Any]
    done: threading.Event = field(default_factory=threading.Event)
    leads: bool = False
    new: bool = False
    failure: SQLAlchemyError | None = None


class Intake:
    """Keeps rows of the inbox durably, many in one commit; thread-safe."""

    def __init__(self, transactions: Transactions) -> None:
        """Prepare to write."""
        self._transactions = transactions
        self._waiting: deque[_Waiting] = deque()
        self._lock = threading.Lock()
        self._is_writing = False

    def keep(self, row: Mapping[str, Any]) -> bool:
        """Return whether the row is new, once it is on the disk; raises SQLAlchemyError when it is not."""
        mine = _Waiting(row=row)
        with self._lock:
            self._waiting.append(mine)
            mine.leads = not self._is_writing
            self._is_writing = True
        if not mine.leads:
            mine.done.wait()
        if mine.leads:
            self._write()
        if mine.failure is not None:
            raise mine.failure
        return mine.new

    def _write(self) -> None:
        """Write all that wait, and hand the writing on to one of those who came meanwhile."""
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_IN_A_COMMIT))]
        try:
            self._commit(batch)
        finally:
            with self._lock:
                self._is_writing = bool(self._waiting)
                following = self._waiting[0] if self._waiting else None
            for waiting in batch:
                waiting.done.set()
            if following is not None:
                following.leads = True
                following.done.set()

    def _commit(self, batch: list[_Waiting]) -> None:
        try:
            self._insert(batch)
        except SQLAlchemyError as error:
            if len(batch) == 1 or isinstance(error, OperationalError):  # the database, not a row, is in the way
                for waiting in batch:
                    waiting.failure = error
                return
            for waiting in batch:  # one bad row must not take the others with it
                self._commit([waiting])

    def _insert(self, batch: list[_Waiting]) -> None:
        with self._transactions.writing() as session:
            new = take_in(session, [waiting.row for waiting in batch])
        for waiting in batch:
            waiting.new = waiting.row["id"] in new
