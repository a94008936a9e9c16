"""Clients that write past the bot: its own role on PostgreSQL as the documents make it, and plain sqlite3."""

import re
import secrets
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from bot.database.engine import SqlDatabase
from tests.databases import SERVER

DEPLOYING = Path(__file__).parents[2] / "docs" / "deploying.md"
Attack = Sequence[str]
NOTHING = "there was nothing to change"


class Client(ABC):
    """Whoever can write to the database; `is_sqlite` says which one."""

    is_sqlite: bool

    @abstractmethod
    def connect(self) -> Any:
        """A connection that commits nothing by itself."""

    @abstractmethod
    def copied(self) -> AbstractContextManager[tuple["Client", SqlDatabase]]:
        """A copy of the database, with a client of its own and the bot's engine."""

    def tries(self, attack: Attack) -> str:
        """Run statements in one transaction; return "" if it was committed, and the refusal otherwise."""
        with closing(self.connect()) as connection:
            return _run(connection, attack, end="COMMIT")

    def asks(self, attacks: Mapping[str, Attack]) -> dict[str, str]:
        """Return by name how each attack is refused, "" if it is not. Nothing is committed."""
        with closing(self.connect()) as connection:
            return {name: _run(connection, attack, end="ROLLBACK") for name, attack in attacks.items()}


def _run(connection: Any, attack: Attack, *, end: str) -> str:
    try:
        connection.execute("BEGIN")
        changed = -1
        for statement in attack:
            changed = connection.execute(statement).rowcount
        connection.execute(end if changed else "ROLLBACK")
    except (sqlite3.Error, psycopg.Error) as error:
        connection.rollback()
        return str(error)
    return "" if changed else NOTHING


class SqliteClient(Client):
    """A program that opens the file as anybody would, without our settings."""

    is_sqlite = True

    def __init__(self, file: Path) -> None:
        self.file = file
        self._copy = file.with_name(f"copy-of-{file.name}")
        # One engine for all copies, one after the other: a new one would compile every statement once more.
        self._bot = SqlDatabase(f"sqlite:///{self._copy}")

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.file, isolation_level=None, timeout=15)

    @contextmanager
    def copied(self) -> Iterator[tuple[Client, SqlDatabase]]:
        with closing(self.connect()) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(self.file, self._copy)
        try:
            yield SqliteClient(self._copy), self._bot
        finally:
            self._bot.close()
            for path in self.file.parent.glob(f"{self._copy.name}*"):
                path.unlink()


class PostgresqlClient(Client):
    """The bot's role: it owns nothing, and may read and write rows."""

    is_sqlite = False

    def __init__(self, owner_url: str, role: str) -> None:
        self.owner_url = owner_url
        self.role = role
        self._copy_url = make_url(owner_url).set(database=f"cardops_test_{secrets.token_hex(6)}")
        # As in SqliteClient.
        self._bot = SqlDatabase(self._copy_url.set(username=role).render_as_string(hide_password=False))

    @property
    def url(self) -> str:
        """The URL of the bot's role."""
        return make_url(self.owner_url).set(username=self.role).render_as_string(hide_password=False)

    @property
    def database(self) -> str:
        """The name of the database."""
        return str(make_url(self.owner_url).database)

    def owner_does(self, *statements: str) -> None:
        """Change the database as its owner."""
        with psycopg.connect(f"{SERVER} dbname={self.database}", autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def connect(self) -> Any:
        plain = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(plain, connect_timeout=5, autocommit=True)

    @contextmanager
    def copied(self) -> Iterator[tuple[Client, SqlDatabase]]:
        name = sql.Identifier(str(self._copy_url.database))
        template = sql.Identifier(self.database)
        with psycopg.connect(SERVER, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, template))
        try:
            yield PostgresqlClient(self._copy_url.render_as_string(hide_password=False), self.role), self._bot
        finally:
            self._bot.close()
            with psycopg.connect(SERVER, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@contextmanager
def make_role(owner: SqlDatabase) -> Iterator[str]:
    """A role as docs/deploying.md makes it, under another name and for this database."""
    name = f"cardops_test_{secrets.token_hex(4)}"
    for statement in read_role_sql(role=name, database=str(owner.url.database)):
        with owner.writing() as session:
            session.connection().exec_driver_sql(statement)
    try:
        yield name
    finally:
        with owner.writing() as session:
            session.connection().exec_driver_sql(f"DROP OWNED BY {name}")
            session.connection().exec_driver_sql(f"DROP ROLE {name}")


def read_role_sql(*, role: str, database: str) -> list[str]:
    """The statements of the document, for another role and database than it names."""
    found = re.search(r"^```sql\n(.*?)^```", DEPLOYING.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    named = found[1].replace("cardops_bot", role).replace("DATABASE cardops ", f"DATABASE {database} ")
    return [statement for statement in named.split(";") if statement.strip()]
