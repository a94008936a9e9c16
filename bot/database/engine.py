"""The database: an engine for SQLite or PostgreSQL, with the settings that a trial showed to be necessary.

SQLite: WAL with `synchronous=FULL` (lost nothing in simulated power cuts), BEGIN IMMEDIATE for every writer
(deferred ones deadlock), `recursive_triggers` (without it INSERT OR REPLACE bypasses the DELETE triggers).
A library between 3.7.0 and 3.51.2 has a race that can corrupt a WAL: there a rollback journal is used.
"""

import fcntl
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from operator import methodcaller
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from bot.clock import read_monotonic
from bot.database.postgresql import (
    POOL_TIMEOUT,
    BoundedConnection,
    limit_server,
    read_every_moment,
    read_postgresql_url,
)

try:
    import pysqlite3
except ImportError:  # no wheel for this platform: Python's own library is used
    pysqlite3 = None

PRIVATE = 0o600  # the mode of files with stored contents
FRESH = 1.0  # seconds after its last use in which a connection to PostgreSQL is assumed to work
_SAFE_WAL = (3, 51, 3)
_SAFE_BACKPORTS = ((3, 50, 7), (3, 44, 6))


class SecondProcess(Exception):
    """Another process uses this SQLite file; several processes need PostgreSQL (DATABASE_URL=postgresql+psycopg://…)."""


class FairLock:
    """A lock that waiting threads get in the order in which they asked."""

    def __init__(self) -> None:
        """Start unlocked."""
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    def __enter__(self) -> None:
        """Wait for this thread's turn."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def __exit__(self, *_: object) -> None:
        """Pass it to the next thread; it is never free in between, so nobody can jump the queue."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


class FileUnusable(Exception):
    """The SQLite file that DATABASE_URL names cannot be written."""


class SqlDatabase:
    """Opens sessions on one database. On SQLite writers wait for each other; PostgreSQL locks rows."""

    def __init__(self, url: str) -> None:
        """Prepare the engine of a URL (`sqlite:///file` or `postgresql+psycopg://…`); connects at first use."""
        self.url = make_url(url)
        self.engine = _sqlite_engine(url) if self.is_sqlite else _postgresql_engine(url)
        self._writers = self.engine.execution_options(writes=True)
        self._lock: Any = None
        self._turns = FairLock()
        # What was seen of it, such as the head of the trail: who can write to the database cannot take it back.
        self.recollection: dict[str, Any] = {}

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a transaction that writes; it commits at the end of the block, and rolls back on any exception.

        SQLite allows one writer at a time and wakes waiting ones in no order, so that a busy writer can starve
        the others. In this process they take turns instead.
        """
        turn = self._turns if self.is_sqlite else nullcontext()
        # Rows are read after their transaction; expired, each would need another query.
        with turn, self._open(self._writers) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a transaction that only reads."""
        with self._open(self.engine) as session:
            yield session

    def _open(self, engine: Engine) -> Session:
        return Session(engine, expire_on_commit=False, info={"recollection": self.recollection})

    def claim_file(self) -> None:
        """Claim the SQLite file for this process alone; on PostgreSQL any number of processes may run.

        Raises SecondProcess and FileUnusable.
        """
        if not self.is_sqlite or not self.url.database or self.url.database == ":memory:":
            return
        path = Path(f"{self.url.database}.lock")
        try:
            lock = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE), "a")  # closing it releases the lock
        except OSError as error:
            raise FileUnusable(f"{path}: {error.strerror}") from error
        try:
            # The kernel releases it when the process dies: a crash leaves no lock behind.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise SecondProcess from error
        self._lock = lock

    def close(self) -> None:
        """Close all connections and release the file."""
        self.engine.dispose()
        self.recollection.clear()
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def sqlite_module() -> ModuleType:
    """Return the SQLite library to use: the wheel's when it is newer than Python's own."""
    if pysqlite3 is not None and pysqlite3.sqlite_version_info > sqlite3.sqlite_version_info:
        module: ModuleType = pysqlite3
        return module
    return sqlite3


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this version's WAL is free of the race that corrupts it (fixed in 3.51.3, 3.50.7 and 3.44.6)."""
    return version >= _SAFE_WAL or any(version[:2] == fixed[:2] and version >= fixed for fixed in _SAFE_BACKPORTS)


def _postgresql_engine(url: str) -> Engine:
    # `hide_parameters`: an error that is logged would otherwise contain the values of the statement.
    # READ COMMITTED, whatever the server's default is: a claim reads again what was committed while it waited for
    # a lock (approvals/stops/standing.py), and in a stricter isolation it would see what was before.
    address, connect_args, server_limits = read_postgresql_url(url)
    engine = create_engine(
        address,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        pool_size=10,
        max_overflow=20,
        pool_timeout=POOL_TIMEOUT,
        pool_recycle=1800,
        connect_args=connect_args,
    )

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: object, _entry: object, arguments: Any, named: Any) -> Any:
        return BoundedConnection.connect(*arguments, **named)

    @event.listens_for(engine, "connect")
    def _limit(connection: Any, _entry: object) -> None:
        limit_server(connection, server_limits)
        read_every_moment(connection)

    dialect = engine.dialect

    @event.listens_for(engine, "checkin")
    def _note(_connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info["last used"] = read_monotonic()

    @event.listens_for(engine, "checkout")
    def _ask(connection: Any, entry: ConnectionPoolEntry, _proxy: object) -> None:
        """Ping a connection that was idle; `pool_pre_ping` does so before every commit, which is slow."""
        last = entry.info.get("last used")
        if last is None or read_monotonic() - last < FRESH:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error  # the pool then replaces all its connections

    return engine


def _sqlite_engine(url: str) -> Engine:
    module = sqlite_module()
    # `timeout` becomes busy_timeout: so many seconds a writer waits for one of another process.
    engine = create_engine(
        url, module=module, hide_parameters=True, connect_args={"timeout": 15}, pool_size=20, max_overflow=20
    )
    wal = wal_is_safe(module.sqlite_version_info)

    @event.listens_for(engine, "do_connect")
    def _make_private(*_: object) -> None:
        """Make the file before SQLite does, for us alone; its journals get the same mode."""
        file = engine.url.database
        if file and file != ":memory:" and Path(file).parent.is_dir():
            with suppress(OSError):  # SQLite itself says what is wrong with it
                os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE))

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun in `_begin`, not by the driver
        # SQLite keeps any bytes as text, and one such value would fail every query that reads its row. What it is
        # read as fits no MAC and no hash.
        connection.text_factory = methodcaller("decode", "utf-8", "replace")
        for pragma in (
            f"journal_mode={'WAL' if wal else 'DELETE'}",
            f"synchronous={'FULL' if wal else 'EXTRA'}",
            "foreign_keys=ON",
            "recursive_triggers=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
