"""The client around a call: what it sends besides the content, how long it waits, what it reports."""

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from paytend import Call, Client, ProtocolError, Refused, Unreachable, make_http
from paytend import operations as op
from paytend.client import CONNECT_TIMEOUT, FIRST_PAUSE
from paytend.errors import AnotherSubject
from paytend.money import AmountUnit, Money
from paytend.operations.call import refuse_another
from sandbox.paytend import PaytendStandIn
from tests import once
from tests.paytend.connected import Connection, connect, make_client

READ = op.GET_CARD_INFO(card_id="1755902")
REFUSAL = b'{"respCode":"14","respMsg":"no such card"}'


class Answers(httpx.BaseTransport):
    """Answers every request as it is told, and keeps them."""

    def __init__(self, answer: Callable[[], httpx.Response]) -> None:
        self.asked: list[httpx.Request] = []
        self._answer = answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self._answer()


@pytest.fixture(scope="module")
def stand_in() -> PaytendStandIn:
    return PaytendStandIn(seed=1, pairs=once.pairs())


@pytest.fixture
def paytend() -> Iterator[Connection]:
    with connect() as connection:
        yield connection


def client_with(stand_in: PaytendStandIn, transport: Answers, **changes: Any) -> Client:
    http = httpx.Client(base_url="https://paytend.example", transport=transport)
    return make_client(stand_in, http, timeout=5, pauses=changes.pop("pauses", []), **changes)


def refuse() -> httpx.Response:
    return httpx.Response(200, content=iter([REFUSAL]))


def be_away() -> httpx.Response:
    raise httpx.ConnectError("refused")


def test_what_is_sent_says_that_it_is_json_and_is_not_compressed(paytend: Connection) -> None:
    headers = paytend.client.http.headers

    assert headers["Content-Type"] == "application/json;charset=UTF-8"
    assert headers["Accept"] == "application/json"
    assert headers["Accept-Encoding"] == "identity"


def test_connecting_takes_no_longer_than_anything_else_may() -> None:
    with make_http(base_url="https://paytend.example", timeout=20) as slow:
        assert (slow.timeout.read, slow.timeout.write) == (20, 20)
        assert (slow.timeout.connect, slow.timeout.pool) == (CONNECT_TIMEOUT, CONNECT_TIMEOUT)
        assert not slow.follow_redirects
        assert not slow.trust_env
    with make_http(base_url="https://paytend.example", timeout=1) as quick:
        assert (quick.timeout.connect, quick.timeout.pool) == (1, 1)


def test_each_attempt_is_reported_with_its_outcome_and_its_seconds(stand_in: PaytendStandIn) -> None:
    told: list[tuple[str, str, float]] = []
    time = itertools.count(100.0, 0.5)
    client = client_with(
        stand_in,
        Answers(refuse),
        observe=lambda *attempt: told.append(attempt),
        monotonic=lambda: next(time),
    )

    with pytest.raises(Refused) as refused:
        client.send(READ)

    assert (refused.value.code, refused.value.reason, refused.value.verified) == ("14", "no such card", False)
    [(operation, outcome, seconds)] = told
    assert (operation, outcome) == ("getCardInfo", "Refused")
    assert seconds == 1.5, (
        "the clock is read at the start, for the end of reading, after each piece, and at the end"
    )


def test_a_success_is_reported_as_such(paytend: Connection) -> None:
    told: list[str] = []
    client = make_client(
        paytend.stand_in,
        paytend.client.http,
        timeout=5,
        pauses=[],
        observe=lambda _operation, outcome, _seconds: told.append(outcome),
    )

    client.send(READ)

    assert told == ["ok"]


def test_a_read_is_tried_three_times_with_growing_pauses_and_a_change_once(stand_in: PaytendStandIn) -> None:
    pauses: list[float] = []
    transport = Answers(be_away)
    client = client_with(stand_in, transport, pauses=pauses, jitter=lambda: 0.25)

    with pytest.raises(Unreachable):
        client.send(READ)
    assert len(transport.asked) == 3
    assert [pause / pauses[0] for pause in pauses] == [1, 2]
    assert pauses[0] == pytest.approx(FIRST_PAUSE * 0.75)

    with pytest.raises(Unreachable):
        client.send(op.ACTIVATE_CARD(card_id="1", holder_id="2"))
    assert len(transport.asked) == 4
    assert len(pauses) == 2


def test_a_path_can_be_overridden_by_the_name_of_its_operation(stand_in: PaytendStandIn) -> None:
    transport = Answers(refuse)
    client = client_with(stand_in, transport, paths={"getCardInfo": "/elsewhere"})

    calls: tuple[Call[Any], ...] = (READ, op.GET_CARD_BALANCE(card_id="1"))
    for call in calls:
        with pytest.raises(Refused):
            client.send(call)

    assert [request.url.path for request in transport.asked] == ["/elsewhere", "/issuing/card/getCardBalance"]


@pytest.mark.parametrize(("empty_as_object", "there"), [(True, True), (False, False)])
def test_a_call_without_values_sends_an_empty_object_or_nothing(
    stand_in: PaytendStandIn, empty_as_object: bool, there: bool
) -> None:
    transport = Answers(refuse)
    client = client_with(stand_in, transport, empty_as_object=empty_as_object)

    with pytest.raises(Refused):
        client.send(op.GET_DESIGNS())

    assert bool(json.loads(transport.asked[0].content)["bizData"]) is there


@pytest.mark.parametrize(("status", "error"), [(499, ProtocolError), (500, Unreachable), (503, Unreachable)])
def test_an_error_of_the_server_is_no_answer(
    stand_in: PaytendStandIn, status: int, error: type[Exception]
) -> None:
    transport = Answers(lambda: httpx.Response(status, content=iter([b"oops"])))

    with pytest.raises(error):
        client_with(stand_in, transport).send(READ)


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (op.GET_CARD_INFO(card_id="1755902"), "another_card"),
        (op.GET_CARD_BALANCE(card_id="1755902"), "another_card"),
        (op.GET_OVERDUE_MONTHLY_FEE(card_id="1755902"), "another_card"),
        (op.GET_TOP_UP_RESULT(reference="TOPUP00000001"), "another_order"),
    ],
)
def test_a11_an_answer_about_another_card_or_order_is_refused(paytend: Connection, call: Any, kind: str) -> None:
    money = Money.read("5.00 EUR")
    paytend.client.send(op.TOP_UP(card_id="1755902", reference="TOPUP00000001", money=money))
    paytend.client.send(call)
    paytend.stand_in.switches.add(kind, operation=call.operation.name)
    with pytest.raises(AnotherSubject):
        paytend.client.send(call)


@pytest.mark.parametrize(
    ("cards", "is_refused"), [(["1755902", "1755902"], False), (["1755902", "1755903"], True), ([None], False)]
)
def test_a11_a_list_with_a_row_of_another_card_is_refused(cards: list[str | None], is_refused: bool) -> None:
    rows = [{"tradeId": "T1", **({"cardId": card} if card else {})} for card in cards]
    day = date(2026, 11, 20)
    call = op.GET_CARD_TRANSACTIONS(card_id="1755902", begin=day, end=day, status="ALL")
    answer = call.operation.answer.decode({"tradeList": rows}, unit=AmountUnit.MINOR)

    if is_refused:
        with pytest.raises(AnotherSubject):
            refuse_another(call, answer)
    else:
        refuse_another(call, answer)
