"""PostgreSQL that goes dark: what waits ends in bounded time, and says so."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from bot.database.engine import SqlDatabase
from bot.database.postgresql import read_postgresql_url
from bot.database.probe import DatabaseProbe
from bot.threads import WorkerLoop

pytestmark = pytest.mark.postgres


class DarkProxy:
    """A proxy on loopback that passes everything on, until it goes dark: it keeps connections and says nothing."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.dark = threading.Event()
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            self._sockets += [client, server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if self.dark.is_set():
                    continue
                target.sendall(data)
            target.close()
        except OSError:
            return

    def close(self) -> None:
        for each in (self._server, *self._sockets):
            each.close()


@pytest.fixture
def proxy(postgresql: SqlDatabase) -> Iterator[DarkProxy]:
    proxy = DarkProxy(postgresql.url.port or 5432)
    yield proxy
    proxy.close()


@pytest.fixture
def database(postgresql: SqlDatabase, proxy: DarkProxy) -> Iterator[SqlDatabase]:
    """The database behind the proxy; silence is given up on after a second."""
    url = postgresql.url.set(port=proxy.port).render_as_string(hide_password=False)
    database = SqlDatabase(url)
    be_patient(database, seconds=1.0)
    yield database
    database.close()


def be_patient(database: SqlDatabase, *, seconds: float) -> None:
    """Have connections that are made from now on wait so long for an answer."""

    @event.listens_for(database.engine, "connect")
    def _set(connection: Any, _entry: object) -> None:
        assert connection.silence is not None
        connection.silence = seconds


def show(database: SqlDatabase, name: str) -> str:
    with database.reading() as session:
        return str(session.connection().execute(text(f"SHOW {name}")).scalar())


def seconds_of(call: Callable[[], object]) -> float:
    began = time.monotonic()
    with pytest.raises(OperationalError):
        call()
    return time.monotonic() - began


def test_x4_a_server_that_goes_dark_on_open_connections_is_given_up(
    database: SqlDatabase, proxy: DarkProxy
) -> None:
    with database.reading() as session:
        connection = session.connection()
        connection.execute(text("SELECT 1"))
        proxy.dark.set()

        assert seconds_of(lambda: connection.execute(text("SELECT 1"))) < 3

    proxy.dark.clear()
    assert show(database, "statement_timeout") == "30s", "it goes on with a new connection"


def test_x4_many_that_wait_for_a_dark_server_all_end(database: SqlDatabase, proxy: DarkProxy) -> None:
    show(database, "statement_timeout")
    proxy.dark.set()
    with ThreadPoolExecutor(5) as threads:
        times = list(threads.map(lambda _: seconds_of(lambda: show(database, "lock_timeout")), range(5)))

    assert max(times) < 9, "a connection that was idle, then one that cannot be made"


def test_x4_the_server_has_limits_of_ours(database: SqlDatabase) -> None:
    limits = {name: show(database, name) for name in ("statement_timeout", "lock_timeout")}

    assert limits == {"statement_timeout": "30s", "lock_timeout": "10s"}
    assert show(database, "idle_in_transaction_session_timeout") == "1min"


def test_x4_what_the_url_sets_is_left_as_it_is(postgresql: SqlDatabase) -> None:
    query = {"options": "-c statement_timeout=7000", "connect_timeout": "9", "keepalives_idle": "77"}
    url = postgresql.url.update_query_dict(query).render_as_string(hide_password=False)
    own = SqlDatabase(url)
    try:
        assert show(own, "statement_timeout") == "7s"
        assert show(own, "lock_timeout") == "10s"
        arguments = read_postgresql_url(url)[1]
        assert not {"connect_timeout", "keepalives_idle"} & set(arguments)
        assert arguments["tcp_user_timeout"] == 10_000
    finally:
        own.close()


@pytest.mark.parametrize("threshold", ["0", "none", "None"])
def test_o10_a_url_can_say_that_no_statement_is_prepared(postgresql: SqlDatabase, threshold: str) -> None:
    url = postgresql.url.update_query_dict({"prepare_threshold": threshold}).render_as_string(hide_password=False)
    database = SqlDatabase(url)
    try:
        with database.reading() as session:
            connection = session.connection()
            for _ in range(10):
                connection.execute(text("SELECT 1"))
            prepared = connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar()
    finally:
        database.close()

    assert prepared == 0


def test_x4_readiness_says_so_within_five_seconds_and_asks_nobody(database: SqlDatabase, proxy: DarkProxy) -> None:
    be_patient(database, seconds=20.0)
    probe = DatabaseProbe(name="x", database=database, monotonic=time.monotonic, observe=lambda _writable: None)
    loop = WorkerLoop("probe")
    loop.start(probe.run)
    until(lambda: probe.check() == "ok")
    proxy.dark.set()

    began = time.monotonic()
    until(lambda: probe.check() != "ok")

    assert time.monotonic() - began < 5 + 2
    assert probe.check() == "no answer"
    proxy.close()
    loop.stop()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def test_x4_a_migration_takes_as_long_as_it_takes(postgresql: SqlDatabase) -> None:
    from bot.database import schema  # noqa: PLC0415 - only here

    schema.migrate(postgresql)

    assert show(postgresql, "statement_timeout") == "30s"
