"""Two replicas that work on the same purchases, messages and contents in other orders never deadlock (N13)."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

import pytest
from sqlmodel import select

from bot.database.engine import SqlDatabase
from notifier.inbox.cardholder_names import CardholderNames
from notifier.inbox.decline_reasons import CardLook
from notifier.inbox.dispatcher import BATCH, Dispatcher
from notifier.inbox.group_commit import GroupCommit
from notifier.inbox.inbox import make_row, take_in
from notifier.inbox.tables import InboxEvent, Purchase
from notifier.outbox.outbox import Outbox
from notifier.routing import acknowledgements
from notifier.routing.locks import lock_announcing
from notifier.routing.routes import RouteRule, Routes
from notifier.routing.tables import Acknowledgement
from notifier.routing.timers import RoutingTimers
from paytend import AmountUnit, AmountUnits
from paytend.wire.envelope import Webhook
from paytend.wire.signatures import VerifiedForm
from storage.vault import Vault
from tests.notifier.conftest import Clock, Ids, run_together
from tests.notifier.stories import make_transaction

ROUTES = Routes(
    rules=(RouteRule(kind="transaction", to=("alerts", "ops")),), channels={"alerts": "C0ALERTS", "ops": "C0OPS"}
)
ROUNDS = [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 30))]


class Replica:
    """What one process runs on the rows of notices, without the others."""

    def __init__(self, database: SqlDatabase, *, vault: Vault, clock: Clock, make_id: Ids) -> None:
        self.database, self.clock = database, clock
        self.outbox = Outbox(vault=vault, make_id=make_id)
        shared: dict[str, Any] = {
            "database": database,
            "outbox": self.outbox,
            "now_in": clock,
            "wake_deliverer": lambda: None,
        }
        self.names = CardholderNames(
            **shared,
            vault=vault,
            look=lambda _card, with_review: CardLook(holder_name="Maria Kuusk"),  # noqa: ARG005 - named by the protocol
            monotonic=clock.monotonic,
            wake=lambda: None,
        )
        self.timers = RoutingTimers(**shared, routes=ROUTES)
        self.dispatcher = Dispatcher(
            **shared,
            routes=ROUTES,
            vault=vault,
            units=AmountUnits(calls=AmountUnit.MINOR, webhooks=AmountUnit.MINOR),
            timezone=UTC,
            monotonic=clock.monotonic,
            intake=GroupCommit(database),
            cardholder_names=self.names,
        )

    def names_all(self) -> None:
        while self.names.fetch_next():
            pass

    def acknowledges(self, keys: list[str]) -> None:
        for key in keys:
            try:
                with self.database.writing() as session:
                    acknowledgements.acknowledge(
                        session, key, account="U0SAM", outbox=self.outbox, now=self.clock.now
                    )
            except (acknowledgements.AlreadyAcknowledged, acknowledgements.NothingToAcknowledge):
                continue


@pytest.fixture
def patient(postgresql: SqlDatabase) -> Iterator[SqlDatabase]:
    """The database over connections that wait for a lock as long as for any statement.

    PostgreSQL finds a deadlock within a second, and ends one of the two. A lock that takes its ten seconds shows
    only that the machine is busy.
    """
    database = SqlDatabase(str(postgresql.url.update_query_dict({"options": "-c lock_timeout=0"})))
    yield database
    database.close()


@pytest.mark.postgres
@pytest.mark.parametrize("seed", ROUNDS)
def test_n13_replicas_with_the_same_purchases_in_shuffled_order_never_deadlock(
    postgresql: SqlDatabase, patient: SqlDatabase, vault: Vault, clock: Clock, make_id: Ids, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    replicas = [Replica(patient, vault=vault, clock=clock, make_id=make_id) for _ in range(2)]
    trades = [f"T{number}" for number in range(BATCH)]
    first = [row_of(trade, clock, vault, make_id, tradeStatus=1, tradeSrc="A") for trade in trades]
    keep(postgresql, first)
    replicas[0].dispatcher.dispatch_due()
    for status in (2, 7):  # two batches about the same purchases
        chance.shuffle(trades)
        for trade in trades:
            keep(postgresql, [row_of(trade, clock, vault, make_id, tradeStatus=status, tradeSrc="S")])
    with postgresql.reading() as session:
        keys = list(session.exec(select(Acknowledgement.key)).all())
    chance.shuffle(keys)
    work: list[Callable[[], object]] = [
        replicas[0].dispatcher.dispatch_due,
        replicas[1].dispatcher.dispatch_due,
        replicas[0].names_all,
        replicas[1].timers.run_due,
        lambda: replicas[1].acknowledges(keys),
    ]

    run_together(len(work), lambda number: work[number]())
    for replica in replicas:
        replica.dispatcher.dispatch_due()

    with postgresql.reading() as session:
        events = session.exec(select(InboxEvent)).all()
        assert [event.failures for event in events if event.failures or event.told_at is None] == []
        assert len(session.exec(select(Purchase)).all()) == BATCH


@pytest.mark.postgres
def test_n13_contents_that_come_in_other_texts_to_two_replicas_are_taken_in_once(
    postgresql: SqlDatabase, vault: Vault, clock: Clock, make_id: Ids
) -> None:
    for trial in range(8):
        rows = [row_of(f"T{trial}.{number}", clock, vault, make_id) for number in range(60)]
        texts = [[spaced(row, by) for row in rows] for by in range(2)]

        new = run_together(2, lambda number, texts=texts: keep(postgresql, texts[number]))

        assert sum(map(len, new)) == 60


@pytest.mark.postgres
def test_n13_what_touches_many_messages_waits_for_its_turn(postgresql: SqlDatabase) -> None:
    with postgresql.writing() as session, postgresql.writing() as other:
        lock_announcing(session)
        lock_announcing(session)  # and may ask again
        assert not other.connection().exec_driver_sql("SELECT pg_try_advisory_xact_lock(7104228)").scalar_one()


def row_of(trade: str, clock: Clock, vault: Vault, make_id: Ids, **changes: Any) -> dict[str, Any]:
    event, text = make_transaction(tradeId=trade, **changes)
    webhook = Webhook(notify_type="1", content=json.loads(text), text=text, form=VerifiedForm.RAW, key=0)
    return make_row(webhook, event, now=clock.now, vault=vault, make_id=make_id)


def spaced(row: dict[str, Any], by: int) -> dict[str, Any]:
    """The same content in another text, whose digest sorts the other way round."""
    turned = str.maketrans("0123456789abcdef", "fedcba9876543210")
    other = {"id": row["id"][::-1], "digest": row["digest"].translate(turned)}
    return {**row, **other} if by else row


def keep(database: SqlDatabase, rows: list[dict[str, Any]]) -> set[str]:
    with database.writing() as session:
        return take_in(session, rows)
