"""Many webhooks at once, and Slack down: nothing is lost, nobody is drowned, and it ends."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import accumulate, cycle
from typing import Any

import pytest
from sqlmodel import col, select

from notifier.inbox.tables import InboxEvent
from notifier.outbox.tables import Delivery, DeliveryStatus
from tests.journeys.conftest import MakesWorld
from tests.journeys.world import START, JourneyWorld, text_of

CHANNELS = ("C0ALERTS", "C0ONCALL")
MOST_MESSAGES = 200
VISIBLE_WITHIN = 60  # seconds after Slack is back
ASKED_AGAIN = {*accumulate([2, 4, 8, 16, 32, *[60] * 60])}  # seconds after the start
MERCHANTS = [
    "MAXIMA LT, X-123 VILNIUS",
    "BOLT.EU/O/2611221003",
    "SHOP & <Sons>",
    "CIRCLE K FUEL 4471 KAUNAS",
    "CAFÉ Ž",
]


def make_contents(count: int) -> Iterator[dict[str, Any]]:
    """Transactions of many cards at some merchants, each with an amount of its own; every tenth is declined."""
    merchants = cycle(MERCHANTS)
    for number in range(1, count + 1):
        declined = number % 10 == 0
        yield {
            "cardId": str(1755900 + number % 37),
            "cardNo": f"533711******{5000 + number % 37}",
            "currency": "EUR",
            "amount": number,
            "businessDate": "2026-11-22 12:00:00",
            "tradeId": f"T{number:018d}",
            "tradeType": 151,
            "tradeSrc": "A" if declined else "S",
            "tradeStatus": 6 if declined else 1,
            "remark": next(merchants),
        }


def amounts_seen(world: JourneyWorld) -> list[str]:
    """The amounts in Slack, in messages and in lines of threads, each as often as it is there."""
    found = []
    for channel in CHANNELS:
        for root in world.slack.messages(channel):
            for message in world.slack.messages(channel, root["ts"]):
                shown = text_of(message["blocks"])
                if "Each is a line" not in shown:
                    found += re.findall(r"([0-9][0-9,]*\.[0-9]{2}) EUR", shown)
    return [amount.replace(",", "") for amount in found]


def messages(world: JourneyWorld) -> int:
    return len([call for call in world.slack.api_calls if call.method == "chat.postMessage" and call.is_ok])


def roots(world: JourneyWorld, channel: str, words: str = "") -> list[dict[str, Any]]:
    return [message for message in world.slack.messages(channel) if words in message["text"]]


def second_passes(world: JourneyWorld, *, fires: bool) -> None:
    """Do what the bot does in a second; the clock's job fires in its slots."""
    while world.bot.notices.dispatcher.dispatch_due():
        pass
    world.bot.notices.deliverer.deliver_due()
    ask_slack_again(world)
    if fires:
        world.bot.jobs.fire("calm")
    world.clock.advance(timedelta(seconds=1))


def ask_slack_again(world: JourneyWorld) -> None:
    """Do what the thread does that asks Slack who we are, after its pauses."""
    access = world.bot.base.clients.access
    if access.trouble and round((world.clock.now() - START).total_seconds()) in ASKED_AGAIN and access.check():
        world.bot.notices.deliverer.resume()


def waits(world: JourneyWorld) -> bool:
    with world.bot.database.reading() as session:
        unfinished = (DeliveryStatus.WAITING, DeliveryStatus.GATHERING)
        return session.exec(select(Delivery).where(col(Delivery.status).in_(unfinished))).first() is not None


def storm_breaks_loose(world: JourneyWorld, count: int, *, down: int) -> None:
    """Let so many webhooks come in a minute while Slack is down for so many seconds."""
    bodies = [world.paytend.seal_webhook("1", content) for content in make_contents(count)]
    if down:
        world.slack.faults.fails("*", times=10**9)
    for second in range(max(down, 60)):
        for body in bodies[second * count // 60 : (second + 1) * count // 60]:
            assert world.webhook_arrives(body)[0] == 200
        second_passes(world, fires=second % 5 == 0)
    world.slack.faults.clear()


def seconds_until(world: JourneyWorld, is_so: Callable[[], bool], *, most: int) -> int:
    for second in range(most):
        if is_so():
            return second
        second_passes(world, fires=second % 5 == 0)
    raise AssertionError(f"not within {most} s")


@pytest.mark.parametrize("at_the_start", ["there", "away"])
@pytest.mark.parametrize(("count", "down"), [(300, 120), pytest.param(10_000, 600, marks=pytest.mark.soak)])
def test_f21_n6_a_storm_while_slack_is_down_is_readable_and_complete_a_minute_after_it_is_back(
    make_world: MakesWorld, count: int, down: int, at_the_start: str
) -> None:
    with make_world(rate_limits=True, slack_is_away=at_the_start == "away") as world:
        assert bool(world.bot.base.clients.access.trouble) is (at_the_start == "away")
        storm_breaks_loose(world, count, down=down)
        calls_while_down = len([call for call in world.slack.api_calls if not call.is_ok])

        seconds = seconds_until(world, lambda: not waits(world), most=VISIBLE_WITHIN + 1)

        assert seconds <= VISIBLE_WITHIN
        assert sorted(amounts_seen(world), key=float) == [f"{number / 100:.2f}" for number in range(1, count + 1)]
        assert messages(world) <= MOST_MESSAGES
        assert calls_while_down <= len(CHANNELS) * down / 4, "one that is down is not hammered"
        assert [call for call in world.slack.api_calls if call.status == 429] == []
        with world.bot.database.reading() as session:
            assert len(session.exec(select(InboxEvent.id)).all()) == count
        # By the pauses between the attempts, which have jitter, it may be calm again when all are posted.
        [digest] = roots(world, "C0ALERTS", "Each is a line")
        alone = [message for message in roots(world, "C0ALERTS") if "Each is a line" not in message["text"]]
        assert len(alone) <= 3, "only what had been begun when the storm began is not a part of it"
        assert re.search(rf"\b{count * 9 // 10 - len(alone)} (so far|alerts at once)", digest["text"])
        told_alone = sum(float(re.findall(r"([0-9.]+) EUR", message["text"])[0]) for message in alone)
        told = sum(number for number in range(1, count + 1) if number % 10) / 100 - told_alone
        assert f"{told:,.2f} EUR" in text_of(digest["blocks"])

        seconds_until(world, lambda: bool(roots(world, "C0ALERTS", "back to normal")), most=200)
        before = messages(world)
        [last] = make_contents(1)
        world.webhook_arrives(world.paytend.seal_webhook("1", last | {"tradeId": "LAST", "amount": 99999999}))
        world.settles()
        assert messages(world) == before + 1
        assert "999,999.99 EUR" in roots(world, "C0ALERTS")[-1]["text"]
