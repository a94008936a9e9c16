"""Group commit: webhooks that arrive while one transaction is being written share the next one.

A commit costs a sync of the disk, however many rows it holds. All that wait are written at once (at most 256);
meanwhile others gather, which are written next. Nobody is answered before the commit.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import OperationalError

from notifier.inbox.batches import Batches
from notifier.inbox.inbox import take_in
from storage.database import Database

MOST_IN_A_COMMIT = 256

Row = Mapping[str, Any]
Outcome = bool | Exception  # whether a row is new, once it is on the disk; why it is not there


@dataclass(frozen=True, kw_only=True)
class _HandOver:
    """Rows that came together, and what became of the first of them; `then` is told when all are done."""

    count: int
    then: Callable[[Sequence[Outcome]], None]
    outcomes: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        if len(self.outcomes) == self.count:
            self.then(self.outcomes)


class GroupCommit:
    """Keeps rows of the inbox durably, many in one commit; thread-safe."""

    def __init__(self, database: Database) -> None:
        """Prepare to write."""
        self.count = 0  # of the rows that were new
        self._database = database
        self._batches: Batches[tuple[Row, _HandOver]] = Batches(self._commit, most=MOST_IN_A_COMMIT, name="intake")

    def keep(self, row: Row) -> Future[bool]:
        """Return whether the row is new, once it is on the disk; an error when it is not."""
        kept: Future[bool] = Future()

        def tell(outcomes: Sequence[Outcome]) -> None:
            if isinstance(outcome := outcomes[0], Exception):
                kept.set_exception(outcome)
            else:
                kept.set_result(outcome)

        self.keep_all([row], tell)
        return kept

    def keep_all(self, rows: Sequence[Row], then: Callable[[Sequence[Outcome]], None]) -> None:
        """Have rows written together, and `then` told on another thread what became of each; it must not raise.

        Not a future for each: in a flood those were most of the garbage that was to be collected.
        """
        handed = _HandOver(count=len(rows), then=then)
        self._batches.put([(row, handed) for row in rows])

    def stop(self) -> None:
        """Write what waits, and end."""
        self._batches.stop()

    def _commit(self, batch: Sequence[tuple[Row, _HandOver]]) -> None:
        outcomes = self._write([row for row, _ in batch])
        for (_, handed), outcome in zip(batch, outcomes, strict=True):
            handed.add(outcome)

    def _write(self, rows: Sequence[Row]) -> Sequence[Outcome]:
        try:
            with self._database.writing() as session:
                new = take_in(session, rows)
        except Exception as error:  # noqa: BLE001 - each is handed to whoever asked for it to be kept
            if len(rows) == 1 or isinstance(error, OperationalError):  # the database, not a row, is in the way
                return [error] * len(rows)
            return [outcome for row in rows for outcome in self._write([row])]  # the others are not to go with it
        self.count += len(new)
        return [row["id"] in new for row in rows]
