"""Threads of our own: work that is waited for before something is acknowledged, and for how long."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import fields

import pytest

from bot.threads import Busy, WorkerLoop, WorkerPool
from bot.wiring.foundation import Loops, make_loops


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


def test_x4_a_loop_that_does_not_come_round_is_seen_and_one_that_waits_is_not() -> None:
    now = [0.0]
    loop = WorkerLoop("test", monotonic=lambda: now[0])
    works, goes_on, rests = threading.Event(), threading.Event(), threading.Event()

    def run(stop: threading.Event, wake: threading.Event) -> None:
        while not stop.is_set():
            works.set()
            goes_on.wait(20)  # as in a call that hangs
            rests.set()
            wake.wait()

    assert loop.busy_for == 0
    loop.start(run)
    assert works.wait(20)
    now[0] = 400.0
    assert loop.busy_for == 400
    goes_on.set()
    assert rests.wait(20)
    until = time.monotonic() + 20
    while loop.busy_for and time.monotonic() < until:
        time.sleep(0.001)
    now[0] = 10_000.0
    assert loop.busy_for == 0
    loop.stop()


def test_x4_readiness_names_the_thread_that_is_stuck() -> None:
    now = [0.0]
    loops = make_loops(lambda: now[0])
    names, goes_on = [field.name for field in fields(Loops)], threading.Event()
    started = {name: threading.Event() for name in names}

    def make_run(name: str) -> Callable[[threading.Event, threading.Event], None]:
        def run(stop: threading.Event, wake: threading.Event) -> None:
            stop.is_set()
            started[name].set()
            if name == "delivery":
                goes_on.wait(20)
            wake.wait()

        return run

    assert loops.trouble == "a worker has stopped"
    for name in names:
        getattr(loops, name).start(make_run(name))
    assert all(event.wait(20) for event in started.values())
    until = time.monotonic() + 20
    while any(getattr(loops, name)._busy_since is not None for name in names if name != "delivery"):
        assert time.monotonic() < until
    now[0] = 301.0
    try:
        assert loops.trouble == "a worker does not get on: delivery for 301 s"
    finally:
        goes_on.set()
        for name in names:
            getattr(loops, name).stop()


def test_a_loop_that_breaks_is_begun_again_and_ends_when_it_is_stopped() -> None:
    runs, third = [], threading.Event()

    def run(_stop: threading.Event, _wake: threading.Event) -> None:
        runs.append("it")
        if len(runs) == 3:
            third.set()
        raise ValueError("a row that nobody can read")

    loop = WorkerLoop("test", pause=0.001)
    loop.start(run)

    assert third.wait(20)
    assert loop.alive
    loop.stop()
    assert not loop.alive
