"""What anybody may send to the server, over real sockets: bounds on heads, bodies, connections of one address."""

import resource
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

import pytest

from bot.http.addresses import find_sender, read_networks
from bot.http.app import DroppableResponse, HttpRequest, HttpResponse
from bot.http.connections import LARGEST_BODY, LARGEST_HEAD
from bot.http.places import LARGE_BODIES
from bot.http.server import Server
from tests.bot.sockets import LONGEST, Wire, status_of

LOOPBACK = read_networks("127.0.0.1")


@dataclass
class Application:
    """Answers with the path; what is asked for `/held` waits until a test answers it."""

    requests: list[HttpRequest] = field(default_factory=list)
    held: list[DroppableResponse] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __call__(self, request: HttpRequest) -> HttpResponse | Future[HttpResponse]:
        self.requests.append(request)
        if not request.path.startswith("/held"):
            return HttpResponse(status="200 OK", body=request.path.encode())
        response = DroppableResponse()
        self.held.append(response)
        return response


@dataclass
class Served:
    application: Application
    server: Server
    wires: list[Wire] = field(default_factory=list)

    def connect(self, source: str = "127.0.0.1") -> Wire:
        wire = Wire.__new__(Wire)
        wire.socket = socket.create_connection(
            ("127.0.0.1", self.server.port), timeout=LONGEST, source_address=(source, 0)
        )
        self.wires.append(wire)
        return wire

    def ask(self, data: bytes, *, source: str = "127.0.0.1") -> int:
        wire = self.connect(source)
        wire.send(data)
        return status_of(wire.answer())

    def until(self, count: int) -> None:
        deadline = time.monotonic() + LONGEST
        while len(self.application.held) < count and time.monotonic() < deadline:
            time.sleep(0.005)
        assert len(self.application.held) == count


def start(**limits: object) -> Served:
    application = Application()
    settings = {"deadline": LONGEST, **limits}
    server = Server(
        application,
        host="127.0.0.1",
        port=0,
        refuse=application.refused.append,
        is_instant=lambda _request: True,
        **settings,  # type: ignore[arg-type]
    )
    server.start()
    return Served(application, server)


def end(served: Served) -> None:
    for response in served.application.held:
        if response.set_running_or_notify_cancel():
            response.set_result(HttpResponse(status="200 OK"))
    for wire in served.wires:
        wire.close()
    served.server.stop()


@pytest.fixture
def served() -> Iterator[Served]:
    served = start()
    yield served
    end(served)


GET = b"GET /in HTTP/1.1\r\nHost: x\r\n"


def test_x6_a_head_of_16_kib_is_taken_and_no_byte_more(served: Served) -> None:
    def head(size: int) -> bytes:
        return GET + b"X: " + b"y" * (size - len("/in") - len("Host: x\r\n") - 5) + b"\r\n\r\n"

    assert served.ask(head(LARGEST_HEAD)) == 200
    assert served.ask(head(LARGEST_HEAD + 1)) == 431
    assert served.application.refused == ["request header fields too large"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (GET + b"X: " + b"y" * 1_000_000 + b"\r\n\r\n", 431),
        (GET + b"".join(b"X%d: y\r\n" % number for number in range(20_000)) + b"\r\n", 431),
        (GET + b"\r\n".join(b"X: y" for _ in range(4_000)) + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"POST / HTTP/1.1\r\nHost: x\r\n" + b"n" * 1_000_000 + b": y\r\n\r\n", 431),
    ],
    ids=["a value", "many", "the same again", "a request line", "a shorter one", "a name"],
)
def test_x6_a_larger_head_is_refused_whether_it_comes_at_once_or_in_parts(
    served: Served, sent: bytes, status: int
) -> None:
    assert served.ask(sent) == status
    wire = served.connect()
    for place in range(0, len(sent), 1000):
        if not wire.send(sent[place : place + 1000]):
            break
    assert status_of(wire.answer()) in {status, 0}
    assert wire.seconds_until_closed() < LONGEST
    assert served.application.requests == []


def test_x6_a_head_that_never_ends_takes_no_memory(served: Served) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wires = [served.connect() for _ in range(8)]
    for wire in wires:
        wire.send(GET + b"X: ")
    for _ in range(40):
        for wire in wires:
            wire.send(b"y" * 262_144)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000, "KiB; it was 80 MB and more"


def test_x6_headers_behind_a_body_in_chunks_are_dropped(served: Served) -> None:
    head = b"POST /in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    assert served.ask(head + b"3\r\nabc\r\n0\r\nX-Slack-Signature: late\r\n\r\n") == 200
    assert "x-slack-signature" not in served.application.requests[0].headers
    assert served.ask(head + b"0\r\n" + b"X: y\r\n" * 300_000 + b"\r\n") in {413, 0}


def test_x6_tiny_chunks_cost_little(served: Served) -> None:
    wire = served.connect()
    wire.send(b"POST /in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    began = time.process_time()
    for _ in range(100):
        if not wire.send(b"1\r\nx\r\n" * 10_000):
            break

    assert status_of(wire.answer()) in {413, 0}
    assert time.process_time() - began < 1


def test_x6_a_header_that_comes_twice_has_both_values(served: Served) -> None:
    assert served.ask(GET + b"X-One: a\r\nX-One: b\r\n\r\n") == 200
    assert served.application.requests[0].headers["x-one"] == "a, b"


def test_x6_what_is_pipelined_behind_a_large_head_is_not_read(served: Served) -> None:
    assert served.ask(GET + b"X: " + b"y" * 20_000 + b"\r\n\r\n" + GET + b"\r\n") == 431
    assert served.application.requests == []


def test_x1_a_sender_that_hangs_up_takes_its_work_along(served: Served) -> None:
    gone, stays = served.connect(), served.connect()
    for wire in (gone, stays):
        wire.send(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n")
    served.until(2)
    gone.close()
    deadline = time.monotonic() + LONGEST
    while not any(response.cancelled() for response in served.application.held) and time.monotonic() < deadline:
        time.sleep(0.005)

    assert sorted(response.cancelled() for response in served.application.held) == [False, True]


def test_x4_work_that_hangs_is_answered_within_five_seconds(served: Served) -> None:
    wire = served.connect()
    began = time.monotonic()
    wire.send(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n")

    assert status_of(wire.answer()) == 503
    assert time.monotonic() - began < 5.5
    assert served.application.held[0].cancelled()


def test_x1_large_bodies_share_a_bound_and_small_ones_pass_beside_them(served: Served) -> None:
    head = b"POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    half = [served.connect() for _ in range(LARGE_BODIES // LARGEST_BODY)]
    for wire in half:
        wire.send(head % LARGEST_BODY + b"x" * 1000)
    assert served.ask(head % 3 + b"abc") == 200

    deadline, status = time.monotonic() + LONGEST, 200
    while status == 200 and time.monotonic() < deadline:
        status = served.ask(head % 100_000 + b"x" * 100_000)
    assert status == 503

    half[0].close()
    while status != 200 and time.monotonic() < deadline:
        status = served.ask(head % 100_000 + b"x" * 100_000)
    assert status == 200


def test_x10_one_address_cannot_take_all_connections() -> None:
    served = start(most_of_one=5, most_connections=20)
    try:
        idle = [served.connect() for _ in range(15)]
        time.sleep(0.05)

        assert served.ask(GET + b"\r\n", source="127.0.0.2") == 200
        for wire in idle[5:]:
            assert wire.seconds_until_closed() < LONGEST
        assert served.application.refused.count("connections of one address") == 10

        for wire in idle:
            wire.close()
        deadline, status = time.monotonic() + LONGEST, 0
        while status != 200 and time.monotonic() < deadline:
            status = served.ask(GET + b"\r\n")
        assert status == 200
    finally:
        end(served)


def test_x10_idle_connections_are_closed() -> None:
    served = start(deadline=0.3)
    try:
        wire = served.connect()
        wire.send(GET + b"\r\n")
        assert status_of(wire.answer()) == 200

        assert wire.seconds_until_closed() < 3
    finally:
        end(served)


def test_x10_behind_a_trusted_proxy_the_header_says_who_sends() -> None:
    served = start(most_of_one=3, trusted=LOOPBACK)
    try:
        held = [served.connect() for _ in range(4)]
        for wire in held:  # what a client put in front is nothing that the proxy says
            wire.send(b"GET /held HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 9.9.9.9, 192.0.2.7\r\n\r\n")
        served.until(3)
        assert 503 in {status_of(wire.answer()) for wire in held[3:]}

        assert served.ask(GET + b"X-Forwarded-For: 192.0.2.8\r\n\r\n") == 200
        assert served.ask(GET + b"X-Forwarded-For: 192.0.2.7\r\n\r\n") == 503
        assert set(served.application.refused) == {"too many at a time"}
    finally:
        end(served)


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "sender"),
    [
        ("192.0.2.1", "198.51.100.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.1", "192.0.2.1", "198.51.100.1"),
        ("192.0.2.1", "1.1.1.1, 198.51.100.1", "192.0.2.0/24", "198.51.100.1"),
        ("192.0.2.1", "198.51.100.1, 192.0.2.9", "192.0.2.0/24", "198.51.100.1"),
        ("192.0.2.1", "", "192.0.2.1", "192.0.2.1"),
        ("192.0.2.1", "not an address", "192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "198.51.100.1", "192.0.2.1", "198.51.100.1"),
        ("2001:db8:1:2:3::1", "", "", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:4::9", "", "", "2001:db8:1:2::/64"),
        ("", "", "", ""),
    ],
)
def test_x10_who_sends(peer: str, forwarded: str, trusted: str, sender: str) -> None:
    assert find_sender(peer, forwarded, trusted=read_networks(trusted)) == sender


def test_x10_many_threads_of_one_sender_leave_nothing_counted() -> None:
    served = start(most_of_one=50)
    try:
        threads = [threading.Thread(target=served.ask, args=(GET + b"\r\n",)) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for wire in served.wires:
            wire.close()
        limits = served.server._bridge._limits
        deadline = time.monotonic() + LONGEST
        while limits.connections and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not limits.connections
        assert not served.server._bridge._places._requests
    finally:
        end(served)
