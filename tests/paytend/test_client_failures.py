"""Every way in which the network can fail: never sent, or unknown, and a change is never sent twice."""

import logging
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from paytend import Call, Money, OutcomeUnknown, ProtocolError, Refused, Unreachable, make_http
from paytend import operations as op
from paytend.models import CardInfo
from sandbox.paytend import FaultKind
from tests.paytend.connected import Connection, connect, make_client

CARD = "1755902"
TOP_UP = op.TOP_UP(card_id=CARD, reference="TOPUP2026112200001", money=Money.parse("10", "EUR"))
READ = op.GET_CARD_INFO(card_id=CARD)


@pytest.fixture
def paytend() -> Iterator[Connection]:
    with connect(timeout=0.4) as connection:
        yield connection


# Fault, what a change raises, how many top-ups the books hold afterwards.
CHANGES = [
    (FaultKind.LOSE_AFTER, OutcomeUnknown, 1),
    (FaultKind.LOSE_BEFORE, OutcomeUnknown, 0),
    (FaultKind.HANG, OutcomeUnknown, 0),
    (FaultKind.HANG_AFTER, OutcomeUnknown, 1),
    (FaultKind.ERROR_BEFORE, OutcomeUnknown, 0),
    (FaultKind.ERROR_AFTER, OutcomeUnknown, 1),
    (FaultKind.LATE, OutcomeUnknown, 0),
    (FaultKind.TAMPER, ProtocolError, 1),
    (FaultKind.NOT_JSON, ProtocolError, 1),
    (FaultKind.REFUSE, Refused, 0),
]


@pytest.mark.parametrize(("fault", "error", "done"), CHANGES)
def test_a_change_in_doubt_is_unknown_and_sent_once(
    paytend: Connection, fault: FaultKind, error: type[Exception], done: int
) -> None:
    paytend.stand_in.switches.add(fault)

    with pytest.raises(error):
        paytend.client.send(TOP_UP)

    assert len(paytend.stand_in.calls_of("topup")) == 1
    assert len(paytend.stand_in.top_ups) == done
    assert paytend.pauses == []


def test_a_change_that_is_done_late_is_found_by_its_reference(paytend: Connection) -> None:
    paytend.stand_in.switches.add(FaultKind.LATE, seconds=60)
    with pytest.raises(OutcomeUnknown):
        paytend.client.send(TOP_UP)
    with pytest.raises(Refused, match="does not exist"):
        paytend.client.send(op.GET_TOP_UP_RESULT(reference="TOPUP2026112200001"))

    paytend.stand_in.clock.advance(timedelta(seconds=61))
    paytend.stand_in.tick()

    assert paytend.client.send(op.GET_TOP_UP_RESULT(reference="TOPUP2026112200001")).status == "1"


@pytest.mark.parametrize(
    "fault", [FaultKind.LOSE_AFTER, FaultKind.LOSE_BEFORE, FaultKind.HANG, FaultKind.ERROR_BEFORE]
)
def test_a_read_is_tried_again_with_a_growing_pause(paytend: Connection, fault: FaultKind) -> None:
    paytend.stand_in.switches.add(fault, count=2)

    assert isinstance(paytend.client.send(READ), CardInfo)

    assert len(paytend.stand_in.calls_of("getCardInfo")) == 3
    assert paytend.pauses == [0.2, 0.4]


def test_a_read_that_gets_no_answer_is_unreachable_after_three_tries(paytend: Connection) -> None:
    paytend.stand_in.switches.add(FaultKind.LOSE_BEFORE, count=None)

    with pytest.raises(Unreachable):
        paytend.client.send(READ)

    assert len(paytend.stand_in.calls_of("getCardInfo")) == 3


@pytest.mark.parametrize("fault", [FaultKind.TAMPER, FaultKind.NOT_JSON])
def test_a_read_that_cannot_be_trusted_is_not_believed(paytend: Connection, fault: FaultKind) -> None:
    paytend.stand_in.switches.add(fault)

    with pytest.raises(ProtocolError):
        paytend.client.send(READ)


def test_an_unsigned_refusal_is_marked_as_no_proof(paytend: Connection) -> None:
    paytend.stand_in.switches.set_modes(unsigned_refusals=True)
    paytend.stand_in.switches.refuse_next("2303", operation="topup")

    with pytest.raises(Refused) as refusal:
        paytend.client.send(TOP_UP)

    assert (refusal.value.code, refusal.value.verified) == ("2303", False)


@pytest.mark.parametrize(
    "modes",
    [
        {"reserialised_signatures": True},
        {"encrypt_flag": True},
        {"null_messages": True},
        {"null_messages": True, "null_signed_as_text": True},
    ],
)
def test_every_form_of_the_answers_is_believed(paytend: Connection, modes: dict[str, bool]) -> None:
    paytend.stand_in.switches.set_modes(**modes)

    assert paytend.client.send(READ).card_id == CARD


def test_which_form_was_signed_is_logged_and_no_body_is(
    paytend: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="paytend")
    paytend.stand_in.switches.set_modes(reserialised_signatures=True)

    paytend.client.send(READ)

    record = next(record for record in caplog.records if record.message == "paytend.called")
    assert record.__dict__["form"] == "re-serialised"
    assert record.__dict__["operation"] == "getCardInfo"
    assert CARD not in str(record.__dict__)


@pytest.mark.parametrize("call", [TOP_UP, READ], ids=["change", "read"])
def test_a_refused_connection_was_never_sent(paytend: Connection, call: Call[Any]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with make_http(base_url=nowhere, timeout=1) as http:
            client = make_client(paytend.stand_in, http, timeout=1, pauses=paytend.pauses)

            with pytest.raises(Unreachable):
                client.send(call)


def test_an_unknown_host_was_never_sent(paytend: Connection) -> None:
    with make_http(base_url="http://paytend.invalid", timeout=1) as http:
        client = make_client(paytend.stand_in, http, timeout=1, pauses=paytend.pauses)

        with pytest.raises(Unreachable):
            client.send(TOP_UP)


def test_a_full_pool_was_never_sent(paytend: Connection) -> None:
    limits = httpx.Limits(max_connections=1)
    paytend.stand_in.switches.add(FaultKind.DELAY, operation="getCardInfo", seconds=0.6)
    timeout = httpx.Timeout(2, pool=0.05)
    with httpx.Client(base_url=paytend.url, limits=limits, timeout=timeout, trust_env=False) as http:
        client = make_client(paytend.stand_in, http, timeout=2, pauses=paytend.pauses)
        busy = threading.Thread(target=client.send, args=(READ,))
        busy.start()
        while not paytend.stand_in.calls_of("getCardInfo"):
            threading.Event().wait(0.005)

        with pytest.raises(Unreachable):
            client.send(TOP_UP)
        busy.join()

    assert paytend.stand_in.calls_of("topup") == []


def serve_once(answer: bytes, *, pause: float = 0.0) -> tuple[str, threading.Thread]:
    """A server that takes one request and answers these bytes, one a `pause` where one is given."""
    server = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        with server, server.accept()[0] as connection:
            connection.recv(65536)
            try:
                for place in range(0, len(answer), 1 if pause else len(answer)):
                    connection.sendall(answer[place : place + 1] if pause else answer)
                    threading.Event().wait(pause)
            except OSError:
                return  # the client has given up, which is what the test is about

    thread = threading.Thread(target=work)
    thread.start()
    return f"http://127.0.0.1:{server.getsockname()[1]}", thread


@pytest.mark.parametrize(
    ("answer", "pause", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 9_000_000, 0.0, ProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 500, 0.05, OutcomeUnknown),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n", 0.0, ProtocolError),
        (b"nonsense\r\n\r\n", 0.0, OutcomeUnknown),
    ],
    ids=["too large", "dribbled", "redirect", "not http"],
)
def test_an_odd_server_leaves_a_change_unknown(
    paytend: Connection, answer: bytes, pause: float, error: type[Exception]
) -> None:
    url, thread = serve_once(answer, pause=pause)
    with make_http(base_url=url, timeout=0.4) as http:
        client = make_client(paytend.stand_in, http, timeout=0.4, pauses=paytend.pauses)

        with pytest.raises(error):
            client.send(TOP_UP)
    thread.join(timeout=10)


def test_one_connection_is_kept_for_all_calls(paytend: Connection) -> None:
    opened: list[object] = []
    paytend.client.http.event_hooks = {
        "response": [lambda answer: opened.append(answer.extensions["network_stream"])]
    }

    for _ in range(5):
        paytend.client.send(READ)

    assert len({id(stream) for stream in opened}) == 1


@pytest.mark.parametrize(("size", "error"), [(4 * 1024 * 1024, Refused), (4 * 1024 * 1024 + 1, ProtocolError)])
def test_an_answer_of_four_megabytes_is_read_and_a_larger_one_is_not(
    paytend: Connection, size: int, error: type[Exception]
) -> None:
    answer = b'{"respCode":"14","respMsg":"no such card"}'.ljust(size)

    class Answers(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, content=iter([answer]), request=request)

    http = httpx.Client(base_url="https://paytend.example", transport=Answers())

    with pytest.raises(error):
        make_client(paytend.stand_in, http, timeout=20, pauses=[]).send(READ)
