"""An operator at a shell with an installation on each kind of database."""

import base64
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from approvals.audit.row_macs import make_macs
from approvals.audit.trail_keys import make_key
from approvals.context import ApprovalContext
from bot.cli.main import main
from bot.database import schema
from bot.database.engine import SqlDatabase
from notifier.outbox.outbox import Outbox
from sandbox.paytend import PaytendStandIn
from sandbox.slack import SlackWorkspace
from storage.vault import Vault
from tests.approvals.world import ApprovalWorld, make_context
from tests.databases import KINDS, Kept, empty, fresh_url
from tests.journeys.world import CONFIG, make_environment
from tests.once import pairs

OURS = ("SLACK_", "PAYTEND_", "CARDOPS_", "DATABASE_URL")
KEYS = [base64.b64encode(letter * 32).decode() for letter in (b"a", b"b", b"c")]


@dataclass(kw_only=True)
class Shell:
    """Someone at a shell in a folder of their own, with an environment."""

    folder: Path
    environment: dict[str, str]
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def types(self, *words: str, **changes: str) -> tuple[int, str, str]:
        """Run one command here, and return status, stdout and stderr."""
        for name, value in (self.environment | changes).items():
            self.patch.setenv(name, value)
        self.capture.readouterr()
        status = main(list(words))
        said = self.capture.readouterr()
        return status, said.out, said.err


def clear_environment(patch: pytest.MonkeyPatch) -> None:
    """Remove our settings, whatever the test run was started with."""
    for name in [name for name in os.environ if name.startswith(OURS)]:
        patch.delenv(name)


@dataclass(kw_only=True)
class Operator(Shell):
    """Someone at a shell, with a database that their bot works on."""

    url: str
    opened: list[SqlDatabase] = field(default_factory=list)

    def uses_keys(self, *keys: str) -> None:
        """Set CARDOPS_SECRET_KEYS."""
        self.environment["CARDOPS_SECRET_KEYS"] = ",".join(keys)

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    def database(self) -> SqlDatabase:
        """The database, opened once more; closed after the test."""
        database = SqlDatabase(self.url)
        self.opened.append(database)
        return database

    def world(self) -> ApprovalWorld:
        """People around a desk on this database, with the keys that are set."""
        keys = [base64.b64decode(key) for key in self.environment["CARDOPS_SECRET_KEYS"].split(",")]
        vault = Vault(keys, random_bytes=os.urandom)
        made = make_context(vault=vault, audit_key=make_key(keys[-1]), macs=make_macs(keys[-1]))
        fields = {name: getattr(made, name) for name in ApprovalContext.__dataclass_fields__}
        outbox = Outbox(vault=vault, make_id=made.make_id)
        return ApprovalWorld(database=self.database(), context=ApprovalContext(**{**fields, "outbox": outbox}))


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One migrated PostgreSQL database for all tests of a run: making one takes longer than most of them."""
    with fresh_url("postgresql", tmp_path_factory.mktemp("postgresql")) as url:
        database = SqlDatabase(url)
        schema.migrate(database)
        database.close()
        yield url


@pytest.fixture
def empty_postgresql_url(postgresql_url: str) -> str:
    database = SqlDatabase(postgresql_url)
    empty(database)
    database.close()
    return postgresql_url


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest) -> str:
    kind = "sqlite_url" if request.param == "sqlite" else "empty_postgresql_url"
    return str(request.getfixturevalue(kind))


@pytest.fixture
def sqlite_url(kept_sqlite: Kept, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(kept_sqlite.migrated, tmp_path / 'test.db')}"


def _install(
    url: str, folder: Path, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
) -> Iterator[Operator]:
    clear_environment(patch)
    patch.chdir(folder)
    (folder / "cardops.yml").write_text(CONFIG)
    slack = SlackWorkspace()
    with slack.serving():
        environment = make_environment(
            slack=slack,
            paytend=PaytendStandIn(seed=1, pairs=pairs()),
            paytend_url="http://127.0.0.1:9",
            database_url=url,
        )
        operator = Operator(
            folder=folder,
            url=url,
            environment=environment | {"CARDOPS_SECRET_KEYS": KEYS[0]},
            capture=capture,
            patch=patch,
        )
        yield operator
        for database in operator.opened:
            database.close()


@pytest.fixture
def operator(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Operator]:
    """An operator of each kind of database."""
    yield from _install(url, tmp_path, capsys, monkeypatch)


@pytest.fixture
def small(
    sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Operator]:
    """An operator of a SQLite file, for what does not depend on the kind."""
    yield from _install(sqlite_url, tmp_path, capsys, monkeypatch)


@pytest.fixture
def on_postgresql(
    empty_postgresql_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Operator]:
    """An operator of PostgreSQL, for what only it has."""
    yield from _install(empty_postgresql_url, tmp_path, capsys, monkeypatch)


@pytest.fixture
def on_new_postgresql(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Operator]:
    """An operator of a PostgreSQL database of their own, without any table."""
    with fresh_url("postgresql", tmp_path) as url:
        yield from _install(url, tmp_path, capsys, monkeypatch)
