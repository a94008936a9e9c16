"""What the tests of the notifier share: a clock that is set by hand, and a world with a Slack."""

import itertools
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk import WebClient
from sqlmodel import select

from bot.database.engine import SqlDatabase
from notifier.outbox import backlog
from notifier.outbox.deliverer import Deliverer
from notifier.outbox.outbox import Outbox
from notifier.outbox.tables import Delivery
from notifier.rendering.renderer import Renderer
from storage.vault import Vault
from tests import once
from tests.notifier.slack import Slack, serve

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@dataclass
class Clock:
    """The time, moved by hand."""

    now: datetime = START

    def __call__(self, _session: object = None) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.now.timestamp()

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Ids:
    """Sortable ids of 26 characters, also from several threads."""

    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def __call__(self) -> str:
        return f"{next(self.numbers):026d}"


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    """The notifier's own templates, and those of the tests."""
    return once.notifier_renderer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_id() -> Ids:
    return Ids()


@pytest.fixture
def vault() -> Vault:
    return Vault([b"k" * 32], random_bytes=secrets.token_bytes)


@pytest.fixture
def slack() -> Iterator[Slack]:
    slack = Slack()
    server = serve(slack)
    yield slack
    server.shutdown()
    server.server_close()


@dataclass(kw_only=True)
class NotifierWorld:
    """An outbox, a deliverer and a Slack; `says` enqueues a message, `delivers` makes one pass."""

    database: SqlDatabase
    slack: Slack
    outbox: Outbox
    deliverer: Deliverer
    clock: Clock
    vault: Vault
    make_id: Ids

    def says(self, words: str, recipient: str = "C0ALERTS", **how: Any) -> str:
        with self.database.writing() as session:
            kind, facts = how.pop("kind", "words"), how.pop("facts", {"words": words})
            return self.outbox.enqueue(
                session, kind=kind, facts=facts, recipient=recipient, now=self.clock.now, **how
            )

    def edits(self, key: str, words: str) -> int:
        with self.database.writing() as session:
            return self.outbox.edit(session, key=key, kind="words", facts={"words": words}, now=self.clock.now)

    def delivers(self) -> int:
        return self.deliverer.deliver_due()

    def delivers_all(self, passes: int = 10, *, step: int = 1) -> None:
        """Make that many passes, `step` seconds apart."""
        for _ in range(passes):
            self.delivers()
            self.clock.passes(seconds=step)

    def rows(self) -> list[Delivery]:
        with self.database.reading() as session:
            return list(session.exec(select(Delivery).order_by(Delivery.id)).all())

    def waiting(self) -> int:
        with self.database.reading() as session:
            return backlog.waiting(session)

    def dead(self) -> list[backlog.DeadLetter]:
        with self.database.reading() as session:
            return backlog.list_dead(session)


@pytest.fixture
def world(
    database: SqlDatabase, slack: Slack, renderer: Renderer, clock: Clock, vault: Vault, make_id: Ids
) -> NotifierWorld:
    return make_world(database, slack, renderer=renderer, clock=clock, vault=vault, make_id=make_id)


@pytest.fixture
def sqlite_world(
    sqlite: SqlDatabase, slack: Slack, renderer: Renderer, clock: Clock, vault: Vault, make_id: Ids
) -> NotifierWorld:
    """The world where the database makes no difference."""
    return make_world(sqlite, slack, renderer=renderer, clock=clock, vault=vault, make_id=make_id)


def make_world(
    database: SqlDatabase, slack: Slack, *, renderer: Renderer, clock: Clock, vault: Vault, make_id: Ids
) -> NotifierWorld:
    outbox = Outbox(vault=vault, make_id=make_id)
    deliverer = Deliverer(
        database=database,
        slack=WebClient(token="xoxb-made-up", base_url=slack.url, timeout=5, retry_handlers=[]),
        renderer=renderer,
        outbox=outbox,
        vault=vault,
        fallback="C0SPARE",
        admins=("U0ADMIN",),
        now_in=clock,
        monotonic=clock.monotonic,
        jitter=lambda: 0.5,
        make_id=make_id,
    )
    return NotifierWorld(
        database=database,
        slack=slack,
        outbox=outbox,
        deliverer=deliverer,
        clock=clock,
        vault=vault,
        make_id=make_id,
    )


def run_together(count: int, work: Any) -> list[Any]:
    """Run `work(number)` in that many threads at once, and return what each returned."""
    gate, results = threading.Barrier(count), [None] * count

    def go(number: int) -> None:
        gate.wait()
        results[number] = work(number)

    threads = [threading.Thread(target=go, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
