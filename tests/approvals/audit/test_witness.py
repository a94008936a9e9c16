"""A head that was told outside: what it says of the trail, and what excuses a trail that does not have it (A2)."""

from datetime import timedelta

import pytest

from approvals.audit import chain, witness
from approvals.audit.chain import Head
from approvals.audit.trail_keys import TrailKey, make_key
from approvals.audit.verification import REANCHORED
from approvals.audit.witness import Comparison
from bot.database.engine import SqlDatabase
from tests.approvals.world import SECRET, START

KEY = make_key(SECRET)
OTHER = make_key(b"other" * 8)
LOST = Head(seq=1, hash="1" * 64)  # as an audit channel may have it, of a trail that was replaced


def adds(database: SqlDatabase, event: str, *, minutes: int = 0, key: TrailKey = KEY) -> Head:
    with database.writing() as session:
        now = START + timedelta(minutes=minutes)
        chain.append(session, event, key=key, actor="operator:ann", subject="audit", facts={}, now=now)
        return chain.head(session)


def compared(database: SqlDatabase, told: Head) -> Comparison:
    """Compare with a head that was told half an hour after the start."""
    with database.reading() as session:
        return witness.compare_head(session, told, at=START + timedelta(minutes=30), key=KEY)


def test_a2_a_head_that_the_trail_has_fits(database: SqlDatabase) -> None:
    told = adds(database, "card:read")
    adds(database, "card:read", minutes=40)

    assert compared(database, told) is Comparison.FITS


@pytest.mark.parametrize("told", [LOST, Head(seq=9, hash="1" * 64)], ids=["another", "more"])
def test_a2_after_a_head_that_the_trail_has_lost_nothing_is_written(database: SqlDatabase, told: Head) -> None:
    adds(database, "card:read")

    assert compared(database, told) is Comparison.WENT_BACK
    with pytest.raises(chain.TrailWentBack):
        adds(database, "card:read", minutes=40)


@pytest.mark.parametrize("event", [witness.RESTORED, REANCHORED])
def test_a2_a_restored_backup_and_a_re_anchored_break_excuse_it(database: SqlDatabase, event: str) -> None:
    adds(database, "card:read")
    adds(database, event, minutes=31)

    assert compared(database, LOST) is Comparison.EXCUSED
    adds(database, "card:read", minutes=40)


def test_a2_an_excuse_from_before_it_was_told_excuses_nothing(database: SqlDatabase) -> None:
    adds(database, witness.RESTORED, minutes=30)

    assert compared(database, LOST) is Comparison.WENT_BACK


def test_a2_an_excuse_that_none_of_our_keys_signed_excuses_nothing(sqlite: SqlDatabase) -> None:
    adds(sqlite, witness.RESTORED, minutes=31, key=OTHER)

    assert compared(sqlite, LOST) is Comparison.WENT_BACK
