"""What comes while a batch is worked on is the next one, in order, and nothing is left behind."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from notifier.inbox.batches import Batches
from tests.notifier.conftest import run_together


@dataclass
class Work:
    """Keeps what it was handed; waits at the gate before it begins with a batch."""

    batches: list[list[int]] = field(default_factory=list)
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    gate: threading.Event = field(default_factory=threading.Event)

    def __call__(self, batch: Sequence[int]) -> None:
        self.entered.release()
        assert self.gate.wait(10)
        self.batches.append(list(batch))


def test_what_comes_meanwhile_is_the_next_batch() -> None:
    work = Work()
    batches = Batches(work, most=3, name="test")
    batches.put([1])
    assert work.entered.acquire(timeout=10)
    for number in range(2, 7):
        batches.put([number])
    work.gate.set()
    batches.stop()

    assert work.batches == [[1], [2, 3, 4], [5, 6]]


def test_nothing_is_lost_between_the_last_batch_and_the_end_of_the_thread() -> None:
    work = Work()
    work.gate.set()
    batches = Batches(work, most=4, name="test")

    def put(number: int) -> None:
        for each in range(500):
            batches.put([number * 1000 + each])

    run_together(8, put)
    batches.stop()

    came = [each for batch in work.batches for each in batch]
    assert sorted(came) == [number * 1000 + each for number in range(8) for each in range(500)]
    for number in range(8):
        mine = [each for each in came if each // 1000 == number]
        assert mine == sorted(mine), "one sender's are in its order"


def test_after_the_end_nothing_is_taken_silently() -> None:
    batches = Batches(Work(), most=4, name="test")
    batches.stop()

    with pytest.raises(RuntimeError, match="shutdown"):
        batches.put([1])


def test_a_batch_that_breaks_does_not_stop_the_next(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    def work(batch: Sequence[int]) -> None:
        if 1 in batch:
            raise RuntimeError("broken")
        done.extend(batch)

    batches = Batches(work, most=1, name="test")
    for number in range(3):
        batches.put([number])
    batches.stop()

    assert done == [0, 2]
    assert [record.message for record in caplog.records] == ["batches.broken"]
