"""Threads of our own: work that is waited for before something is acknowledged, and for how long."""

import threading
import time
from collections.abc import Iterator

import pytest

from bot.threads import Busy, WorkerPool


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    made = WorkerPool("test", threads=1, most_waiting=1)
    yield made
    made.stop()


def test_what_is_to_be_finished_has_ended_when_the_wait_has(pool: WorkerPool) -> None:
    done: list[str] = []

    pool.finish(lambda: done.append("it"), within=20)

    assert done == ["it"]


def test_work_that_fails_is_not_waited_for_any_longer(pool: WorkerPool) -> None:
    def fail() -> None:
        raise ValueError("our bug")

    started = time.monotonic()
    pool.finish(fail, within=20)

    assert time.monotonic() - started < 10


def test_a_wait_ends_before_slow_work_does_and_a_full_pool_takes_no_more(pool: WorkerPool) -> None:
    goes_on = threading.Event()

    def be_slow() -> None:
        goes_on.wait(20)

    pool.finish(be_slow, within=0.01)
    pool.submit(lambda: None)

    with pytest.raises(Busy):
        pool.finish(lambda: None, within=20)
    goes_on.set()
