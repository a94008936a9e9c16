"""A filled desk on each kind of database, and somebody who can write to it past the bot."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.database.engine import SqlDatabase
from tests.attacks.clients import Client, PostgresqlClient, SqliteClient, make_role
from tests.attacks.desk import MAY_MOVE, Desk
from tests.attacks.statements import Written
from tests.databases import KINDS, fresh_database


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The desk before any attack, who attacks, and how their database writes values."""

    desk: Desk
    client: Client

    @property
    def written(self) -> Written:
        return Written(self.client.is_sqlite)


@pytest.fixture(scope="session", params=KINDS)
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Made once in a process, and copied for whatever is written: making one takes seconds."""
    folder: Path = tmp_path_factory.mktemp("attacked")
    with fresh_database(request.param, folder) as database:
        if database.is_sqlite:
            yield Scene(desk=Desk.fill(database), client=SqliteClient(folder / "test.db"))
            return
        with make_role(database) as role:
            client = PostgresqlClient(database.url.render_as_string(hide_password=False), role)
            working = SqlDatabase(client.url)
            desk = Desk.fill(working)
            for each in (working, database):  # a database is copied only while nobody is connected to it
                each.close()
            yield Scene(desk=desk, client=client)


def money_moved(desk: Desk) -> dict[str, int]:
    """What was sent more often than two people approved, by request or by reference."""
    over = {name: count for name, count in desk.moved().items() if count > MAY_MOVE.get(name, 0)}
    return over | desk.strangers()
