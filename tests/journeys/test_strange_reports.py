"""What a provider may send that nobody expects: ids used again, and values in other forms."""

import json
from typing import Any

from tests.journeys.world import JourneyWorld
from tests.notifier.edge import TAKEN, make_peer, write


def reports(world: JourneyWorld, **changes: Any) -> None:
    assert world.webhook_arrives(make_peer().webhook(write(**changes))) == TAKEN
    world.settles()


def test_n3_a_transaction_id_that_another_card_uses_again_is_another_purchase(world: JourneyWorld) -> None:
    first = {"tradeStatus": 1, "tradeId": "T1", "amount": "1000", "remark": "CAFE"}
    second = first | {"cardId": "1755999", "cardNo": "533333******9999", "amount": "2500", "remark": "BAR"}
    reports(world, **first)
    world.passes(days=60)
    reports(world, **second)
    reports(world, **second, tradeSrc="S")
    reports(world, **first, tradeSrc="S")

    texts = [message["text"] for message in world.slack.messages("C0ALERTS")]
    assert [text.partition(" (")[0] for text in texts] == ["Settled: 10.00 EUR", "Settled: 25.00 EUR"]
    assert "CAFE" in texts[0]
    assert "4242" in texts[0]
    assert "BAR" in texts[1]
    assert "9999" in texts[1]


def test_n16_a_status_with_a_decimal_point_is_the_same_decline(sqlite_world: JourneyWorld) -> None:
    reports(sqlite_world, tradeStatus=6.0)
    reports(sqlite_world, tradeId="T2", tradeStatus=None)

    assert "Declined: 12.50 EUR" in sqlite_world.slack.messages("C0ONCALL")[0]["text"]
    assert sqlite_world.slack.messages("C0ALERTS")[0]["text"].startswith("Status not named: 12.50 EUR")


def test_n1_an_order_that_is_reported_again_says_so_in_its_text_too(sqlite_world: JourneyWorld) -> None:
    for count in (1, 2):
        order = {"orderNo": "ORDER1", "applyStatus": 1, "cards": [{"cardId": str(each)} for each in range(count)]}
        assert sqlite_world.webhook_arrives(make_peer().webhook(json.dumps(order), notify_type="3")) == TAKEN
    sqlite_world.settles()

    texts = [message["text"] for message in sqlite_world.slack.messages("C0ALERTS")]
    assert ["Update:" in text for text in texts] == [False, True]
