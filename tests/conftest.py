"""What all tests share: one way to run hypothesis, reproducible in CI, and empty databases that are made once."""

import gc
import os
import re
from collections import Counter
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

from bot.database.engine import SqlDatabase
from tests.compiled_statements import share_compiled_statements
from tests.databases import KINDS, Kept, empty, fresh_database

settings.register_profile("default", max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("soak", settings.get_profile("default"), max_examples=200)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "default")


MEMORY = Path("/dev/shm")  # noqa: S108 - where syncing costs nothing


share_compiled_statements()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Measure what imports run in one worker: it doubles the time of collecting, and all collect the same."""
    worker = getattr(session.config, "workerinput", {"workerid": "gw0"})["workerid"]
    coverage = session.config.pluginmanager.getplugin("_cov")
    controller = None if worker == "gw0" or coverage is None else coverage.cov_controller
    if controller is not None:
        controller.pause()
    try:
        return (yield)
    finally:
        if controller is not None:
            controller.resume()


def pytest_collection_finish() -> None:
    """Spare the collector what was imported and collected: it would look through it hundreds of times."""
    gc.collect()
    gc.freeze()


# Rooms that run first, in this order, and their places.
FIRST = {"browser": 0, "attacks": 1, "process": 2}

# Tests of what the database refuses, locks or says of the time: every value of them runs on both databases.
OF_THE_DATABASE = re.compile(
    r"^tests/(attacks|bot/database|approvals/database_guards)/|forged|guards|the_database|no_sql|row_is|clock"
    r"|race|replica|at_once|together|lease|lock|twice|concurrent|migrat"
)

# Tests of what is not measured (the stand-ins, bots in processes of their own), and those that repeat for each
# attack what other tests reach.
UNMEASURED = {"architecture", "attacks", "browser", "deploy", "process", "sandbox"}


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses by the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put some rooms first, leave what only repeats to `make soak`, and measure each line once.

    A worker gets a part of the tests in this order, and those that have none left take from the end of another's
    part. So one worker keeps what is first: the demo with its browser and the desk of the attacks are made once,
    which takes longer than their tests. Tests with processes wait most, and none of them shall be the last.

    Journeys and command lines go through the same statements as the tests of their parts: of each file the first
    on PostgreSQL is enough for `make test`, and `make soak` runs all. Of other files every third test runs on it,
    with its first value, unless it is about the database itself.

    Coverage doubles the time of a test. It is off where no code of the product runs in this process, where a test
    does with another value, or on PostgreSQL, what it did with the first, and after the first two journeys of a
    file. A line that only such a test reaches is reported as missing, never as covered.
    """
    items.sort(key=lambda item: FIRST.get(_room(item.path), len(FIRST)))
    if "CARDOPS_DURATIONS" in os.environ:  # `make mutants` learns which tests go through each line
        return
    measured: Counter[str] = Counter()
    on_postgresql: set[object] = set()
    ordinary: Counter[Path] = Counter()
    for item in items:
        room = _room(item.path)
        test = str(item.path) if room == "journeys" else re.sub(r"\[.*", "", item.nodeid, flags=re.DOTALL)
        if room in UNMEASURED or measured[test] >= (2 if room == "journeys" else 1):
            item.add_marker(pytest.mark.no_cover)
        measured[test] += 1
        proof = _find_proof(item)
        if isinstance(proof, str) and proof not in on_postgresql:
            ordinary[item.path] += 1
        if proof in on_postgresql or (isinstance(proof, str) and ordinary[item.path] % 3 != 1):
            item.add_marker(pytest.mark.soak)
        on_postgresql.add(proof)


@cache  # for each file, not each of its tests: paths are slow
def _is_whole(path: Path) -> bool:
    """Whether the tests of a file work on the whole bot, whose parts have tests of their own."""
    return _room(path) == "journeys" or Path(__file__).parent / "bot" / "cli" in path.parents


def _find_proof(item: pytest.Item) -> object:
    """What a test shows on PostgreSQL that others repeat: those of its file, or it with other values."""
    if _is_whole(item.path):
        return item.path if "postgresql" in item.nodeid else item
    values = re.search(r"\[.*\bpostgresql\b.*", item.nodeid, flags=re.DOTALL)
    if values is None or OF_THE_DATABASE.search(item.nodeid):
        return item
    return item.nodeid.removesuffix(values.group())


@cache
def _room(path: Path) -> str:
    return path.relative_to(Path(__file__).parent).parts[0]


@pytest.fixture(scope="session")
def kept_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """The SQLite database of this process."""
    place = MEMORY if MEMORY.is_dir() else tmp_path_factory.mktemp("kept")
    with TemporaryDirectory(dir=place) as folder:
        kept = Kept(Path(folder))
        yield kept
        kept.database.close()


@pytest.fixture(scope="session")
def kept_postgresql() -> Iterator[SqlDatabase]:
    """The PostgreSQL database of this process, because making one takes longer than most tests."""
    nowhere = Path()  # it needs no folder
    with fresh_database("postgresql", nowhere) as database:
        yield database


@pytest.fixture
def sqlite(kept_sqlite: Kept) -> Iterator[SqlDatabase]:
    """An empty SQLite database with all tables and triggers."""
    yield kept_sqlite.renew()
    kept_sqlite.database.close()


@pytest.fixture
def sqlite_folder(kept_sqlite: Kept) -> Path:
    """Where the file of the SQLite database is, with its journal."""
    return kept_sqlite.folder


@pytest.fixture
def postgresql(kept_postgresql: SqlDatabase) -> SqlDatabase:
    """An empty PostgreSQL database with all tables and triggers."""
    empty(kept_postgresql)
    return kept_postgresql


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> SqlDatabase:
    """An empty database of each kind, with all tables and triggers."""
    found: SqlDatabase = request.getfixturevalue(request.param)
    return found
