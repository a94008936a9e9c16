"""Checks the address of the database before anything connects to it, and says in words what is wrong. Pure."""

import re
from urllib.parse import parse_qsl, unquote, urlsplit

_FORMS = "write sqlite:///file or postgresql+psycopg://role:password@host:5432/database"
_SQLITE, _POSTGRESQL = "sqlite:///", "postgresql+psycopg://"
_NEAR = {
    "postgres": "for PostgreSQL it begins with postgresql+psycopg://",
    "postgresql": "for PostgreSQL it begins with postgresql+psycopg://",
    "postgresql+psycopg2": "for PostgreSQL it begins with postgresql+psycopg://",
    "postgresql+asyncpg": "for PostgreSQL it begins with postgresql+psycopg://",
    "sqlite": "for SQLite three slashes come before the file, four before a path from the root",
    "sqlite+pysqlite": "for SQLite it begins with sqlite:///",
    "file": "for SQLite it begins with sqlite:///",
}


class NotADatabaseUrl(ValueError):
    """The address cannot be that of a database; its text says why, without any part of it."""


def check_database_url(value: str) -> str:
    """Return the address if it can be used; raises NotADatabaseUrl."""
    if value.startswith(_SQLITE):
        return _check_sqlite(value)
    if not value.startswith(_POSTGRESQL):
        near = _NEAR.get(value.partition(":")[0].lower(), "it must start with sqlite:/// or postgresql+psycopg://")
        raise NotADatabaseUrl(f"{near}; {_FORMS}")
    try:
        parts = urlsplit(value)
    except ValueError as error:
        raise NotADatabaseUrl(f"the host is not written in the right form; {_FORMS}") from error
    try:
        port = parts.port
    except ValueError as error:
        # A password with an @, : or / in it is the usual reason.
        why = "the port is not a number up to 65535 (write @ : / in a password as %40 %3A %2F)"
        raise NotADatabaseUrl(f"{why}; {_FORMS}") from error
    if port == 0:
        raise NotADatabaseUrl(f"the port is 0; {_FORMS}")
    threshold = dict(parse_qsl(parts.query)).get("prepare_threshold", "0")
    if not re.fullmatch(r"[0-9]{1,6}|none", threshold, re.IGNORECASE):
        raise NotADatabaseUrl(f"prepare_threshold is not a number (0: no statement is prepared); {_FORMS}")
    if not parts.path.strip("/"):
        raise NotADatabaseUrl(f"the name of the database is missing at the end; {_FORMS}")
    return value


def check_owner_url(value: str) -> str:
    """Return the address of the owner, which only PostgreSQL has, or nothing; raises NotADatabaseUrl."""
    if value and not value.startswith(_POSTGRESQL):
        raise NotADatabaseUrl(
            "only PostgreSQL has an owner: write postgresql+psycopg://owner:password@host/database"
        )
    return check_database_url(value) if value else value


def _check_sqlite(value: str) -> str:
    file = unquote(value.removeprefix(_SQLITE).partition("?")[0])
    if file in ("", ":memory:") or file.startswith("file:") or "mode=memory" in value:
        raise NotADatabaseUrl(
            "a database in memory is gone with the bot; name a file, such as sqlite:///cardops.db"
        )
    if file.endswith("/"):
        raise NotADatabaseUrl("this is a folder; name a file in it, such as sqlite:////var/lib/cardops/cardops.db")
    return value
