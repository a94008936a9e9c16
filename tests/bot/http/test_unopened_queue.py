"""What waits to be opened is bounded in bytes and in time, and goes when its sender goes."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from bot.http.app import DroppableResponse, HttpResponse
from bot.http.unopened_queue import Answer, UnopenedQueue

FINE = HttpResponse(status="200 OK")
REFUSED = HttpResponse(status="503 Service Unavailable")
KIB = 1024


@dataclass
class Opener:
    """Opens what it gets once the gate is open; time moves when a test moves it."""

    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    opened: list[bytes] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    time: float = 0.0

    def open_all(self, taken: Sequence[tuple[bytes, Answer]]) -> None:
        self.entered.set()
        assert self.gate.wait(10)
        for body, answer in taken:
            self.opened.append(body)
            answer.set_result(FINE)

    def refuse(self, answer: Answer, why: str) -> None:
        self.refused.append(why)
        answer.set_result(REFUSED)


@pytest.fixture
def opener() -> Opener:
    return Opener()


@pytest.fixture
def queue(opener: Opener) -> Iterator[UnopenedQueue]:
    queue = UnopenedQueue(
        open_all=opener.open_all,
        refuse=opener.refuse,
        monotonic=lambda: opener.time,
        most_bytes=10 * KIB,
        patience=5.0,
    )
    yield queue
    opener.gate.set()
    queue.stop()


def put(queue: UnopenedQueue, body: bytes) -> DroppableResponse:
    answer = DroppableResponse()
    queue.put(body, answer)
    return answer


def hold(queue: UnopenedQueue, opener: Opener) -> DroppableResponse:
    """Have the thread work on something until the gate is opened."""
    first = put(queue, b"first")
    assert opener.entered.wait(10)
    return first


def test_x1_more_bytes_than_may_wait_are_refused_at_once_and_room_comes_back(
    queue: UnopenedQueue, opener: Opener
) -> None:
    hold(queue, opener)
    waiting = [put(queue, b"x" * KIB) for _ in range(10)]

    assert put(queue, b"x").result(1) == REFUSED
    assert opener.refused == ["full"]
    assert queue.waiting_bytes == 10 * KIB

    opener.gate.set()
    assert [answer.result(5) for answer in waiting] == [FINE] * 10
    assert queue.waiting_bytes == 0
    assert put(queue, b"again").result(5) == FINE


def test_x1_one_body_that_is_larger_than_the_queue_is_opened_when_nothing_waits(
    queue: UnopenedQueue, opener: Opener
) -> None:
    opener.gate.set()

    assert put(queue, b"x" * 20 * KIB).result(5) == FINE


def test_x1_what_waited_too_long_is_not_opened(queue: UnopenedQueue, opener: Opener) -> None:
    hold(queue, opener)
    late = put(queue, b"late")
    opener.time = 5.1
    in_time = put(queue, b"in time")
    opener.gate.set()

    assert (late.result(5), in_time.result(5)) == (REFUSED, FINE)
    assert opener.opened == [b"first", b"in time"]
    assert opener.refused == ["late"]


def test_x1_the_work_of_senders_that_hung_up_is_dropped_with_its_bytes(
    queue: UnopenedQueue, opener: Opener
) -> None:
    first = hold(queue, opener)
    gone = [put(queue, b"x" * KIB) for _ in range(9)]
    kept = put(queue, b"kept")
    for answer in gone:
        assert answer.cancel()

    assert queue.waiting_bytes == len(b"kept")
    assert not first.cancel(), "what is being worked on is finished"
    opener.gate.set()
    assert kept.result(5) == FINE
    assert opener.opened == [b"first", b"kept"]


def test_x1_at_the_end_it_opens_what_it_can_in_time_and_puts_off_the_rest(
    queue: UnopenedQueue, opener: Opener
) -> None:
    hold(queue, opener)
    waiting = [put(queue, b"waiting") for _ in range(3)]
    queue.wind_down(within=2.0)
    assert put(queue, b"new").result(1) == REFUSED
    opener.time = 2.1
    opener.gate.set()
    queue.stop()

    assert [answer.result(1) for answer in waiting] == [REFUSED] * 3
    assert opener.opened == [b"first"]
    assert set(opener.refused) == {"stopping"}
