"""A worker that dies, sleeps or comes too late: another takes over, and nothing is recorded twice (F14, F33)."""

import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from bot.database.engine import SqlDatabase
from notifier.outbox import claims, delivery_outcomes
from notifier.outbox.attempt import Delivered, LeaseTooShort, attempt
from notifier.outbox.deliverer import LEASE
from notifier.outbox.slack_errors import NotDelivered
from notifier.outbox.slack_messages import MessagePlace
from tests.notifier.conftest import NotifierWorld


def claim_one(world: NotifierWorld) -> claims.DeliveryClaim:
    with world.database.writing() as session:
        claim = claims.claim(session, now=world.clock.now, lease=LEASE, token=world.make_id())
    assert claim is not None
    return claim


def attempt_of(world: NotifierWorld, claim: claims.DeliveryClaim) -> Delivered | NotDelivered:
    """What the worker does that claimed it, however much later."""
    return world.deliverer._do(claim, began=(claim.lease.until - LEASE).timestamp())


def test_a_worker_that_died_after_posting_is_replaced_and_nothing_stands_twice(world: NotifierWorld) -> None:
    world.says("one")
    claim = claim_one(world)
    attempt_of(world, claim)  # and then kill -9, before anything is recorded

    world.delivers()
    assert world.waiting() == 1
    world.clock.passes(seconds=LEASE.total_seconds() + 1)
    world.delivers()

    assert world.slack.texts() == ["one"]
    assert world.waiting() == 0


def test_a_worker_that_died_before_posting_is_replaced(world: NotifierWorld) -> None:
    world.says("one")
    claim_one(world)

    world.clock.passes(seconds=LEASE.total_seconds() + 1)
    world.delivers()

    assert world.slack.texts() == ["one (possible repeat)"]


def test_f14_a_late_finisher_is_fenced_off(world: NotifierWorld) -> None:
    world.says("one", key="request:1")
    sleeper = claim_one(world)
    world.clock.passes(seconds=LEASE.total_seconds() + 1)
    world.delivers()

    late = Delivered(place=MessagePlace(channel="C0WRONG"), ts="1.0", posted=True)
    with pytest.raises(delivery_outcomes.DeliveryLeaseLost), world.database.writing() as session:
        delivery_outcomes.record_delivered(session, sleeper, late, now=world.clock.now, make_id=world.make_id)

    world.edits("request:1", "done")
    world.delivers()
    assert world.slack.texts() == ["done"]


def test_f14_a_late_worker_changes_nothing_that_another_has_recorded(world: NotifierWorld) -> None:
    world.says("one")
    sleeper = claim_one(world)
    world.clock.passes(seconds=LEASE.total_seconds() + 1)
    world.delivers()

    world.deliverer._record(sleeper, attempt_of(world, sleeper))

    assert world.waiting() == 0
    assert len(world.slack.texts()) == 1


def test_f14_a_worker_that_slept_through_its_lease_does_not_post(world: NotifierWorld) -> None:
    world.says("one")
    sleeper = claim_one(world)
    world.clock.passes(seconds=LEASE.total_seconds() + 1)

    world.deliverer._record(sleeper, attempt_of(world, sleeper))

    assert world.slack.count("chat.postMessage") == 0


def test_f14_what_took_longer_than_the_lease_is_not_posted(world: NotifierWorld) -> None:
    world.says("one", "U0ADMIN")
    claim = claim_one(world)
    rendered = world.deliverer._render(claim)

    with pytest.raises(LeaseTooShort):
        attempt(
            claim,
            rendered,
            slack=world.deliverer._slack,
            fallback="C0SPARE",
            may_post=lambda: world.slack.count("conversations.open") == 0,
        )

    assert world.slack.count("conversations.open") == 1
    assert world.slack.count("chat.postMessage") == 0


def test_the_only_worker_takes_up_at_once_what_a_dead_one_held(world: NotifierWorld) -> None:
    world.says("one")
    attempt_of(world, claim_one(world))  # and then kill -9, before anything is recorded

    assert world.deliverer.recover() == 1
    world.delivers()

    assert world.slack.texts() == ["one"]
    assert world.waiting() == 0


@dataclass
class Flaky:
    """A database that is away at first."""

    database: SqlDatabase
    failures: int

    def writing(self) -> AbstractContextManager[Session]:
        self.failures -= 1
        if self.failures >= 0:
            raise OperationalError("", None, Exception("the database is away"))
        return self.database.writing()

    def reading(self) -> AbstractContextManager[Session]:
        return self.database.reading()


def test_f33_the_worker_goes_on_when_the_database_was_away(world: NotifierWorld) -> None:
    world.says("one")
    world.deliverer._database = Flaky(world.database, 1)
    stop, wake = threading.Event(), threading.Event()
    worker = threading.Thread(target=world.deliverer.run, args=(stop, wake))
    worker.start()
    for _ in range(500):
        wake.set()
        if world.slack.texts():
            break
        threading.Event().wait(0.01)
    stop.set()
    wake.set()
    worker.join(timeout=10)

    assert world.slack.texts() == ["one"]
