"""Group commit: webhooks that arrive while one transaction is being written share the next one.

A commit costs a sync of the disk, however many rows it holds. One thread writes all that wait (at most 256);
meanwhile others gather, which it writes next. Nobody is answered before the commit.
"""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import OperationalError

from notifier.inbox import take_in
from notifier.storage import Transactions

MOST_IN_A_COMMIT = 256


@dataclass(frozen=True, kw_only=True)
class _Waiting:
    """A row that waits to be written, and what became of it."""

    row: Mapping[str, Any]
    kept: Future[bool] = field(default_factory=Future)


class Intake:
    """Keeps rows of the inbox durably, many in one commit; thread-safe."""

    def __init__(self, transactions: Transactions) -> None:
        """Prepare to write; the thread starts when there is something."""
        self._transactions = transactions
        self._waiting: list[_Waiting] = []
        self._lock = threading.Lock()
        self._is_writing = False
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="intake")

    def keep(self, row: Mapping[str, Any]) -> Future[bool]:
        """Return whether the row is new, once it is on the disk; an error when it is not."""
        mine = _Waiting(row=row)
        with self._lock:
            self._waiting.append(mine)
            if not self._is_writing:
                self._writer.submit(self._write)
                self._is_writing = True
        return mine.kept

    def stop(self) -> None:
        """Write what waits, and end."""
        self._writer.shutdown(wait=True)

    def _write(self) -> None:
        """Write until nothing waits."""
        while batch := self._take_batch():
            self._commit(batch)

    def _take_batch(self) -> Sequence[_Waiting]:
        with self._lock:
            batch, self._waiting = self._waiting[:MOST_IN_A_COMMIT], self._waiting[MOST_IN_A_COMMIT:]
            self._is_writing = bool(batch)
        return batch

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        try:
            with self._transactions.writing() as session:
                new = take_in(session, [waiting.row for waiting in batch])
        except Exception as error:  # noqa: BLE001 - each is handed to whoever asked for it to be kept
            if len(batch) == 1 or isinstance(error, OperationalError):  # the database, not a row, is in the way
                for waiting in batch:
                    waiting.kept.set_exception(error)
                return
            for waiting in batch:  # one bad row must not take the others with it
                self._commit([waiting])
        else:
            for waiting in batch:
                waiting.kept.set_result(waiting.row["id"] in new)
