"""Two replicas on PostgreSQL, one of them killed every second under load: nothing lost, nothing unmarked twice."""

import itertools
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlmodel import col, select

from bot.database.tables import Slot
from notifier.inbox.tables import InboxEvent
from notifier.outbox.tables import Delivery
from notifier.rendering.plain import REPEAT
from tests.journeys.world import CONFIG, text_of
from tests.process.nursery import Nursery
from tests.process.world import Child, ProcessWorld, make_process_world

SECONDS = int(os.environ.get("CARDOPS_SOAK_SECONDS", "300"))
BETWEEN_KILLS = 1.0  # seconds; a replica that is not ready yet is left alone, as killing it would show less
SETTLED_WITHIN = 180.0
EVERY_SECOND = CONFIG.replace("balance: {every: 5m", "balance: {every: 2s")
CHANNELS = ("C0ALERTS", "C0ONCALL")


class Sender:
    """Sends webhooks as Paytend does: again, until one of the replicas has taken each in."""

    def __init__(self, world: ProcessWorld, urls: list[str]) -> None:
        self.world = world
        self.urls = itertools.cycle(urls)
        self.taken = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        for number in itertools.count(1):
            if self.stop.wait(0.15):
                return
            body = self.world.paytend.seal_webhook("1", content_of(number))
            while not self.is_taken(body):
                time.sleep(0.05)
            self.taken = number

    def is_taken(self, body: bytes) -> bool:
        try:
            answer = httpx.post(f"{next(self.urls)}/paytend/webhook", content=body, timeout=10, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200


def content_of(number: int) -> dict[str, object]:
    """A transaction whose amount is its number; every seventh is declined."""
    return {
        "cardId": "1755902",
        "cardNo": "533711******5097",
        "currency": "EUR",
        "amount": number,
        "businessDate": "2026-11-22 12:00:00",
        "tradeId": f"T{number:018d}",
        "tradeType": 151,
        "tradeSrc": "A",
        "tradeStatus": 1 if number % 7 else 6,
        "remark": "MAXIMA LT",
    }


@contextmanager
def sending(world: ProcessWorld) -> Iterator[Sender]:
    sender = Sender(world, [f"http://127.0.0.1:{port}" for port in world.ports])
    sender.thread.start()
    try:
        yield sender
    finally:
        sender.stop.set()
        sender.thread.join(timeout=60)


def is_ready(child: Child) -> bool:
    try:
        return httpx.get(f"{child.url}/readyz", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def kill_in_turn(world: ProcessWorld, replicas: list[Child], *, seconds: float) -> int:
    """Kill one of the replicas every second and start it again; return how many were killed."""
    until, kills = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        time.sleep(BETWEEN_KILLS)
        place = kills % 2
        if is_ready(replicas[place]):
            replicas[place].kill()
            kills += 1
            replicas[place] = world.start(place, wait=False)
    return kills


def amounts(world: ProcessWorld) -> tuple[Counter[str], Counter[str]]:
    """How often each amount is in Slack: in messages without the mark of a repeat, and in those with it."""
    plain, marked = Counter[str](), Counter[str]()
    for channel in CHANNELS:
        for root in world.slack.messages(channel):
            for message in world.slack.messages(channel, root["ts"]):
                shown = text_of(message["blocks"])
                if "Each is a line" not in shown and "alance" not in message["text"]:
                    found = re.findall(r"([0-9][0-9,]*\.[0-9]{2}) EUR", shown)
                    (marked if REPEAT in shown else plain).update(found)
    return plain, marked


def rows_left(world: ProcessWorld) -> int:
    with world.database.reading() as session:
        undispatched = session.exec(select(InboxEvent.id).where(col(InboxEvent.told_at).is_(None))).all()
        unfinished = select(Delivery.id).where(col(Delivery.status).in_(("waiting", "gathering")))
        return len(undispatched) + len(session.exec(unfinished).all())


@pytest.mark.soak
@pytest.mark.postgres
@pytest.mark.parametrize("slack", ["there", "away at the start"])
def test_killing_either_replica_every_second_loses_nothing_and_doubles_nothing_unmarked(
    tmp_path: Path, nursery: Nursery, slack: str
) -> None:
    with make_process_world("postgresql", tmp_path, nursery=nursery, config=EVERY_SECOND) as world:
        if slack != "there":  # N6: for the first fifth of the time
            world.slack.faults.resets("*", accepted=False, times=1_000_000)
            threading.Timer(SECONDS / 5, world.slack.faults.clear).start()
        replicas = [world.start(0, wait=False), world.start(1)]
        replicas[0].wait_until_ready()
        with sending(world) as sender:
            kills = kill_in_turn(world, replicas, seconds=SECONDS)
        for replica in replicas:
            replica.wait_until_ready()
        world.until(lambda: rows_left(world) == 0, within=SETTLED_WITHIN)

        assert kills >= SECONDS / 15
        plain, marked = amounts(world)
        wanted = {f"{number / 100:,.2f}" for number in range(1, sender.taken + 1)}
        assert wanted - set(plain) - set(marked) == set(), "nothing is lost"
        assert {amount: times for amount, times in plain.items() if times > 1} == {}, "nothing is doubled unmarked"
        with world.database.reading() as session:
            slots = session.exec(select(Slot).where(Slot.job == "balance")).all()
        assert len(world.paytend.calls_of("getPartnerBalance")) <= len(slots), "no slot fires twice"
        assert [replica.end() for replica in replicas] == [0, 0]
