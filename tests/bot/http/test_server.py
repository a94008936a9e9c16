"""The web edge over real sockets: slow senders, large bodies, many connections, and a graceful end."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.http.app import HttpRequest, HttpResponse
from bot.http.connections import LARGEST_BODY
from bot.http.server import Server
from tests.bot.sockets import LONGEST, Wire, status_of

DEADLINE = 0.4
IN_TIME = DEADLINE + 2.0  # with room for a busy machine, and far from the client's own 10 s


@dataclass
class Application:
    """An application that keeps what it was asked; `/slow` waits until it is let go."""

    bodies: list[bytes] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)

    def __call__(self, request: HttpRequest) -> HttpResponse | Future[HttpResponse]:
        self.bodies.append(request.body)
        if request.path == "/slow":
            self.entered.set()
            self.go.wait(LONGEST)
        if request.path == "/broken":
            raise RuntimeError("the details stay here")
        answer = HttpResponse(status="200 OK", body=request.path.encode())
        if not request.path.startswith("/later"):
            return answer
        later: Future[HttpResponse] = Future()
        threading.Timer(0.05, self._tell, (later, answer)).start()
        return later

    def _tell(self, later: Future[HttpResponse], answer: HttpResponse) -> None:
        if answer.body == b"/later/broken":
            later.set_exception(RuntimeError("the details stay here"))
        else:
            later.set_result(answer)


@dataclass
class Served:
    application: Application
    server: Server
    wires: list[Wire] = field(default_factory=list)

    def connect(self) -> Wire:
        wire = Wire(self.server.port)
        self.wires.append(wire)
        return wire


@contextmanager
def serve(**limits: Any) -> Iterator[Served]:
    application = Application()
    server = Server(application, host="127.0.0.1", port=0, **{"deadline": DEADLINE, **limits})
    server.start()
    served = Served(application, server)
    try:
        yield served
    finally:
        application.go.set()
        for wire in served.wires:
            wire.close()
        server.stop()


@pytest.fixture
def served() -> Iterator[Served]:
    with serve() as served:
        yield served


SLOW = {
    "an idle socket": b"",
    "half a header": b"POST / HTTP/1.1\r\nHost: x\r\nX-",
    "headers without their end": b"POST / HTTP/1.1\r\nHost: x\r\n",
    "a body that stalls": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
    "a chunk that stalls": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
}


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW)
def test_a13_a_request_that_does_not_come_whole_is_closed_at_the_deadline(served: Served, sent: bytes) -> None:
    wire = served.connect()
    wire.send(sent)

    assert wire.seconds_until_closed() < IN_TIME
    assert served.application.bodies == []


@pytest.mark.parametrize(
    "head",
    [b"POST / HTTP/1.1\r\nX-Long: ", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"],
    ids=["headers", "body"],
)
def test_a13_dribbling_does_not_prolong_the_deadline(served: Served, head: bytes) -> None:
    wire = served.connect()
    begun = time.monotonic()
    wire.send(head)

    while wire.send(b"a") and time.monotonic() - begun < LONGEST:
        time.sleep(0.02)

    assert time.monotonic() - begun < IN_TIME


def test_the_deadline_holds_for_the_second_request_of_a_connection_too(served: Served) -> None:
    wire = served.connect()
    wire.send(b"GET /one HTTP/1.1\r\nHost: x\r\n\r\n")
    assert wire.answer().endswith(b"/one")

    wire.send(b"GET /two HTTP/1.1\r\nHo")

    assert wire.seconds_until_closed() < IN_TIME


def test_one_connection_takes_many_requests(served: Served) -> None:
    wire = served.connect()
    for number in range(5):
        wire.send(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number)
        assert wire.answer().endswith(b"/%d" % number)


def test_an_answer_s_head_and_body_leave_together(served: Served) -> None:
    wire = served.connect()
    for number in range(50):
        wire.send(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number)
        assert wire.first_part().endswith(b"\r\n\r\n/%d" % number)


def test_who_asks_before_sending_a_body_is_told_to_go_on(served: Served) -> None:
    wire = served.connect()
    wire.send(b"POST /asked HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
    assert wire.first_part().startswith(b"HTTP/1.1 100 ")

    wire.send(b"body")

    assert wire.answer().endswith(b"/asked")
    assert served.application.bodies == [b"body"]


def test_an_answer_that_closes_the_connection_is_whole(served: Served) -> None:
    wire = served.connect()
    wire.send(b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert wire.answer().endswith(b"/last")
    assert wire.seconds_until_closed() < IN_TIME


def test_a_slow_application_is_not_cut_off_by_the_deadline_of_its_sender(served: Served) -> None:
    wire = served.connect()
    wire.send(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab")
    assert served.application.entered.wait(LONGEST)
    time.sleep(2 * DEADLINE)

    served.application.go.set()

    assert status_of(wire.answer()) == 200


def test_a_pipelined_request_is_not_cut_off_either(served: Served) -> None:
    wire = served.connect()
    wire.send(b"GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    assert wire.answer().endswith(b"/one")
    assert served.application.entered.wait(LONGEST)
    time.sleep(2 * DEADLINE)

    served.application.go.set()

    assert wire.answer().endswith(b"/slow")


def test_a_slow_application_does_not_hold_other_requests(served: Served) -> None:
    slow, quick = served.connect(), served.connect()
    slow.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    assert served.application.entered.wait(LONGEST)

    quick.send(b"GET /quick HTTP/1.1\r\nHost: x\r\n\r\n")

    assert quick.answer().endswith(b"/quick")


def test_a_body_of_one_mebibyte_is_taken_whole() -> None:
    with serve(deadline=10.0) as served:
        wire = served.connect()
        wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % LARGEST_BODY)
        wire.send(b"x" * LARGEST_BODY)

        assert status_of(wire.answer()) == 200
        assert [len(body) for body in served.application.bodies] == [LARGEST_BODY]


def test_one_byte_more_is_refused_before_it_is_read() -> None:
    with serve(deadline=10.0) as served:
        wire = served.connect()
        wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (LARGEST_BODY + 1))

        assert status_of(wire.answer()) == 413
        assert wire.seconds_until_closed() < IN_TIME
        assert served.application.bodies == []


def test_chunks_without_an_announced_length_are_refused_when_they_become_too_many() -> None:
    with serve(deadline=10.0) as served:
        wire = served.connect()
        wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        for _ in range(16):
            assert wire.send(chunk)
        wire.send(b"1\r\nx\r\n")

        assert status_of(wire.answer()) == 413
        assert served.application.bodies == []


def test_chunks_within_the_limit_are_put_together(served: Served) -> None:
    wire = served.connect()
    wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

    assert status_of(wire.answer()) == 200
    assert served.application.bodies == [b"abcde"]


MALFORMED = {
    "two ways to say where the body ends": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "the same in the other order": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
    ),
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "a negative length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "a length that is no number": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1_0\r\n\r\n0123456789",
    "a chunk whose size is no number": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"
    ),
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_request_is_refused_and_never_reaches_the_application(served: Served, sent: bytes) -> None:
    wire = served.connect()
    wire.send(sent)

    assert status_of(wire.answer()) == 400
    assert served.application.bodies == []


def test_a13_connections_over_the_cap_are_closed_and_the_others_served() -> None:
    with serve(deadline=10.0, most_connections=3) as served:
        kept = [served.connect() for _ in range(3)]
        for wire in kept:
            wire.send(b"GET /in HTTP/1.1\r\nHost: x\r\n\r\n")
            assert status_of(wire.answer()) == 200

        assert served.connect().seconds_until_closed() < IN_TIME

        kept[0].close()
        deadline = time.monotonic() + LONGEST
        answered = b""
        while not answered and time.monotonic() < deadline:
            again = served.connect()
            again.send(b"GET /again HTTP/1.1\r\nHost: x\r\n\r\n")
            answered = again.answer()
        assert answered.endswith(b"/again")


def test_what_is_being_answered_is_finished_before_the_end() -> None:
    with serve() as served, ThreadPoolExecutor(1) as thread:
        port = served.server.port
        wire, idle = served.connect(), served.connect()
        wire.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        assert served.application.entered.wait(LONGEST)

        ended = thread.submit(served.server.stop)
        assert idle.seconds_until_closed() < IN_TIME
        assert not ended.done()
        served.application.go.set()

        assert wire.answer().endswith(b"/slow")
        ended.result(LONGEST)
        with pytest.raises(OSError, match="refused"):
            Wire(port)


def test_an_address_in_use_is_told(served: Served) -> None:
    with pytest.raises(OSError, match="in use"):
        Server(served.application, host="127.0.0.1", port=served.server.port).start()


@pytest.mark.parametrize("on_loop", [True, False], ids=["on the loop", "on a thread"])
def test_an_answer_may_come_later(on_loop: bool) -> None:
    with serve(is_instant=lambda _request: on_loop) as served:
        wire = served.connect()
        wire.send(b"GET /later HTTP/1.1\r\nHost: x\r\n\r\n")

        assert wire.answer().endswith(b"/later")


def test_answers_that_come_together_each_go_to_whoever_asked() -> None:
    with serve(deadline=LONGEST) as served:
        wires = [served.connect() for _ in range(40)]
        for number, wire in enumerate(wires):
            wire.send(f"GET /later/{number} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        gone = wires.pop(20)
        gone.close()
        answers = [wire.answer() for wire in wires]

        for number, answer in zip([*range(20), *range(21, 40)], answers, strict=True):
            assert answer.endswith(f"/later/{number}".encode()), "one who is gone does not hold the others"


@pytest.mark.parametrize("path", ["/broken", "/later/broken"])
def test_what_breaks_is_answered_without_detail(
    served: Served, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    wire = served.connect()
    wire.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    answer = wire.answer()

    assert status_of(answer) == 500
    assert b"details" not in answer
    assert "web.broken" in caplog.text
