"""Bodies that were admitted by their heads: larger and slower than others, read to their end, within bounds."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from bot.http.app import Allowance, HttpRequest, HttpResponse
from bot.http.bodies import UploadRule
from bot.http.connections import LARGEST_BODY
from bot.http.places import MOST_OF_ONE_PATH
from bot.http.server import Server
from tests.bot.sockets import LONGEST, Wire, status_of

DEADLINE = 0.3
KEEPS, READS = 2 * LARGEST_BODY, 4 * LARGEST_BODY


@dataclass
class Application:
    """Keeps what it was asked; `/drop/slow` takes its time."""

    requests: list[HttpRequest] = field(default_factory=list)
    admitted: list[HttpRequest] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        if request.path == "/drop/slow":
            self.go.wait(LONGEST)
        return HttpResponse(status="413 Content Too Large" if request.is_too_large else "200 OK")

    def admit(self, head: HttpRequest) -> Allowance | None:
        self.admitted.append(head)
        if head.path == "/drop/unknown":
            return None
        late = HttpResponse(status="202 Accepted")
        return Allowance(keeps=KEEPS, reads=READS, seconds=4 * DEADLINE, answered_within=0.3, late=late)


@contextmanager
def serve(application: Application) -> Iterator[int]:
    uploads = UploadRule(applies=lambda head: head.path.startswith("/drop/"), admit=application.admit)
    server = Server(application, host="127.0.0.1", port=0, deadline=DEADLINE, uploads=uploads)
    server.start()
    try:
        yield server.port
    finally:
        application.go.set()
        server.stop()


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def port(application: Application) -> Iterator[int]:
    with serve(application) as port:
        yield port


def post(port: int, path: str, size: int, *, announced: int | None = None) -> int:
    wire = Wire(port)
    length = size if announced is None else announced
    wire.send(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode() + bytes(size))
    status = status_of(wire.answer())
    wire.close()
    return status


def test_s6_an_admitted_body_may_be_larger_than_others(application: Application, port: int) -> None:
    assert post(port, "/drop/one", KEEPS) == 200

    (request,) = application.requests
    assert len(request.body) == KEEPS
    assert not request.is_too_large
    assert request.sender == "127.0.0.1"
    assert application.admitted[0].body == b""


def test_s6_one_that_is_too_large_is_read_and_answered_but_not_kept(application: Application, port: int) -> None:
    assert post(port, "/drop/one", KEEPS + 1) == 413

    (request,) = application.requests
    assert (request.body, request.is_too_large) == (b"", True)


def test_s6_one_that_is_larger_still_is_not_even_read(application: Application, port: int) -> None:
    assert post(port, "/drop/one", 0, announced=READS + 1) == 413
    assert application.requests == []


def test_s6_others_keep_the_usual_bounds(application: Application, port: int) -> None:
    for path in ("/drop/unknown", "/elsewhere"):
        assert post(port, path, 0, announced=LARGEST_BODY + 1) == 413
    assert application.requests == []


@pytest.mark.parametrize(("path", "is_in_time"), [("/drop/one", True), ("/drop/unknown", False)])
def test_s6_an_admitted_body_may_take_longer_than_others(
    application: Application, port: int, path: str, *, is_in_time: bool
) -> None:
    wire = Wire(port)
    wire.send(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab".encode())
    time.sleep(1.5 * DEADLINE)
    wire.send(b"cd")

    assert status_of(wire.answer()) == (200 if is_in_time else 0)
    wire.close()


def test_s6_an_admitted_body_that_dribbles_has_a_deadline_too(application: Application, port: int) -> None:
    wire = Wire(port)
    wire.send(b"POST /drop/one HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    begun = time.monotonic()

    while wire.send(b"a") and time.monotonic() - begun < LONGEST:
        time.sleep(0.02)

    assert time.monotonic() - begun < 4 * DEADLINE + 2
    assert application.requests == []
    wire.close()


def test_s6_work_that_takes_long_is_answered_and_goes_on(application: Application, port: int) -> None:
    assert post(port, "/drop/slow", 2) == 202
    assert len(application.requests) == 1


def test_s6_one_path_takes_only_a_few_bodies_at_a_time(application: Application, port: int) -> None:
    wires = [Wire(port) for _ in range(MOST_OF_ONE_PATH + 1)]
    for wire in wires:
        wire.send(b"POST /drop/one HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
        deadline = time.monotonic() + LONGEST
        while len(application.admitted) <= wires.index(wire) and time.monotonic() < deadline:
            time.sleep(0.01)

    assert status_of(wires[-1].answer()) == 503
    for wire in wires[:-1]:
        wire.send(b"cd")
        assert status_of(wire.answer()) == 200
    for wire in wires:
        wire.close()


def test_s6_a_body_that_is_cut_off_reaches_nobody(application: Application, port: int) -> None:
    wire = Wire(port)
    wire.send(b"POST /drop/one HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
    wire.close()
    post(port, "/drop/two", 1)

    assert [request.path for request in application.requests] == ["/drop/two"]
