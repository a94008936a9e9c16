"""The bot finds a webhook that never arrived, posts it once, and ignores it when it arrives after all."""

import json
from datetime import timedelta

from sqlmodel import select

from bot.jobs.missed_webhooks import CALLS_IN_A_RUN
from notifier.inbox.tables import InboxEvent, Watched
from sandbox.paytend.records import Order
from sandbox.paytend.switches import FaultKind
from tests.journeys.world import CARD, HOLDER, SUPPORT, JourneyWorld

FOUND = "Found by our own check (no webhook arrived)."
READS = ("getCardTransactions", "getAuthorizationTransactions", "getApplyCardResult")


def told(world: JourneyWorld) -> list[str]:
    return [
        message["text"]
        for channel in ("C0ALERTS", "C0ONCALL")
        for message in world.slack.messages(channel)
        if "Partner balance" not in message["text"]
    ]


def looks(world: JourneyWorld, *, after: timedelta = timedelta(minutes=16)) -> None:
    world.clock.advance(after)
    world.bot.jobs.fire("gaps")
    world.settles()


def knows_the_card(world: JourneyWorld) -> None:
    """Let a webhook of the card come, as on any day."""
    world.paytend.events.purchase(CARD, "1.00", merchant="KIOSK")
    world.hears_from_paytend()
    assert len(told(world)) == 1


def loses_webhooks(world: JourneyWorld) -> list[bytes]:
    """Lose what Paytend would tell now, and return it."""
    lost = world.paytend.webhooks[world.told_webhooks :]
    world.told_webhooks = len(world.paytend.webhooks)
    return [json.dumps(webhook.sealed).encode() for webhook in lost]


def calls(world: JourneyWorld) -> int:
    return sum(len(world.paytend.calls_of(name)) for name in READS)


def test_a_lost_webhook_is_found_and_told_once_and_the_real_one_comes_late(world: JourneyWorld) -> None:
    knows_the_card(world)
    world.paytend.events.decline(CARD, "99.90")
    [lost] = loses_webhooks(world)

    looks(world)

    assert len(told(world)) == 2
    assert told(world)[-1].startswith("<!subteam^S0ONCALL> Declined: 99.90 EUR at ")
    assert told(world)[-1].endswith(FOUND)

    looks(world)
    assert world.webhook_arrives(lost) == (200, {"status": "00", "msg": "success"})
    world.settles()

    assert len(told(world)) == 2, "no second message"
    with world.bot.database.reading() as session:
        forms = [event.form for event in session.exec(select(InboxEvent).order_by(InboxEvent.id))]
    assert forms == ["raw", "raw", "found"]


def test_both_halves_of_a_purchase_are_found(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    knows_the_card(world)
    world.paytend.events.purchase(CARD, "12.00", merchant="CAFE")
    assert len(loses_webhooks(world)) == 2

    looks(world)

    [text] = told(world)[1:]
    assert text.startswith("Settled: 12.00 EUR at CAFE")
    assert text.endswith(FOUND)
    assert "Settled *12.00 EUR*" in str(world.slack.messages("C0ALERTS")[-1]["blocks"])


def test_what_may_still_be_on_its_way_is_no_gap(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    knows_the_card(world)
    world.clock.advance(timedelta(minutes=10))
    world.paytend.events.decline(CARD, "99.90")
    loses_webhooks(world)

    looks(world, after=timedelta(minutes=6))
    assert len(told(world)) == 1
    looks(world)

    assert len(told(world)) == 2


def test_what_came_is_not_found_again_and_a_top_up_of_ours_is_none(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks_and_approves("20.00")
    knows_the_card(world)

    for _ in range(3):
        looks(world)

    assert len(told(world)) == 1


def test_a_card_that_somebody_looked_at_is_watched_too(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, f"/card info {CARD}")
    world.bot.jobs.fire("gaps")
    world.clock.advance(timedelta(seconds=5))
    world.paytend.events.decline(CARD, "5.00")
    loses_webhooks(world)

    looks(world)

    assert len(told(world)) == 1


def test_history_from_before_any_webhook_is_no_gap(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.events.decline(CARD, "5.00")
    loses_webhooks(world)
    world.clock.advance(timedelta(hours=1))
    knows_the_card(world)

    looks(world)

    assert len(told(world)) == 1


def test_the_lost_result_of_an_order_is_found(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.books.orders["ORDER000001"] = Order(
        order_no="ORDER000001", card_type="1", sku="CTHMCVE20010", quantity=2, holder_id=HOLDER, contact={}
    )
    now = world.clock.now()
    with world.bot.database.writing() as session:
        session.add(
            Watched(kind="order", subject="ORDER000001", since=now, seen_at=now, looked_at=now - timedelta(days=1))
        )
    looks(world, after=timedelta(minutes=1))
    assert told(world) == [], "it is still under way"
    world.paytend.events.ship("ORDER000001")
    [lost] = loses_webhooks(world)

    looks(world)
    world.webhook_arrives(lost)
    looks(world)

    [text] = told(world)
    assert "Reference ORDER000001" in text
    assert text.endswith(FOUND)
    with world.bot.database.reading() as session:
        assert session.exec(select(Watched)).all() == []


def test_paytend_is_asked_gently_and_everyone_has_their_turn(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    now = world.clock.now()
    cards = [str(card) for card in range(1755900, 1755905)]
    with world.bot.database.writing() as session:
        for card in cards:
            session.add(
                Watched(kind="card", subject=card, since=now, seen_at=now, looked_at=now - timedelta(days=1))
            )

    for _ in range(5):
        before = calls(world)
        looks(world, after=timedelta(minutes=1))
        assert calls(world) - before <= CALLS_IN_A_RUN

    calls_of = world.paytend.calls_of("getCardTransactions")
    asked = [(call.biz_data["cardId"], call.biz_data["currency"]) for call in calls_of]
    assert {card for card, _ in asked} == set(cards)
    assert len(asked) == len(set(asked)), "each once in a quarter of an hour"


def test_it_stops_when_paytend_cannot_be_reached_and_goes_on_later(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    knows_the_card(world)
    world.paytend.events.decline(CARD, "99.90")
    loses_webhooks(world)
    world.paytend.switches.add(FaultKind.LOSE_BEFORE, count=None)

    looks(world)
    assert len(told(world)) == 1
    world.paytend.switches.clear()
    looks(world)

    assert len(told(world)) == 2


def test_it_only_reads(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    knows_the_card(world)
    before, calls = world.card_balance(), len(world.paytend.calls)

    for _ in range(3):
        looks(world)

    assert {call.operation for call in world.paytend.calls[calls:]} <= set(READS)
    assert world.card_balance() == before
