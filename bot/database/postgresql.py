"""Connections to PostgreSQL that never wait for ever: for a connection, a lock, a statement, or a silent server.

A server that goes dark behind a firewall or a proxy closes nothing, and its client would wait for minutes (X4).
Whatever the URL sets itself is left as it is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from psycopg import errors
from psycopg.types.datetime import TimestamptzLoader
from sqlalchemy import URL, make_url

from storage.utc_datetime import UNREADABLE

POOL_TIMEOUT = 5  # seconds to wait for a connection of the pool
SILENCE = 35.0  # seconds without an answer, longer than any statement may take
_CLIENT_LIMITS: Mapping[str, int] = {
    "connect_timeout": 5,  # seconds
    "keepalives": 1,
    "keepalives_idle": 10,  # seconds
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}
# Set by a statement and not at the start of a connection: PgBouncer refuses start parameters it does not know.
_SERVER_LIMITS: Mapping[str, str] = {
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}
_NEVER = {"0", "none"}


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that is given up when the server is silent for `silence` seconds; None waits for ever."""

    silence: float | None = SILENCE

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for an answer, as psycopg does; raises OperationalError after the silence."""
        try:
            return super().wait(gen, interval=interval, timeout=timeout if timeout is not None else self.silence)
        except errors._WaitTimeout as error:  # noqa: SLF001 - psycopg has no public name for it
            self.pgconn.finish()  # the answer may still come: nothing else must be sent on this connection
            raise psycopg.OperationalError(f"the database has not answered for {self.silence} s") from error


class _EveryMoment(TimestamptzLoader):
    """Reads a time; those that Python has not, such as infinity, as UNREADABLE."""

    def load(self, data: Any) -> datetime:
        """Return the time."""
        try:
            return super().load(data)
        except psycopg.DataError:
            return UNREADABLE


def read_every_moment(connection: Any) -> None:
    """Have a connection of psycopg read whatever time is there."""
    connection.adapters.register_loader("timestamptz", _EveryMoment)


def read_postgresql_url(url: str) -> tuple[URL, dict[str, Any], dict[str, str]]:
    """Return the address, arguments for psycopg, and what is to be set on the server; raises ValueError.

    `prepare_threshold` in the URL is after how often a statement is prepared; with 0 none ever is, as PgBouncer in
    transaction mode needs.
    """
    made = make_url(url)
    query = dict(made.query)
    arguments: dict[str, Any] = {name: value for name, value in _CLIENT_LIMITS.items() if name not in query}
    if (threshold := query.pop("prepare_threshold", None)) is not None:
        text = str(threshold).strip().lower()
        arguments["prepare_threshold"] = None if text in _NEVER else int(text)
    options = str(query.get("options", ""))
    return made.set(query=query), arguments, {name: v for name, v in _SERVER_LIMITS.items() if name not in options}


def limit_server(connection: Any, limits: Mapping[str, str]) -> None:
    """Have the server end what takes too long on this connection."""
    if not limits:
        return
    calls = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in limits.items())
    before, connection.autocommit = connection.autocommit, True
    connection.execute(f"SELECT {calls}")  # names and values of ours
    connection.autocommit = before


@contextmanager
def without_limits(connection: Any) -> Iterator[None]:
    """Let this transaction of a psycopg connection take as long as it takes: a migration may."""
    before, connection.silence = connection.silence, None
    connection.execute("SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)")
    try:
        yield
    finally:
        connection.silence = before
