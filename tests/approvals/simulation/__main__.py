"""Play histories: `python -m tests.approvals.simulation FIRST LAST [--until-found]`; a line for each violation."""

import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.database.engine import SqlDatabase
from tests.approvals.simulation.history import History
from tests.databases import Kept

MEMORY = Path("/dev/shm")  # noqa: S108 - where syncing costs nothing


class Stage:
    """A database file that is renewed for each history, with an engine for each process that works on it."""

    def __init__(self, folder: Path) -> None:
        self._kept = Kept(folder)
        url = str(self._kept.database.url)
        self._others = (SqlDatabase(url), SqlDatabase(url))

    def play(self, seed: int) -> list[str]:
        """Play one history and return what was violated."""
        for database in self._others:
            database.close()
        people = self._kept.renew()
        for database in (*self._others, people):
            database.recollection.clear()
        return History((*self._others, people), seed=seed).run()

    def close(self) -> None:
        """Close all connections."""
        for database in (*self._others, self._kept.database):
            database.close()


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage in memory, where there is such a folder."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        made = Stage(Path(folder))
        try:
            yield made
        finally:
            made.close()


def main(first: int, last: int, *, until_found: bool) -> int:
    """Play the histories of these seeds and print what was violated."""
    logging.disable(logging.CRITICAL)  # what goes wrong on purpose is logged thousands of times
    found = 0
    with stage() as made:
        for seed in range(first, last + 1):
            for words in made.play(seed):
                found += 1
                sys.stdout.write(f"{seed}: {words}\n")
            if found and until_found:
                break
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), until_found="--until-found" in sys.argv))
