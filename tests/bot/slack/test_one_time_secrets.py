"""Secrets that are shown once: kept for ten minutes, seen by one look, in nobody's representation."""

from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from bot.slack.one_time_secrets import KEPT, OneTimeSecrets
from sandbox.clock import Clock

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def test_a_secret_is_seen_once() -> None:
    secrets = OneTimeSecrets(now=Clock(start=START).now)
    secrets.keep("request-1", SecretStr("4711"))
    secrets.keep("request-2", SecretStr("0815"))

    first, second = secrets.take("request-1"), secrets.take("request-1")

    assert first is not None
    assert first.get_secret_value() == "4711"
    assert second is None
    assert secrets.take("request-2") is not None


def test_a_secret_is_forgotten_after_ten_minutes_and_not_before() -> None:
    clock = Clock(start=START)
    secrets = OneTimeSecrets(now=clock.now)
    secrets.keep("in time", SecretStr("4711"))
    secrets.keep("too late", SecretStr("0815"))

    clock.advance(KEPT - timedelta(seconds=1))
    assert secrets.take("in time") is not None
    clock.advance(timedelta(seconds=1))
    assert secrets.take("too late") is None


def test_what_is_too_old_leaves_memory_when_the_next_secret_comes() -> None:
    clock = Clock(start=START)
    secrets = OneTimeSecrets(now=clock.now)
    secrets.keep("old", SecretStr("4711"))
    clock.advance(KEPT)

    secrets.keep("new", SecretStr("0815"))

    assert list(secrets._kept) == ["new"]
