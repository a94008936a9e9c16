"""Secrets that are shown once: kept for ten minutes, seen by one look, in nobody's representation."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlmodel import select

from bot.database.engine import SqlDatabase
from bot.database.tables import OneTimeSecret
from bot.slack.one_time_secrets import KEPT, OneTimeSecrets, RememberedSecrets, SealedSecrets
from sandbox.clock import Clock
from storage.vault import Vault

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PIN = SecretStr("4711")


def sealed(database: SqlDatabase, clock: Clock) -> SealedSecrets:
    vault = Vault([b"k" * 32], random_bytes=os.urandom)
    return SealedSecrets(database=database, vault=vault, now_in=lambda _session: clock.now())


@pytest.fixture(params=["rows", "memory"])
def store(request: pytest.FixtureRequest, sqlite: SqlDatabase) -> tuple[OneTimeSecrets, Clock]:
    clock = Clock(start=START)
    return (sealed(sqlite, clock) if request.param == "rows" else RememberedSecrets(now=clock.now)), clock


def test_one_is_held_by_one_look_and_used_up(store: tuple[OneTimeSecrets, Clock]) -> None:
    secrets, _ = store
    secrets.keep("request-1", PIN)
    secrets.keep("request-2", SecretStr("0815"))

    assert secrets.hold("request-1") == PIN
    assert secrets.hold("request-1") is None
    secrets.release("request-1")
    assert secrets.hold("request-1") == PIN
    secrets.use_up("request-1")
    secrets.release("request-1")
    assert secrets.hold("request-1") is None
    assert secrets.hold("request-2") is not None
    assert "0815" not in repr(secrets)


def test_one_is_kept_for_ten_minutes(store: tuple[OneTimeSecrets, Clock]) -> None:
    secrets, clock = store
    secrets.keep("in time", PIN)
    secrets.keep("too late", PIN)

    clock.advance(KEPT - timedelta(seconds=1))
    assert secrets.hold("in time") == PIN
    secrets.release("in time")
    clock.advance(timedelta(seconds=1))
    assert secrets.hold("too late") is None


def test_s3_a_row_is_sealed_and_purged_and_says_what_was_perhaps_shown(database: SqlDatabase) -> None:
    clock = Clock(start=START)
    secrets = sealed(database, clock)
    secrets.keep("unseen", PIN)
    secrets.keep("held", PIN)
    secrets.hold("held")
    with database.reading() as session:
        assert all(b"4711" not in row.value for row in session.exec(select(OneTimeSecret)))

    clock.advance(KEPT)

    assert secrets.sweep() == ["held"]
    with database.reading() as session:
        assert session.exec(select(OneTimeSecret)).all() == []


def test_s3_of_many_looks_on_all_replicas_one_gets_it(database: SqlDatabase) -> None:
    clock = Clock(start=START)
    replicas = [sealed(database, clock) for _ in range(6)]
    replicas[0].keep("request", PIN)

    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda each: each.hold("request"), replicas))

    assert [each for each in found if each is not None] == [PIN]
