"""Play histories: `python -m tests.approvals.simulation --first 1 --count 500`; a line for each violation.

A line starts with the seed of its history: `--first SEED --count 1` plays it again.
"""

import argparse
import gc
import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event

from bot.database.engine import SqlDatabase
from tests.approvals.simulation.history import History
from tests.databases import Kept, empty, fresh_database

MEMORY = Path("/dev/shm")  # noqa: S108 - where syncing costs nothing


class Stage:
    """A database that is emptied for each history, with an engine for each process that works on it."""

    def __init__(self, database: SqlDatabase, *, renew: Callable[[], object]) -> None:
        url = database.url.render_as_string(hide_password=False)
        self._databases = (SqlDatabase(url), SqlDatabase(url), database)
        self._renew = renew
        if database.is_sqlite:
            for each in self._databases:
                event.listen(each.engine, "connect", _hurry)
        # Modules and compiled statements stay; without this, each collection would walk through them.
        gc.freeze()
        gc.set_threshold(100_000, 20, 20)

    def play(self, seed: int) -> list[str]:
        """Play one history and return what was violated."""
        self.close()
        self._renew()
        return History(self._databases, seed=seed).run()

    def close(self) -> None:
        """Close all connections, and forget what was seen."""
        for database in self._databases:
            database.close()


def _hurry(connection: Any, _record: object) -> None:
    """Sync nothing: a fail-over loses what was committed, and no machine loses its power here."""
    connection.execute("PRAGMA synchronous=OFF")


@contextmanager
def stage(kind: str = "sqlite") -> Iterator[Stage]:
    """A stage on PostgreSQL, or on SQLite in memory, where there is such a folder."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder, ExitStack() as stack:
        if kind == "sqlite":
            kept = Kept(Path(folder))
            made = Stage(kept.database, renew=kept.renew)
        else:
            database = stack.enter_context(fresh_database(kind, Path(folder)))
            made = Stage(database, renew=lambda: empty(database))
        stack.callback(made.close)
        yield made


def main(arguments: list[str] | None = None) -> int:
    """Play the histories that the arguments name and print what was violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.approvals.simulation", description=__doc__)
    parser.add_argument("--first", type=int, default=1, help="the seed of the first history")
    parser.add_argument("--count", type=int, default=500, help="how many histories")
    parser.add_argument("--until-found", action="store_true", help="end with the first history that violates")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    wanted = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)  # what goes wrong on purpose is logged thousands of times
    found = 0
    with stage(wanted.database) as made:
        for seed in range(wanted.first, wanted.first + wanted.count):
            for words in made.play(seed):
                found += 1
                sys.stdout.write(f"{seed}: {words}\n")
                sys.stdout.flush()
            if found and wanted.until_found:
                break
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
