"""Group commit: webhooks that arrive while one transaction is being written share the next one.

A commit costs a sync of the disk, however many rows it holds. All that wait are written at once (at most 256);
meanwhile others gather, which are written next. Nobody is answered before the commit.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import OperationalError

from notifier.batches import Batches
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
        """Prepare to write."""
        self._transactions = transactions
        self._batches = Batches(self._commit, most=MOST_IN_A_COMMIT, name="intake")

    def keep(self, row: Mapping[str, Any]) -> Future[bool]:
        """Return whether the row is new, once it is on the disk; an error when it is not."""
        return self.keep_all([row])[0]

    def keep_all(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[Future[bool]]:
        """Return the same for each of the rows, which are written together."""
        waiting = [_Waiting(row=row) for row in rows]
        self._batches.put(waiting)
        return [each.kept for each in waiting]

    def stop(self) -> None:
        """Write what waits, and end."""
        self._batches.stop()

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
