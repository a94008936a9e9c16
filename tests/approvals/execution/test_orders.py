"""A card order is followed until its result comes, and its result is told once."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from approvals.audit.quotes import digest_text
from approvals.execution import orders
from approvals.execution.execution import do
from approvals.tables import AuditEvent, Request
from paytend.errors import Refused, Unreachable
from paytend.models import CardOrder
from paytend.money import AmountUnit
from tests.approvals.actions.payloads import payload
from tests.approvals.world import ApprovalWorld, rule, snapshot


def order(**fields: Any) -> CardOrder:
    return CardOrder.decode(fields, unit=AmountUnit.MINOR)


class Courier:
    """A Paytend that takes orders, and answers as it is told when it is asked about one."""

    def __init__(self) -> None:
        self.answer: CardOrder | Exception = order()

    def send(self, call: Any) -> Any:
        if call.operation.name == "applyCard":
            return order(orderNo=call.values["reference"], applyStatus="0")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def ordered(world: ApprovalWorld, courier: Courier) -> Request:
    world.use(rules=(rule(action="card.apply", name="orders"),))
    world.card = snapshot(subject="SKU1", card_id="", holder_id="", holder_name="", status="")
    values = payload("card.apply").model_dump(mode="json")
    request = world.decides(world.asks(action="card.apply", payload=values))
    work = world.work(request)
    return world.records(work, do(work, courier, monotonic=world.monotonic))


def due(world: ApprovalWorld) -> list[str]:
    with world.database.writing() as session:
        return [found.reference for found in orders.claim_due(session, now=world.now)]


def told(world: ApprovalWorld, result: CardOrder) -> bool:
    with world.database.writing() as session:
        return orders.record(session, world.context, order=result, now=world.now)


def test_a10_an_order_is_asked_about_after_a_minute_and_then_less_and_less_often(small: ApprovalWorld) -> None:
    request = ordered(small, Courier())
    small.passes(seconds=59)
    assert due(small) == []
    small.passes(seconds=1)

    for minutes in (2, 5, 15, 60, 360, 360):
        assert due(small) == [request.reference]
        small.passes(minutes=minutes, seconds=-1)
        assert due(small) == []
        small.passes(seconds=1)


def test_after_two_months_nobody_asks_any_more(small: ApprovalWorld) -> None:
    request = ordered(small, Courier())
    small.passes(days=60, seconds=-1)
    assert due(small) == [request.reference]
    small.passes(hours=6)
    assert due(small) == [request.reference]
    small.passes(days=60)
    assert due(small) == []


def test_the_result_is_told_once_in_the_thread(small: ApprovalWorld) -> None:
    request = ordered(small, Courier())
    result = order(orderNo=request.reference, applyStatus="1", cardList=[{"cardId": "7"}])

    assert told(small, result)
    assert not told(small, result)
    outcome = small.outbox.of("request_outcome")[-1]
    assert outcome.thread_of == f"request:{request.id}"
    assert outcome.facts["words"] == "The order is done. Cards: 7."
    assert (outcome.facts["event"], outcome.facts["status"]) == ("order:result", "")
    assert outcome.facts["mention"] == ["U0SAM"]
    with small.database.reading() as session:
        event = session.exec(select(AuditEvent).order_by(col(AuditEvent.seq).desc())).first()
    assert event is not None
    assert (event.event, event.actor) == ("order:result", "cardops")
    facts = json.loads(event.facts)
    assert (facts["status"], facts["cards"]) == ("1", 1)
    assert facts["words_digest"] == digest_text(str(outcome.facts["words"]))
    small.passes(days=1)
    assert due(small) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"applyStatus": "1"},
        {"orderNo": "ANOTHER", "applyStatus": "1"},
        {"orderNo": "the same", "applyStatus": "0"},
    ],
)
def test_what_is_no_result_of_an_order_of_ours_tells_nothing(small: ApprovalWorld, fields: dict[str, str]) -> None:
    request = ordered(small, Courier())
    reference = {"orderNo": request.reference} if fields.get("orderNo") == "the same" else {}

    assert not told(small, order(**fields | reference))
    small.passes(minutes=1)
    assert due(small) == [request.reference]


def test_only_an_answer_about_this_order_is_one() -> None:
    asked, courier = orders.OpenOrder(request_id="1", reference="R1"), Courier()

    courier.answer = order(orderNo="R1", applyStatus="1")
    assert orders.ask(asked, courier) == courier.answer
    courier.answer = order(orderNo="R2", applyStatus="1")
    assert orders.ask(asked, courier) is None
    for error in (Unreachable("down"), Refused(code="14", reason="no", verified=True)):
        courier.answer = error
        assert orders.ask(asked, courier) is None


def test_pauses_are_never_longer_than_a_quarter_of_a_day() -> None:
    assert max(orders.PAUSES) == timedelta(hours=6)
