"""What a database says when its disk is full, and what it does not mean by it."""

import pytest
from sqlalchemy.exc import OperationalError

from storage.database import is_disk_full


@pytest.mark.parametrize(
    ("words", "is_full"),
    [
        ("database or disk is full", True),
        ("disk full", True),
        ('could not extend file "base/1/2": wrote only 4096 of 8192 bytes', True),
        ("could not write to file: No space left on device", True),
        ("attempt to write a readonly database", False),
        ("database is locked", False),
        ("disk I/O error", False),
    ],
)
def test_only_no_space_left_is_a_full_disk(words: str, is_full: bool) -> None:
    assert is_disk_full(OperationalError("INSERT", {}, Exception(words))) is is_full
