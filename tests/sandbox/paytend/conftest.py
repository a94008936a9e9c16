"""A stand-in at noon of a day in November, its clock standing still, and a partner that speaks to it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from sandbox.clock import Clock
from sandbox.paytend import PaytendStandIn
from sandbox.running import Running
from tests import once
from tests.sandbox.paytend.client import Partner
from tests.sandbox.paytend.receiver import Receiver

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def stand_in() -> Iterator[PaytendStandIn]:
    made = PaytendStandIn(
        clock=Clock(start=NOON), pairs=once.pairs(), webhook_pauses=(0.05, 0.1, 0.15), webhook_timeout=2.0
    )
    yield made
    made.books.recount()


@pytest.fixture
def server(stand_in: PaytendStandIn) -> Iterator[Running]:
    with Running(stand_in.app) as running:
        yield running


@pytest.fixture
def partner(stand_in: PaytendStandIn, server: Running) -> Iterator[Partner]:
    made = Partner(stand_in, server.url)
    yield made
    made.close()


@pytest.fixture
def receiver(stand_in: PaytendStandIn) -> Iterator[Receiver]:
    made = Receiver()
    with Running(made.app) as running:
        stand_in.callback = f"{running.url}/hook"
        yield made
        stand_in.callback = None
