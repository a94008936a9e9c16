"""Group commit: webhooks that arrive while one transaction is being written share the next one.

A commit costs a sync of the disk, however many rows it writes. All that wait are written at once (at most 256);
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
class _Group:
    """Rows that were handed over together, and the outcomes so far; `then` is called when all are there."""

    count: int
    then: Callable[[Sequence[Outcome]], None]
    outcomes: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        if len(self.outcomes) == self.count:
            self.then(self.outcomes)


class GroupCommit:
    """Writes rows of the inbox, many in one commit; thread-safe."""

    def __init__(self, database: Database) -> None:
        """Prepare to write."""
        self.count = 0  # of the rows that were new
        self._database = database
        self._batches: Batches[tuple[Row, _Group]] = Batches(self._commit, most=MOST_IN_A_COMMIT, name="intake")

    def keep_all(self, rows: Sequence[Row], then: Callable[[Sequence[Outcome]], None]) -> None:
        """Have rows written; `then` gets their outcomes on the writing thread, and must not raise.

        Not a future for each: in a flood those were most of the garbage that was to be collected.
        """
        group = _Group(count=len(rows), then=then)
        self._batches.put([(row, group) for row in rows])

    def keep(self, row: Row) -> Future[bool]:
        """Return whether the row is new, once it is on the disk; an error when it is not."""
        kept: Future[bool] = Future()

        def finish(outcomes: Sequence[Outcome]) -> None:
            if isinstance(outcome := outcomes[0], Exception):
                kept.set_exception(outcome)
            else:
                kept.set_result(outcome)

        self.keep_all([row], finish)
        return kept

    def stop(self) -> None:
        """Write what waits, and end."""
        self._batches.stop()

    def _commit(self, batch: Sequence[tuple[Row, _Group]]) -> None:
        rows = [row for row, _ in batch]
        try:
            with self._database.writing() as session:
                new = take_in(session, rows)
        except Exception as error:  # noqa: BLE001 - it is the outcome of these rows, and the sender is told
            # A broken database refuses all alike; a broken row must not take the others of its batch with it.
            if len(batch) == 1 or isinstance(error, OperationalError):
                _finish(batch, [error] * len(batch))
            else:
                for each in batch:
                    self._commit([each])
            return
        self.count += len(new)
        _finish(batch, [row["id"] in new for row in rows])


def _finish(batch: Sequence[tuple[Row, _Group]], outcomes: Sequence[Outcome]) -> None:
    for (_, group), outcome in zip(batch, outcomes, strict=True):
        group.add(outcome)
