"""An hour's webhooks at two replicas on PostgreSQL: clocks a minute off, shuffled, repeated, one killed at times.

Real are the processes, their sockets, PostgreSQL with its locks and clock, the wrong clocks of the replicas
and each kill -9. Only the hour is not: what Paytend says happened within an hour is sent in a few minutes.
"""

import os
import queue
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import col, select

from notifier.inbox.tables import InboxEvent
from notifier.outbox.tables import Delivery
from notifier.rendering.plain import REPEAT
from tests.journeys.world import CONFIG, text_of
from tests.process.nursery import Nursery
from tests.process.test_storm_of_kills import is_ready, rows_left
from tests.process.world import Child, ProcessWorld, make_process_world

SKEWS = (60.0, -60.0)  # seconds, of the two replicas
# In all one webhook for each second of an hour; on a machine that is busy with other things, fewer.
PURCHASES = DECLINES = int(os.environ.get("CARDOPS_SOAK_PURCHASES", "90"))
PARTS = 38
SHUFFLED_OVER = 20 * 60  # seconds of the hour
SENDERS = 3
BETWEEN_KILLS = 6.0
LONGEST = 1800.0  # seconds; on a machine that has nothing else to do it is over within five minutes
MOST_OVERTAKEN = 8
CHANNELS = {"EUR": "C0ALERTS", "USD": "C0ONCALL", "SEK": "C0APPROVALS"}
# No storm: what a digest shows has no order of its own.
ROUTES = "".join(
    f"  - {{kind: transaction, when: {{currency: {currency}}}, to: [{name}], budget: 500}}\n"
    for currency, name in (("EUR", "alerts"), ("USD", "oncall"), ("SEK", "approvals"))
)
BUSY = re.sub(r"(?<=routes:\n)(  - .*\n)+", ROUTES, CONFIG)


@dataclass(frozen=True, kw_only=True)
class Spending:
    """A purchase in many parts, as Paytend tells it."""

    number: int
    currency: str
    ends: str  # how it ends: "settled", "refunded" or "reversed"
    began: datetime
    captured: tuple[int, ...]

    @property
    def told(self) -> Iterator[tuple[datetime, dict[str, Any]]]:
        """Its webhooks, each with the time it is about."""
        yield self._content(0, "A", 1, sum(self.captured))
        for place, amount in enumerate(self.captured, start=1):
            yield self._content(place, "S", 1, amount)
        last = {"refunded": 10, "reversed": 2}.get(self.ends)
        if last:
            yield self._content(len(self.captured) + 1, "S", last, self.captured[0])

    @property
    def stages(self) -> int:
        return len(list(self.told))

    @property
    def shown(self) -> str:
        """How its message begins in the end."""
        amount = sum(self.captured) if self.ends == "settled" else self.captured[0]
        return f"{self.ends.capitalize()}: {Decimal(amount) / 100:,.2f} {self.currency} at M{self.number} X,"

    def _content(self, place: int, source: str, status: int, amount: int) -> tuple[datetime, dict[str, Any]]:
        at = self.began + timedelta(seconds=20 * place)
        return at, content(f"P{self.number}", self.currency, source, status, amount, at, f"M{self.number} X")


def content(
    trade: str, currency: str, source: str, status: int, amount: int, at: datetime, merchant: str
) -> dict[str, Any]:
    return {
        "cardId": "1755902",
        "cardNo": "533711******5097",
        "currency": currency,
        "amount": amount,
        "businessDate": f"{at.astimezone(ZoneInfo('Europe/Vilnius')):%Y-%m-%d %H:%M:%S}",
        "tradeId": trade,
        "tradeType": 151,
        "tradeSrc": source,
        "tradeStatus": status,
        "remark": merchant,
    }


@dataclass(frozen=True, kw_only=True)
class Hour:
    """What happened within an hour, from a seed."""

    chance: random.Random
    began: datetime

    @cached_property
    def purchases(self) -> list[Spending]:
        return [
            Spending(
                number=number,
                currency=list(CHANNELS)[number % len(CHANNELS)],
                ends=("settled", "refunded", "reversed")[number // 3 % 3],
                began=self.began + timedelta(seconds=self.chance.uniform(0, 2600)),
                captured=tuple(self.chance.sample(range(100, 9_999), PARTS)),
            )
            for number in range(PURCHASES)
        ]

    def list_webhooks(self) -> list[dict[str, Any]]:
        """Return what is sent, in the order in which it is sent."""
        told = [each for purchase in self.purchases for each in purchase.told]
        for number in range(DECLINES):
            at = self.began + timedelta(seconds=self.chance.uniform(0, 3600))
            currency = list(CHANNELS)[number % len(CHANNELS)]
            told.append((at, content(f"D{number}", currency, "A", 6, 100_000 + number, at, f"D{number} X")))
        jitter = [at + timedelta(seconds=self.chance.uniform(0, SHUFFLED_OVER)) for at, _ in told]
        return [told[place][1] for place in sorted(range(len(told)), key=jitter.__getitem__)]


@dataclass
class Senders:
    """Send webhooks as Paytend does, each until it was taken; every fourth one comes a second time."""

    world: ProcessWorld
    contents: Sequence[dict[str, Any]]
    waiting: queue.SimpleQueue[dict[str, Any]] = field(default_factory=queue.SimpleQueue)
    sent: Counter[str] = field(default_factory=Counter)

    stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def sending(self) -> Iterator[list[threading.Thread]]:
        for place, each in enumerate(self.contents):
            self.waiting.put(each)
            if place % 4 == 0:
                self.waiting.put(each)
        threads = [threading.Thread(target=self._run, args=(number,)) for number in range(SENDERS)]
        for thread in threads:
            thread.start()
        try:
            yield threads
        finally:
            self.stop.set()
            for thread in threads:
                thread.join(timeout=30)

    def _run(self, number: int) -> None:
        urls = [f"http://127.0.0.1:{port}/paytend/webhook" for port in self.world.ports]
        turn = number
        with httpx.Client(timeout=10, trust_env=False) as client:
            while not self.stop.is_set():
                try:
                    body = self.world.paytend.seal_webhook("1", self.waiting.get_nowait())
                except queue.Empty:
                    return
                while not self._is_taken(client, urls[turn % 2], body) and not self.stop.is_set():
                    time.sleep(0.05)
                    turn += 1
                turn += 1

    def _is_taken(self, client: httpx.Client, url: str, body: bytes) -> bool:
        try:
            taken = client.post(url, content=body).status_code == 200
        except httpx.HTTPError:
            taken = False
        self.sent["taken" if taken else "not taken"] += 1
        return taken


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A message about a purchase or decline: what it showed, one after the other."""

    channel: str
    delivery: str
    shown: list[str]

    @property
    def is_repeat(self) -> bool:
        return REPEAT in self.shown[0]

    @property
    def names(self) -> list[str]:
        return re.findall(r" at ([MD]\d+) X", self.shown[0])[:1]

    @property
    def stages(self) -> list[int]:
        return [count_stages(each) for each in self.shown]


def count_stages(shown: str) -> int:
    """How many stages a message shows: in its course, or the one of its line."""
    course = next((line for line in shown.split("\n") if "→" in line or " + " in line or " parts" in line), "")
    counts = [
        int(found.group(1)) if (found := re.search(r"in (\d+) parts", stage)) else stage.count(" + ") + 1
        for stage in course.split("→")
    ]
    return sum(counts)


def read_posted(world: ProcessWorld) -> tuple[dict[tuple[str, str], Posted], list[tuple[str, str]]]:
    """Return the messages of their own by channel and time, in Slack's order, and the replies (channel, text)."""
    posted: dict[tuple[str, str], Posted] = {}
    replies = []
    for call in [call for call in world.slack.api_calls if call.is_ok]:
        shown = f"{call.args.get('text', '')}\n{text_of(call.args.get('blocks', []))}"
        channel = str(call.args.get("channel", ""))
        if call.method == "chat.postMessage" and re.search(r" at [MD]\d+ X", shown):
            if call.args.get("thread_ts"):
                replies.append((channel, shown))
                continue
            delivery = call.args["metadata"]["event_payload"]["delivery"]
            place = (channel, call.response["ts"])
            posted[place] = Posted(channel=channel, delivery=delivery, shown=[shown])
        elif call.method == "chat.update" and (channel, call.args["ts"]) in posted:
            posted[channel, call.args["ts"]].shown.append(shown)
    return posted, replies


def count_overtaken(order: Sequence[int]) -> list[int]:
    """How many later ones came before each."""
    return [sum(other > each for other in order[:place]) for place, each in enumerate(order)]


def kill_until(world: ProcessWorld, replicas: list[Child], senders: Sequence[threading.Thread]) -> int:
    """Kill one replica after the other while webhooks are sent, and for a while after; return how often."""
    kills, until = 0, time.monotonic() + LONGEST
    after = 3
    while any(sender.is_alive() for sender in senders) or after:
        assert time.monotonic() < until, "the webhooks are not taken in"
        after -= not any(sender.is_alive() for sender in senders)
        time.sleep(BETWEEN_KILLS)
        place = kills % 2
        if is_ready(replicas[place]) and is_ready(replicas[1 - place]):
            replicas[place].kill()
            kills += 1
            replicas[place] = world.start(place, wait=False, clock_off=SKEWS[place])
    return kills


@pytest.mark.soak
@pytest.mark.postgres
def test_n13_n14_an_hour_of_webhooks_at_replicas_whose_clocks_differ_is_told_once_and_in_order(
    tmp_path: Path, nursery: Nursery
) -> None:
    began = time.monotonic()
    chance = random.Random(18)  # noqa: S311 - no secret
    hour = Hour(chance=chance, began=datetime.now(UTC) - timedelta(hours=1, minutes=5))
    contents = hour.list_webhooks()
    with make_process_world("postgresql", tmp_path, nursery=nursery, config=BUSY) as world:
        replicas = [world.start(place, wait=False, clock_off=skew) for place, skew in enumerate(SKEWS)]
        for replica in replicas:
            replica.wait_until_ready()
        senders = Senders(world, contents)
        with senders.sending() as threads:
            kills = kill_until(world, replicas, threads)
        sent_within = time.monotonic() - began
        for replica in replicas:
            replica.wait_until_ready()
        world.until(lambda: rows_left(world) == 0, within=LONGEST)

        with world.database.reading() as session:
            events = session.exec(select(InboxEvent)).all()
            deliveries = Counter(session.exec(select(col(Delivery.kind), col(Delivery.status))).all())
            seqs = dict(session.exec(select(col(Delivery.id), col(Delivery.seq))).all())
            urgent = set(session.exec(select(Delivery.id).where(Delivery.urgent)).all())
            deadlocks = session.connection().execute(
                text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            )
            found_deadlocks = deadlocks.scalar_one()
        posted, replies = read_posted(world)
        logs = "".join(log.read_text() for log in tmp_path.glob("*.log"))

    updates = sum(len(message.shown) - 1 for message in posted.values())
    print(  # noqa: T201 - for the report
        f"\n{len(contents)} webhooks of an hour, sent {senders.sent.total()} times (of these not taken"
        f" {senders.sent['not taken']}) in {sent_within:.0f} s, all told after {time.monotonic() - began:.0f} s;"
        f" {kills} kills, clocks off by {SKEWS} s; {len(posted)} messages, {updates} edits, {len(replies)}"
        f" replies, {sum(message.is_repeat for message in posted.values())} marked repeats;"
        f" {found_deadlocks} deadlocks; {dict(deliveries)}"
    )
    assert kills >= 5
    assert (found_deadlocks, "deadlock" in logs) == (0, False)
    assert len(events) == len(contents), "each is taken in once"
    assert {event.failures for event in events} == {0}

    # Nothing is lost, and nothing is twice without a mark.
    unmarked = [message for message in posted.values() if not message.is_repeat]
    assert {status for _, status in deliveries} == {"delivered"}
    subjects = Counter(name for message in unmarked for name in message.names)
    assert subjects.keys() == {*(f"M{n}" for n in range(PURCHASES)), *(f"D{n}" for n in range(DECLINES))}
    assert {subject: times for subject, times in subjects.items() if times > 1} == {}
    lasts = {message.shown[-1].split("\n")[0]: message.stages[-1] for message in unmarked}
    for purchase in hour.purchases:
        [(line, stages)] = [(line, n) for line, n in lasts.items() if f" at M{purchase.number} X" in line]
        assert purchase.shown in line
        assert stages == purchase.stages
    told_again = Counter(re.findall(r" at (M\d+) X", shown)[0] for _, shown in replies if REPEAT not in shown)
    assert max(told_again.values(), default=0) <= 1, "a reversal is told once under its message"
    rang = {name for message in unmarked if message.delivery in urgent for name in message.names}
    reversed_ = {f"M{purchase.number}" for purchase in hour.purchases if purchase.ends == "reversed"}
    assert rang | told_again.keys() == reversed_ | {f"D{n}" for n in range(DECLINES)}, "and rings"

    # Nothing is out of order: a message never goes back. Posts of a channel keep the order of the database, but
    # for few: while a name or the next stage is written into a post, the channel does not wait for it.
    for message in posted.values():
        assert message.stages == sorted(message.stages), message.shown
    for channel in CHANNELS.values():
        order = [seqs[each.delivery] for each in unmarked if each.channel == channel and each.delivery in urgent]
        assert max(count_overtaken(order), default=0) <= MOST_OVERTAKEN, order
