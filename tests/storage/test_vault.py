"""Stored values open only in their place and only with their key; times keep their zone."""

import secrets
from datetime import datetime

import pytest
from sqlalchemy.dialects import sqlite

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


@pytest.mark.parametrize("keys", [(), (b"short",)])
def test_keys_of_another_length_are_refused(keys: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        make_vault(*keys)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        UtcDateTime().process_bind_param(datetime(2026, 11, 22), sqlite.dialect())  # noqa: DTZ001 - the point
