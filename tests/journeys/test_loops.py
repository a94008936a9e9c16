"""What wakes the bot's own threads, and when one takes over from another that died."""

import json
import threading
from datetime import timedelta

from sqlmodel import col, select

from notifier.outbox.tables import Delivery
from sandbox.slack.web_api import ApiCall
from tests.journeys.world import CARD, JourneyWorld


def test_a_delivery_is_free_again_after_three_times_as_long_as_slack_may_take(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    leases: list[timedelta] = []

    def read_lease(call: ApiCall) -> None:
        if call.method == "chat.postMessage":
            query = select(Delivery.lease_until).where(col(Delivery.lease_token).is_not(None))
            with world.bot.database.reading() as session:
                until = session.exec(query).one()
            leases.append((until or world.clock.now()) - world.clock.now())

    world.slack.watch(calls=read_lease, deliveries=lambda _delivery: None)
    world.asks()

    assert leases == [3 * timedelta(seconds=world.bot.base.settings.SLACK_TIMEOUT_SECONDS)]


def test_a_new_webhook_wakes_what_tells_of_it_and_a_known_one_does_not(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    woken = threading.Event()

    def run(stop: threading.Event, wake: threading.Event) -> None:
        while wake.wait(20) and not stop.is_set():
            wake.clear()
            woken.set()

    world.paytend.events.decline(CARD, "99.90")
    [webhook] = world.paytend.webhooks
    body = json.dumps(webhook.sealed).encode()
    world.bot.base.loops.dispatch.start(run)
    try:
        world.webhook_arrives(body)
        assert woken.wait(5)

        woken.clear()
        world.webhook_arrives(body)
        assert not woken.wait(0.2)
    finally:
        world.bot.base.loops.dispatch.stop()
