"""Replicas whose clocks differ by a minute: the database says what came first and how long a lease lasts (N14)."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import notifier
from bot.clock import Ids
from notifier.outbox.outbox import Outbox
from tests.notifier.conftest import NotifierWorld
from tests.notifier.outbox.test_leases import claim_one

SKEWS = [timedelta(seconds=60), timedelta(seconds=-60)]


def replica_of(world: NotifierWorld, *, skew: timedelta) -> NotifierWorld:
    """Another process on the same database and Slack, whose own clock is off, as the ids that it makes show."""
    bits = iter(range(1, 10_000))
    make_id = Ids(now=lambda: world.clock.now + skew, random_bits=lambda _bits: next(bits))
    outbox = Outbox(vault=world.vault, make_id=make_id)
    return replace(world, outbox=outbox)


@pytest.mark.parametrize("skew", SKEWS)
def test_n14_an_edit_whose_worker_died_is_not_made_after_a_newer_one(
    world: NotifierWorld, skew: timedelta
) -> None:
    first, second = replica_of(world, skew=skew), replica_of(world, skew=-skew)
    first.says("authorised", key="purchase:1")
    world.delivers()
    world.clock.passes(seconds=2)
    first.edits("purchase:1", "settled")
    claim_one(world)  # its worker dies; as it is begun, the next one is an edit of its own

    second.edits("purchase:1", "reversed")
    world.delivers_all(12, step=5)

    assert world.slack.texts() == ["reversed"]


@pytest.mark.parametrize("skew", SKEWS)
def test_n14_the_newest_facts_are_those_of_the_last_edit(world: NotifierWorld, skew: timedelta) -> None:
    first, second = replica_of(world, skew=skew), replica_of(world, skew=-skew)
    first.says("authorised", key="purchase:1")
    world.delivers()
    second.edits("purchase:1", "reversed")

    with world.database.reading() as session:
        newest = world.outbox.newest(session, "purchase:1")

    assert newest is not None
    assert world.outbox.read(newest)["words"] == "reversed"


@pytest.mark.parametrize("skew", SKEWS)
def test_n14_posts_of_one_channel_stand_in_the_order_in_which_they_were_written(
    world: NotifierWorld, skew: timedelta
) -> None:
    first, second = replica_of(world, skew=skew), replica_of(world, skew=-skew)
    first.says("one")
    second.says("two")
    first.says("three")

    world.delivers_all(5)

    assert world.slack.texts() == ["one", "two", "three"]


def test_n14_no_part_of_the_notifier_reads_the_clock_of_its_own_machine() -> None:
    own = "Callable[[], datetime]"  # what it is handed is `now_in`, which reads the database's
    folder = Path(notifier.__file__).parent

    assert [path.name for path in folder.rglob("*.py") if own in path.read_text()] == []
