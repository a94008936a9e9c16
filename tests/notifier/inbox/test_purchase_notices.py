"""From webhooks to deliveries: updates of what is known, and purchases whose message shows the whole."""

import re
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlmodel import col, select

from notifier.inbox.dispatcher import BATCH, MOST_URGENT
from notifier.inbox.group_commit import GroupCommit
from notifier.inbox.tables import InboxEvent, Purchase
from notifier.outbox.tables import Delivery
from notifier.routing.digest_lines import write_line
from notifier.routing.routes import RouteRule
from paytend.redaction import redact
from tests.notifier.conftest import NotifierWorld
from tests.notifier.inbox.test_group_commit import keeps, make_dispatcher
from tests.notifier.inbox.test_inbox import row_of
from tests.notifier.stories import make_event, make_transaction


class Webhooks:
    """Takes webhooks in and dispatches them, one by one."""

    def __init__(self, world: NotifierWorld, *rules: dict[str, Any]) -> None:
        self._world = world
        self._intake = GroupCommit(world.database)
        self._dispatcher = make_dispatcher(world, *TypeAdapter(list[RouteRule]).validate_python(list(rules)))

    def come(self, *events: dict[str, Any], type: str = "1") -> None:  # noqa: A002 - Paytend's word
        for content in events:
            made = make_transaction(**content) if type == "1" else make_event(type, **content)
            keeps(self._intake, {**row_of(self._world, *made), "notify_type": type})
            self._world.clock.passes(seconds=1)
            self._dispatcher.dispatch_due()

    @property
    def deliveries(self) -> list[tuple[Delivery, dict[str, Any]]]:
        return [(row, self._world.outbox.read(row)) for row in self._world.rows()]


def test_n1_every_result_of_an_identity_check_is_told_and_the_last_one_is_the_last(world: NotifierWorld) -> None:
    webhooks = Webhooks(world)
    statuses = (3, 1, 3, 1, 2, 4, 2)

    webhooks.come(
        *({"holderId": "101982", "auditStatus": s, "auditTime": f"10:0{n}"} for n, s in enumerate(statuses)),
        type="2",
    )

    told = [facts for _, facts in webhooks.deliveries]
    assert [facts["status_code"] for facts in told] == [str(status) for status in statuses]
    assert [bool(facts["update"]) for facts in told] == [False, False, True, True, False, False, True]


def test_x9_a_decline_is_told_before_the_purchases_that_wait_and_none_of_these_starves(
    world: NotifierWorld,
) -> None:
    intake, dispatcher = GroupCommit(world.database), make_dispatcher(world)
    for number in range(30):
        keeps(intake, row_of(world, *make_transaction(tradeId=f"T{number}", tradeStatus=1)))
    for number in range(40):
        keeps(intake, row_of(world, *make_transaction(tradeId=f"D{number}", tradeStatus=6)))

    dispatcher.dispatch_due()

    with world.database.reading() as session:
        told = session.exec(select(InboxEvent).where(col(InboxEvent.told_at).is_not(None))).all()
    assert sum(row.urgent for row in told) == MOST_URGENT
    assert sum(not row.urgent for row in told) == BATCH - MOST_URGENT
    waiting = 70
    while done := dispatcher.dispatch_due():
        waiting -= done
    assert waiting == BATCH


def test_n1_an_order_of_three_cards_with_a_webhook_each_tells_three(world: NotifierWorld) -> None:
    webhooks = Webhooks(world)
    webhooks.come(*({"orderNo": "R1", "applyStatus": 1, "cardId": str(n)} for n in range(3)), type="3")

    assert [facts["card_id"] for _, facts in webhooks.deliveries] == ["0", "1", "2"]


def test_n1_a_status_that_comes_back_is_shown(world: NotifierWorld) -> None:
    webhooks = Webhooks(world)
    told = [("1", "12:30:00"), ("2", "12:31:00"), ("1", "12:32:00")]
    webhooks.come(*({"tradeStatus": s, "businessDate": f"2026-11-22 {at}"} for s, at in told))

    [message] = [facts for row, facts in webhooks.deliveries if row.kind == "transaction"]
    assert [(stage["word"], len(stage["parts"])) for stage in message["stages"]] == [
        ("authorised", 2),
        ("reversed", 1),
    ]


def test_n2_a_second_capture_is_added(world: NotifierWorld) -> None:
    webhooks = Webhooks(world)
    captured = {"tradeStatus": 1, "tradeSrc": "S"}
    webhooks.come(
        {"tradeStatus": 1, "amount": "10000"},
        {**captured, "amount": "6000", "businessDate": "2026-11-22 13:00:00"},
        {**captured, "amount": "4000", "businessDate": "2026-11-22 14:00:00"},
    )

    _, facts = webhooks.deliveries[-1]
    assert (facts["status"], facts["amount"]) == ("settled", "100.00 EUR")
    assert facts["stages"][1]["parts"] == ["60.00 EUR", "40.00 EUR"]


def test_n2_declines_with_one_code_are_each_a_message(world: NotifierWorld) -> None:
    webhooks = Webhooks(world)
    webhooks.come(*({"tradeId": f"T{n}", "authCode": "000000", "amount": str(n)} for n in (1, 999, 2500)))

    assert len({row.key for row, _ in webhooks.deliveries}) == 3


def test_n2_settled_and_then_reversed_by_the_system_raises_the_alarm(world: NotifierWorld) -> None:
    webhooks = Webhooks(world)
    webhooks.come({"tradeStatus": 1, "tradeSrc": "S"}, {"tradeStatus": 6, "tradeSrc": "S"})

    replies = [row for row, _ in webhooks.deliveries if row.kind == "transaction_changed"]
    assert [row.urgent for row in replies] == [True]


def test_n3_long_ids_that_look_alike_when_masked_are_two_purchases(world: NotifierWorld) -> None:
    webhooks = Webhooks(world)
    mine, strangers = "5555550000010019", "5555550000190019"
    assert redact({"id": mine}) == redact({"id": strangers}), "masked, they are one"
    webhooks.come(*({"tradeId": number, "tradeStatus": 1} for number in (mine, strangers)))
    assert len({row.key for row, _ in webhooks.deliveries}) == 2

    webhooks.come({"tradeId": mine, "tradeStatus": 1, "tradeSrc": "S"})
    assert len({row.key for row, _ in webhooks.deliveries}) == 2


@pytest.mark.parametrize("nothing", ["0", "000000", "-", "null", "N/A", 0])
@pytest.mark.parametrize("where", ["tradeId", "relatedId", "authCode"])
def test_n3_what_stands_where_there_is_no_id_makes_no_purchases_one(
    sqlite_world: NotifierWorld, where: str, nothing: object
) -> None:
    webhooks = Webhooks(sqlite_world)
    settled = {"tradeStatus": 1, "tradeSrc": "S", where: nothing}
    webhooks.come(
        {"tradeId": "T1", "amount": "100", **settled},
        {"tradeId": "T2", "amount": "200", **settled},
        {"tradeId": "T3", "amount": "300", "cardId": "1755903", **settled},
    )

    told = [facts["amount"] for row, facts in webhooks.deliveries if row.kind == "transaction"]
    assert told == ["1.00 EUR", "2.00 EUR", "3.00 EUR"]


def test_n7_the_route_of_the_stage_mentions_and_asks_for_an_acknowledgement(world: NotifierWorld) -> None:
    declined = {
        "kind": "transaction",
        "when": {"status": ["reversed"]},
        "to": ["alerts"],
        "mention": "oncall",
        "acknowledge_within": "5m",
        "then": ["alerts"],
    }
    webhooks = Webhooks(world, declined, {"kind": "transaction", "to": ["alerts"]})
    webhooks.come({"tradeStatus": 1}, {"tradeStatus": 2, "amount": "500"})

    [(_, reply)] = [(row, facts) for row, facts in webhooks.deliveries if row.kind == "transaction_changed"]
    [(_, message)] = [(row, facts) for row, facts in webhooks.deliveries if row.kind == "transaction"]
    assert reply["amount"] == "5.00 EUR"
    assert message["acknowledge"] is not None


def test_n16_a_decline_without_an_id_is_told_as_one(world: NotifierWorld) -> None:
    webhooks = Webhooks(world)
    webhooks.come({"tradeId": None, "amount": "100"}, {"tradeId": None, "amount": "200"})

    assert [(row.kind, facts["status"]) for row, facts in webhooks.deliveries] == [("transaction", "declined")] * 2


def test_n17_an_amount_with_a_decimal_point_is_shown_as_it_came_and_admins_are_told_once_an_hour(
    world: NotifierWorld,
) -> None:
    webhooks = Webhooks(world)
    settled = {"tradeStatus": 1, "tradeSrc": "S"}
    webhooks.come(
        {**settled, "tradeId": "T1", "amount": "12.0"}, {**settled, "tradeId": "T2", "amount": "1200.50"}
    )
    world.clock.passes(hours=1)
    webhooks.come({**settled, "tradeId": "T3", "amount": 12.5})
    world.delivers_all(5)

    assert [text.split(" at ")[0] for text in world.slack.texts()] == [
        f"Settled: {amount} EUR (unit unclear) (13.40 USD)" for amount in ("12.0", "1200.50", "12.5")
    ]
    assert [text.split(": ")[1].split(" has ")[0] for text in world.slack.texts("DU0ADMIN")] == [
        "12.0 EUR",
        "12.5 EUR",
    ]


def test_n17_captures_of_unclear_amounts_are_each_one_and_what_is_clear_is_summed(world: NotifierWorld) -> None:
    webhooks = Webhooks(world)
    webhooks.come(*({"tradeStatus": 1, "tradeSrc": "S", "amount": amount} for amount in ("60.0", "40.0", "1000")))

    facts = [facts for row, facts in webhooks.deliveries if row.kind == "transaction"][-1]
    assert facts["amount"] == "10.00 EUR"
    assert facts["amount_unclear"]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ([{"amount": "6000"}, {"amount": "10,00"}], "Settled: 60.00 EUR, besides unreadable amount “10,00 EUR”"),
        ([{"amount": "6000"}, {"amount": "40.0"}], "Settled: 60.00 EUR, besides 40.0 EUR (unit unclear)"),
        ([{"amount": "60.0"}, {"amount": "40.0"}], "Settled: 60.0 EUR + 40.0 EUR (unit unclear)"),
        ([{"amount": "6000"}, {"amount": "4000", "currency": "USD"}], "Settled: 40.00 USD, besides 60.00 EUR"),
        ([{"amount": "60.0", "tradeSrc": "A"}, {"amount": "6000"}], "Settled: 60.00 EUR"),
        ([{"amount": "6,0", "tradeSrc": "A"}, {"amount": "6000"}], "Settled: 60.00 EUR"),
    ],
)
def test_n2_what_cannot_be_added_is_told_beside_the_sum_and_nothing_of_another_stage(
    sqlite_world: NotifierWorld, sent: list[dict[str, Any]], shown: str
) -> None:
    webhooks = Webhooks(sqlite_world)
    each = {"tradeStatus": 1, "tradeSrc": "S", "currencyTxn": None}
    webhooks.come(*({**each, "businessDate": f"2026-11-22 1{n}:00:00", **more} for n, more in enumerate(sent)))
    sqlite_world.delivers_all(3)

    [text] = sqlite_world.slack.texts()
    assert text.startswith(f"{shown} at SHOP")
    [facts] = [facts for row, facts in webhooks.deliveries if row.kind == "transaction"][-1:]
    for amount in re.findall(r"[0-9.,]+ [A-Z]{3}", shown):
        assert amount in write_line("transaction", facts, at=sqlite_world.clock.now)


def test_n2_a_stage_that_joins_two_messages_brings_both_to_the_whole_purchase(world: NotifierWorld) -> None:
    webhooks = Webhooks(world)
    webhooks.come(
        {"tradeId": "T2", "authCode": "004711", "tradeStatus": 1, "tradeSrc": "S"},
        {"tradeId": "T3", "relatedId": "T1", "tradeStatus": 2, "tradeSrc": "S"},
    )
    assert len({row.key for row, _ in webhooks.deliveries}) == 2, "nothing says that they are one"

    webhooks.come({"tradeId": "T1", "authCode": "004711", "tradeStatus": 1})
    webhooks.come({"tradeId": "T2", "tradeStatus": 10, "tradeSrc": "S", "amount": "100"})
    world.delivers_all(5)

    [first, second] = world.slack.texts()
    assert first == second
    assert first.startswith("Refunded: 1.00 EUR")


def test_n2_an_authorisation_code_that_comes_again_after_a_month_joins_nothing(world: NotifierWorld) -> None:
    webhooks = Webhooks(world)
    webhooks.come({"tradeId": "T1", "authCode": "004711", "tradeStatus": 1})
    world.clock.passes(days=31)
    webhooks.come({"tradeId": "T2", "authCode": "004711", "tradeStatus": 1})
    webhooks.come({"tradeId": "T1", "authCode": "004711", "tradeStatus": 1, "tradeSrc": "S"})

    assert {facts["status"] for row, facts in webhooks.deliveries if row.key == webhooks.deliveries[1][0].key} == {
        "authorised"
    }


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"amount": " 1200 "}, "12.00 EUR"),
        ({"amount": "-0"}, "0.00 EUR"),
        ({"amount": -1200}, "-12.00 EUR"),
        ({"amount": "1e3"}, "unreadable amount “1e3 EUR”"),
        ({"amount": "12,00"}, "unreadable amount “12,00 EUR”"),
        ({"amount": "1200", "currency": None}, "unreadable amount “1200”"),
        ({"amount": "1200", "currency": "XYZ"}, "unreadable amount “1200 XYZ”"),
        ({"amount": "9" * 60}, f"unreadable amount “{'9' * 40} EUR”"),
        ({"amount": None}, "unreadable amount"),
        ({"amount": "1200", "businessDate": "1969-12-31 23:59:59"}, "12.00 EUR"),
        ({"amount": "1200", "businessDate": "9999-12-31 23:59:59"}, "12.00 EUR"),
        ({"amount": "1200", "businessDate": "2099-01-01 00:00:00"}, "12.00 EUR"),
    ],
)
def test_n17_an_odd_amount_or_date_is_told_at_once_and_shown_as_it_came(
    sqlite_world: NotifierWorld, sent: dict[str, Any], shown: str
) -> None:
    webhooks = Webhooks(sqlite_world)
    webhooks.come({"tradeStatus": 1, "tradeSrc": "S", "currencyTxn": None, **sent})
    sqlite_world.delivers()

    [text] = sqlite_world.slack.texts()
    assert text.startswith(f"Settled: {shown} at SHOP")


def test_n2_unreadable_amounts_of_one_moment_are_each_a_stage_and_so_are_those_beyond_all_measure(
    sqlite_world: NotifierWorld,
) -> None:
    captured = {"tradeStatus": 1, "tradeSrc": "S"}
    webhooks = Webhooks(sqlite_world)
    webhooks.come(*({**captured, "amount": amount} for amount in ("1e3", "2e3")))
    webhooks.come(*({**captured, "tradeId": "T2", "amount": f"{part}{'9' * 16}"} for part in (8, 7)))
    webhooks.come({**captured, "tradeId": "T2", "tradeStatus": 6, "amount": "100"})

    with sqlite_world.database.reading() as session:
        assert [row.failures for row in session.exec(select(InboxEvent)).all()] == [0] * 5
    last = webhooks.deliveries[-1][1]
    assert "cancelled" in {stage["word"] for stage in last["stages"]}


def test_n8_a_purchase_whose_row_is_damaged_holds_nothing_back(
    sqlite_world: NotifierWorld,
) -> None:
    world = sqlite_world
    webhooks = Webhooks(world)
    webhooks.come({"tradeStatus": 1})
    world.delivers()
    with world.database.writing() as session:
        [purchase] = session.exec(select(Purchase)).all()
        purchase.facts = b"damaged"

    webhooks.come({"tradeStatus": 2})
    world.delivers_all(3)

    assert [text.split(":")[0] for text in world.slack.texts()] == ["Reversed", "Reversed"]
    assert [row.urgent for row in world.rows() if row.kind == "transaction_changed"] == [True]
