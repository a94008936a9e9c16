"""Stored values open only in their place and only with their key; times keep their zone."""

import hashlib
import secrets
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql, sqlite

from storage.utc_datetime import UtcDateTime
from storage.vault import Unreadable, Vault

PLACE = {"table": "delivery", "row": "1", "column": "facts"}


def make_vault(*keys: bytes) -> Vault:
    return Vault(keys, random_bytes=secrets.token_bytes)


def test_a_sealed_value_opens_in_its_place() -> None:
    vault = make_vault(b"a" * 32)

    assert vault.open(vault.seal(b"value", **PLACE), **PLACE) == b"value"


@pytest.mark.parametrize("part", ["table", "row", "column"])
def test_a_value_that_was_moved_does_not_open(part: str) -> None:
    vault = make_vault(b"a" * 32)

    with pytest.raises(Unreadable):
        vault.open(vault.seal(b"value", **PLACE), **{**PLACE, part: "elsewhere"})


def test_a_value_that_was_changed_does_not_open() -> None:
    vault = make_vault(b"a" * 32)
    sealed = bytearray(vault.seal(b"value", **PLACE))
    sealed[-1] ^= 1

    with pytest.raises(Unreadable):
        vault.open(bytes(sealed), **PLACE)


def test_after_a_rotation_old_values_open_and_new_ones_take_the_new_key() -> None:
    old, both = make_vault(b"a" * 32), make_vault(b"b" * 32, b"a" * 32)
    sealed = old.seal(b"value", **PLACE)

    assert both.open(sealed, **PLACE) == b"value"
    assert not both.is_current(sealed)
    assert both.is_current(both.seal(b"value", **PLACE))
    with pytest.raises(Unreadable):
        make_vault(b"b" * 32).open(sealed, **PLACE)


def test_a_sealed_value_is_laid_out_as_documented_for_ever() -> None:
    """Version, the start of the key's SHA-256, nonce, cipher text and tag: what is in databases already."""
    vault = Vault([b"a" * 32], random_bytes=lambda count: b"n" * count)
    key_id = hashlib.sha256(b"a" * 32).digest()[:4]

    sealed = vault.seal(b"value", **PLACE)

    assert sealed[:17] == b"\x01" + key_id + b"n" * 12
    assert AESGCM(b"a" * 32).decrypt(b"n" * 12, sealed[17:], b"delivery\0" + b"1\0" + b"facts") == b"value"
    assert vault.current_key == key_id
    with pytest.raises(Unreadable):
        vault.open(b"\x02" + sealed[1:], **PLACE)


@pytest.mark.parametrize("keys", [(), (b"short",), (b"a" * 32, b"short"), (b"a" * 33,)])
def test_keys_of_another_length_are_refused(keys: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        make_vault(*keys)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        UtcDateTime().process_bind_param(datetime(2026, 11, 22), sqlite.dialect())  # noqa: DTZ001 - the point


POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # not annotated


def test_a_time_is_stored_and_read_in_utc_on_both_databases() -> None:
    column, noon = UtcDateTime(), datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    local = noon.astimezone(timezone(timedelta(hours=2)))

    stored = column.process_bind_param(local, sqlite.dialect())
    assert stored == noon.replace(tzinfo=None)
    assert column.process_result_value(stored, sqlite.dialect()) == noon

    stored = column.process_bind_param(local, POSTGRESQL)
    assert stored is not None
    assert (stored, stored.tzinfo) == (noon, UTC)
    read = column.process_result_value(local, POSTGRESQL)
    assert read is not None
    assert (read, read.tzinfo) == (noon, UTC)

    assert column.process_bind_param(None, sqlite.dialect()) is None
    assert column.process_result_value(None, sqlite.dialect()) is None


def test_a_time_from_sqlite_is_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Vilnius")
    time.tzset()
    try:
        read = UtcDateTime().process_result_value(datetime(2026, 11, 22, 12), sqlite.dialect())  # noqa: DTZ001
    finally:
        monkeypatch.undo()
        time.tzset()

    assert read == datetime(2026, 11, 22, 12, tzinfo=UTC)
