"""O14, X14: keys, tokens and the database are for us alone, and what others can read is told."""

import os
import subprocess
from pathlib import Path

import pytest

from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.settings.private_files import find_readable, list_private_files

ROOT = Path(__file__).parents[3]


@pytest.fixture
def careless() -> object:
    """The umask of most machines, which lets everybody read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("careless")
def test_o14_x14_the_database_its_journals_and_its_lock_are_for_us_alone(tmp_path: Path) -> None:
    database = SqlDatabase(f"sqlite:///{tmp_path}/cardops.db")
    database.claim_file()
    schema.migrate(database)
    with database.writing():
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    database.close()

    assert {"cardops.db", "cardops.db.lock"} <= modes.keys()
    assert set(modes.values()) == {0o600}, modes


def test_o14_what_others_can_read_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, mode in ((".env", 0o644), ("private.pem", 0o604), ("public.pem", 0o644), ("cardops.db", 0o640)):
        Path(name).write_text("x")
        Path(name).chmod(mode)
    Path("cardops.db.before-20261129T000000Z").write_text("x")
    Path("cardops.db.before-20261129T000000Z").chmod(0o666)
    keys = {"PAYTEND_PRIVATE_KEY_FILE": "private.pem", "PAYTEND_PUBLIC_KEY_FILE": "public.pem"}

    found = [str(path) for path in find_readable(list_private_files("sqlite:///cardops.db", keys))]

    assert sorted(found) == [".env", "cardops.db.before-20261129T000000Z", "private.pem"]


@pytest.mark.parametrize(
    "name",
    [".env", ".env.production", "private.pem", "cardops.db", "cardops.db-wal", "cardops.db.before-1", "x.backup"],
)
def test_o14_git_ignores_keys_databases_backups_and_settings(name: str) -> None:
    done = subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, check=False)

    assert done.returncode == 0
